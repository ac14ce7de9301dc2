"""What the metrics count, as plain values: cheap to add to, to add up among workers, and to write to a file."""

from typing import TypeAlias

import msgspec
from msgspec import Struct

BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 180.0, 300.0, 600.0)
"""Upper bounds in seconds; beyond the last is one bucket more."""


Key: TypeAlias = tuple[str, str, int, str, bool]
"""Endpoint, model, status, outcome, and whether it was streamed: what tells one series of exchanges from another."""


def _empty_buckets() -> list[int]:
    return [0] * (len(BUCKETS) + 1)


class Series(Struct):
    """Sums over all exchanges of the same labels; times in seconds, each bucket on its own."""

    requests: int = 0
    duration: float = 0.0
    durations: list[int] = msgspec.field(default_factory=_empty_buckets)
    first_byte: float = 0.0
    first_bytes: list[int] = msgspec.field(default_factory=_empty_buckets)
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cost: float = 0.0

    def add(self, other: "Series") -> None:
        for name in self.__struct_fields__:
            mine, theirs = getattr(self, name), getattr(other, name)
            both = [a + b for a, b in zip(mine, theirs, strict=True)] if isinstance(mine, list) else mine + theirs
            setattr(self, name, both)


class Totals(Struct):
    """Everything that only grows. `adjustments` by parameter and action, `upstream_errors` by kind and status,
    `processes_ended`, of Claude Code, by what ended them."""

    series: dict[Key, Series] = {}
    adjustments: dict[tuple[str, str], int] = {}
    upstream_errors: dict[tuple[str, int], int] = {}
    retries: int = 0
    turned_away: int = 0
    processes_started: int = 0
    processes_ended: dict[str, int] = {}
    login_renewals: int = 0

    def add(self, other: "Totals") -> None:
        for key, series in other.series.items():
            self.series.setdefault(key, Series()).add(series)
        for pair, count in other.adjustments.items():
            self.adjustments[pair] = self.adjustments.get(pair, 0) + count
        for error, count in other.upstream_errors.items():
            self.upstream_errors[error] = self.upstream_errors.get(error, 0) + count
        self.retries += other.retries
        self.turned_away += other.turned_away
        self.processes_started += other.processes_started
        for reason, count in other.processes_ended.items():
            self.processes_ended[reason] = self.processes_ended.get(reason, 0) + count
        self.login_renewals += other.login_renewals


class Gauges(Struct):
    """What goes up and down."""

    open_streams: int = 0
    requests_in_progress: int = 0
    requests_waiting: int = 0
    client_connections: int = 0
    claude_code_processes: int = 0
    workers: int = 1
    body_memory_bytes: int = 0
    body_memory_limit_bytes: int = 0
    requests_waiting_for_memory: int = 0

    def add(self, other: "Gauges") -> None:
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


class CredentialGauge(Struct, frozen=True):
    """`kind` is "none" where there is none; `seconds_left` None for one that does not expire."""

    ready: bool
    kind: str
    seconds_left: float | None = None


class Counts(Struct):
    """The counts of one worker, or the sums of all of them; `pid` is the worker's."""

    totals: Totals
    gauges: Gauges
    pid: int = 0


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Counts).decode


def encode(counts: Counts) -> bytes:
    return _encode(counts)


def decode(data: bytes) -> Counts:
    """Decode what `encode` made. Raise `msgspec.DecodeError`."""
    return _decode(data)
