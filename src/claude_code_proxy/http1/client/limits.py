"""What the transport allows: timeouts in seconds and limits in bytes, and their form for one origin's connections.

Silences are counted in ticks of one timer for all connections, not by a timer each: a busy stream then costs none, and
a process that was stopped for a while does not find every connection timed out.
"""

from dataclasses import dataclass
from math import ceil

_SLOWEST_TICK = 1.0
_FASTEST_TICK = 0.01


@dataclass(frozen=True, slots=True)
class Timeouts:
    """In seconds. All but `connect` and `slot` may last up to two ticks longer: two seconds, less for short ones."""

    connect: float = 10.0  # the name resolved, connected, let through by the proxy, TLS agreed
    slot: float = 10.0  # waiting in line because `Limits.max_connections` are in use
    send: float = 60.0  # no progress in sending a request
    first_byte: float = 600.0  # from the request sent to the head of its response
    idle: float = 300.0  # nothing heard in the middle of a body


@dataclass(frozen=True, slots=True)
class ClientLimits:
    """In bytes, but for the first two. `body` holds for answers read whole; a stream has none."""

    max_connections: int = 10_000
    keep_alive: float = 55.0  # seconds that a connection may rest; common servers close theirs after 60
    head: int = 64 * 1024
    body: int = 64 * 1024 * 1024
    unread: int = 256 * 1024  # what may wait for a slow reader, give or take one read, before the upstream is held back


@dataclass(frozen=True, slots=True)
class IdleLimit:
    """How many ticks it may last, and what to say when it has lasted longer."""

    ticks: int
    words: str


@dataclass(frozen=True, slots=True)
class IdlePolicy:
    """The silences of a connection, each by what is being waited for."""

    tick: float
    rest: IdleLimit
    send: IdleLimit
    first_byte: IdleLimit
    idle: IdleLimit


def idle_policy(name: str, *, timeouts: Timeouts, limits: ClientLimits) -> IdlePolicy:
    """`name` is the upstream's, for the words."""
    shortest = min(timeouts.send, timeouts.first_byte, timeouts.idle, limits.keep_alive)
    tick = min(_SLOWEST_TICK, max(_FASTEST_TICK, shortest / 8))

    def silence(seconds: float, words: str) -> IdleLimit:
        return IdleLimit(ceil(seconds / tick), f"{name} {words} for {seconds:g} seconds.")

    return IdlePolicy(
        tick,
        rest=silence(limits.keep_alive, "was not needed"),
        send=silence(timeouts.send, "took no more of the request"),
        first_byte=silence(timeouts.first_byte, "did not begin to answer"),
        idle=silence(timeouts.idle, "sent no more of its answer"),
    )
