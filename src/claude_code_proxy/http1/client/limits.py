"""What the transport allows: timeouts in seconds, limits in bytes, and the form they have for one origin's connections.

Idle time is counted in ticks of one timer for all connections, not by a timer each: a busy stream then costs none, and
a process that was stopped for a while does not find every connection timed out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from claude_code_proxy.http1.client.states import ClientState

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
    unread: int = 256 * 1024  # what may wait for a slow reader, give or take one read, before the server is held back


@dataclass(frozen=True, slots=True)
class IdleLimit:
    """How many ticks a state may last without progress, and the message of the error after that."""

    ticks: int
    message: str


@dataclass(frozen=True, slots=True)
class IdlePolicy:
    """The limit of each state that has one; `tick` is in seconds."""

    tick: float
    limits: Mapping[ClientState, IdleLimit]


def idle_policy(name: str, *, timeouts: Timeouts, limits: ClientLimits) -> IdlePolicy:
    """Return the policy of connections to the server of this name, which its messages use."""
    rules = {
        ClientState.RESTING: (limits.keep_alive, "was not needed"),
        ClientState.SENDING: (timeouts.send, "took no more of the request"),
        ClientState.WAITING: (timeouts.first_byte, "did not begin to answer"),
        ClientState.READING: (timeouts.idle, "sent no more of its answer"),
    }
    shortest = min(seconds for seconds, _ in rules.values())
    tick = min(_SLOWEST_TICK, max(_FASTEST_TICK, shortest / 8))
    return IdlePolicy(
        tick,
        {
            state: IdleLimit(ceil(seconds / tick), f"{name} {event} for {seconds:g} seconds.")
            for state, (seconds, event) in rules.items()
        },
    )
