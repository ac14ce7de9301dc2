"""Counts exchanges: a `Record` in, a few sums increased; and the page that shows them, rendered by `prometheus`.

Labels come from a small set, whatever clients send: what is not known, or is too much, counts as `other`.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Mapping
from functools import lru_cache

from claude_code_proxy.errors import ProxyError, UpstreamBroke, UpstreamRejected, UpstreamTimeout, UpstreamUnavailable
from claude_code_proxy.http1.server.request import Request
from claude_code_proxy.http1.server.responder import Headers
from claude_code_proxy.messages import ERROR_KINDS
from claude_code_proxy.server.exchange.record import CLIENT_LEFT, Record
from claude_code_proxy.server.telemetry.counters import BUCKETS, Counts, CredentialGauge, Gauges, Key, Series, Totals
from claude_code_proxy.server.telemetry.multiprocess import SharedCounts

OTHER = "other"
_MOST_SERIES = 1000
_MOST_ADJUSTMENTS = 300
_INDEX = re.compile(r"\[\d+\]")
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_.\[\]-]{0,79}")


class Metrics:
    """An `Observer`, and what the upstream tells of failed attempts; `gauges` reads what goes up and down."""

    def __init__(self, gauges: Callable[[], Gauges], totals: Totals | None = None) -> None:
        self._gauges = gauges
        self.totals = totals or Totals()
        self._series = self.totals.series
        self._adjustments = self.totals.adjustments

    def observe(self, record: Record) -> None:
        model = record.model if record.known_model else OTHER
        key = (record.endpoint, model, record.status or CLIENT_LEFT, record.outcome, record.stream)
        series = self._series.get(key) or self._started(key)
        series.requests += 1
        duration = record.duration
        series.duration += duration
        series.durations[bisect_left(BUCKETS, duration)] += 1
        first_byte = record.first_byte
        if first_byte is not None:
            series.first_byte += first_byte
            series.first_bytes[bisect_left(BUCKETS, first_byte)] += 1
        usage = record.usage
        if usage is not None:
            series.input_tokens += usage.input_tokens or 0
            series.output_tokens += usage.output_tokens or 0
            series.cache_read_tokens += usage.cache_read_input_tokens or 0
            series.cache_write_tokens += usage.cache_creation_input_tokens or 0
            series.cost += record.cost or 0.0
        for adjustment in record.adjustments:
            self._adjusted(_param(adjustment.path), adjustment.action)

    def upstream_failed(self, error: ProxyError, *, retried: bool) -> None:
        """Count a failed attempt at the upstream, and the retry that may follow."""
        pair = _kind(error)
        errors = self.totals.upstream_errors
        errors[pair] = errors.get(pair, 0) + 1
        self.totals.retries += retried

    def turned_away(self) -> None:
        """Count a request that found no place, and none in the queue."""
        self.totals.turned_away += 1

    def counts(self, pid: int = 0) -> Counts:
        return Counts(self.totals, self._gauges(), pid)

    def _started(self, key: Key) -> Series:
        if len(self._series) >= _MOST_SERIES:
            endpoint, _, status, outcome, stream = key
            key = (endpoint, OTHER, status, outcome, stream)
        return self._series.setdefault(key, Series())

    def _adjusted(self, param: str, action: str) -> None:
        pair = (param, action)
        counted = self._adjustments.get(pair)
        if counted is None and len(self._adjustments) >= _MOST_ADJUSTMENTS:
            pair = (OTHER, action)
            counted = self._adjustments.get(pair)
        self._adjustments[pair] = (counted or 0) + 1


class MetricsPage:
    """`GET /metrics`. `counts` reads the counts of this worker; `share`, when there is one, those of the others."""

    def __init__(
        self,
        counts: Callable[[], Counts],
        credential: Callable[[], CredentialGauge],
        *,
        share: SharedCounts | None = None,
    ) -> None:
        self._counts = counts
        self._credential = credential
        self._share = share

    async def __call__(self, request: Request, _: Mapping[str, str] | None = None) -> tuple[int, Headers, bytes]:
        from claude_code_proxy.server.telemetry.prometheus import render  # noqa: PLC0415 - a server that nobody scrapes needs none of it

        counts = self._counts()
        if self._share is not None:
            counts = await self._share.sum_of_all(counts)
        accept = request.headers.get(b"accept", b"").decode("latin-1")
        body, content_type = render(counts, self._credential(), accept=accept)
        return 200, [(b"content-type", content_type.encode())], body


def _kind(error: ProxyError) -> tuple[str, int]:
    """Return the error's type and status; our own label and 0 if the upstream never answered."""
    match error:
        case UpstreamRejected():
            return (error.kind if error.kind in ERROR_KINDS else OTHER, error.status)
        case UpstreamTimeout():
            return ("timeout", 0)
        case UpstreamBroke():
            return ("broken_off", 0)
        case UpstreamUnavailable():
            return ("unreachable", 0)
        case _:
            return (OTHER, 0)


@lru_cache(1024)
def _param(param: str) -> str:
    """Return the parameter without list indices; `other` for what a client could have made up."""
    plain = _INDEX.sub("[]", param)
    return plain if _PLAIN.fullmatch(plain) else OTHER
