"""Counts -> what Prometheus reads, in whichever form the reader asks for.

Imported with the first reading only, because `prometheus_client` takes longer to import than the server to start.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate

from prometheus_client import Metric
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)
from prometheus_client.exposition import choose_encoder

from claude_code_proxy import __version__
from claude_code_proxy.server.telemetry.counters import BUCKETS, Counts, CredentialGauge, Gauges, Key, Series, Totals

_PREFIX = "claude_proxy_"
_BOUNDS = [*(str(bound) for bound in BUCKETS), "+Inf"]
_TOKENS = {
    "input": "input_tokens",
    "output": "output_tokens",
    "cache_read": "cache_read_tokens",
    "cache_write": "cache_write_tokens",
}
_GAUGES = {
    "open_streams": "Streams that are being answered.",
    "requests_in_progress": "Requests that are being served.",
    "requests_waiting": "Requests that wait for their turn.",
    "client_connections": "Connections of clients, idle ones included.",
    "body_memory_bytes": "Memory that request bodies have reserved.",
    "body_memory_limit_bytes": "Memory that request bodies may reserve (MAX_BODY_MEMORY).",
    "requests_waiting_for_memory": "Requests that wait for memory for their body.",
    "claude_code_processes": "Claude Code's processes, each with a conversation.",
    "workers": "Processes that serve.",
}
_Samples = Iterable[tuple[Sequence[str], float]]


def render(counts: Counts, credential: CredentialGauge, *, accept: str) -> tuple[bytes, str]:
    """Return the body and its content type; `accept` is the reader's header of that name."""
    try:
        encode, content_type = choose_encoder(accept)
    except (TypeError, ValueError):  # a version that is none
        encode, content_type = choose_encoder("")
    return encode(_Collected(counts, credential)), content_type


def describe() -> str:
    """Return all metrics as a Markdown table: what each is, with its labels and its unit."""
    lines = ["| metric | type | labels | unit | what it is |", "|---|---|---|---|---|"]
    for family in _Collected(_one_of_each(), CredentialGauge(ready=True, kind="login", seconds_left=1.0)).collect():
        suffix = {"counter": "_total", "info": "_info"}.get(family.type, "")
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        label_names = ", ".join(f"`{label}`" for label in sorted(labels)) or "–"
        unit = next((unit for word, unit in _UNITS.items() if word in family.name), "–")
        name = family.name + suffix
        lines.append(
            f"| `{name}` | {_TYPES.get(family.type, family.type)} | {label_names} | {unit} | {family.documentation} |"
        )
    return "\n".join(lines) + "\n"


_UNITS = {"seconds": "seconds", "cost_usd": "US dollars", "_tokens": "tokens", "_bytes": "bytes"}
_TYPES = {"info": "gauge"}  # as older readers see it


def _one_of_each() -> Counts:
    series = Series(1, first_bytes=[1] * (len(BUCKETS) + 1), input_tokens=1)
    key = ("chat_completions", "other", 200, "answered", True)
    return Counts(Totals({key: series}, {("a", "b"): 1}, {("a", 0): 1}, processes_ended={"idle": 1}), Gauges())


class _Collected:
    """All metrics, in the form that the encoders read."""

    def __init__(self, counts: Counts, credential: CredentialGauge) -> None:
        self._counts = counts
        self._credential = credential

    def collect(self) -> Iterator[Metric]:
        yield from _requests(self._counts.totals)
        yield from _usage(self._counts.totals)
        yield from _upstream(self._counts.totals)
        yield from _claude_code(self._counts.totals)
        yield from _gauges(self._counts.gauges)
        yield from _credential(self._credential)
        yield InfoMetricFamily(_PREFIX + "build", "The version that runs.", value={"version": __version__})


def _requests(totals: Totals) -> Iterator[Metric]:
    ended = _grouped(totals, lambda key: (key[0], key[1], str(key[2]), key[3]))
    yield _counter(
        "requests",
        "Requests by how they ended; status 499 stands for clients that left before there was one.",
        labels=("endpoint", "model", "status", "outcome"),
        samples=[(labels, series.requests) for labels, series in ended.items()],
    )
    begun = _grouped(totals, lambda key: (key[0], key[1], str(key[4]).lower()) if key[2] == 200 else None)
    yield _histogram(
        "first_byte_seconds",
        "Time until an answer began.",
        samples=[(k, series.first_bytes, series.first_byte) for k, series in begun.items() if any(series.first_bytes)],
    )
    yield _histogram(
        "duration_seconds",
        "Time until an answer ended.",
        samples=[(k, series.durations, series.duration) for k, series in begun.items() if any(series.first_bytes)],
    )


def _usage(totals: Totals) -> Iterator[Metric]:
    by_model = {k: s for k, s in _grouped(totals, lambda key: key[:2]).items() if s.input_tokens or s.output_tokens}
    yield _counter(
        "tokens",
        "Tokens; input leaves out what the upstream read from its cache, or wrote to it.",
        labels=("endpoint", "model", "kind"),
        samples=[((*k, kind), getattr(s, name)) for k, s in by_model.items() for kind, name in _TOKENS.items()],
    )
    yield _counter(
        "cost_usd",
        "Cost in US dollars, where the price is known.",
        labels=("endpoint", "model"),
        samples=[(labels, series.cost) for labels, series in by_model.items()],
    )
    yield _counter(
        "adjustments", "Changes made to requests.", labels=("param", "action"), samples=totals.adjustments.items()
    )


def _upstream(totals: Totals) -> Iterator[Metric]:
    yield _counter(
        "upstream_errors",
        "Failed attempts at the upstream; some were made again.",
        labels=("kind", "status"),
        samples=[((kind, str(status or "none")), count) for (kind, status), count in totals.upstream_errors.items()],
    )
    yield _counter("upstream_retries", "Retries.", samples=[((), totals.retries)])
    yield _counter(
        "turned_away", "Requests rejected: no free slot and the queue full.", samples=[((), totals.turned_away)]
    )


def _claude_code(totals: Totals) -> Iterator[Metric]:
    yield _counter(
        "claude_code_processes_started", "Claude Code's processes that began.", samples=[((), totals.processes_started)]
    )
    yield _counter(
        "claude_code_processes_ended",
        "Claude Code's processes that ended, by what ended them.",
        labels=("reason",),
        samples=[((reason,), count) for reason, count in totals.processes_ended.items()],
    )
    yield _counter(
        "login_renewals",
        "Renewals of the Claude Code login that the proxy saw to; a running conversation renews it by itself.",
        samples=[((), totals.login_renewals)],
    )


def _gauges(gauges: Gauges) -> Iterator[Metric]:
    for name, meaning in _GAUGES.items():
        yield _gauge(name, meaning, samples=[((), getattr(gauges, name))])


def _credential(credential: CredentialGauge) -> Iterator[Metric]:
    kind, left = (credential.kind,), credential.seconds_left
    yield _gauge(
        "credential_ready",
        "Whether a request could go upstream now.",
        labels=("kind",),
        samples=[(kind, float(credential.ready))],
    )
    yield _gauge(
        "credential_seconds_left",
        "Until the credential expires; absent for one that does not.",
        labels=("kind",),
        samples=[] if left is None else [(kind, left)],
    )


def _counter(name: str, meaning: str, *, samples: _Samples, labels: Sequence[str] = ()) -> Metric:
    family = CounterMetricFamily(_PREFIX + name, meaning, labels=labels)
    for values, count in samples:
        family.add_metric(values, count)
    return family


def _gauge(name: str, meaning: str, *, samples: _Samples, labels: Sequence[str] = ()) -> Metric:
    family = GaugeMetricFamily(_PREFIX + name, meaning, labels=labels)
    for values, amount in samples:
        family.add_metric(values, amount)
    return family


def _histogram(name: str, meaning: str, *, samples: Iterable[tuple[Sequence[str], list[int], float]]) -> Metric:
    family = HistogramMetricFamily(_PREFIX + name, meaning, labels=("endpoint", "model", "stream"))
    for values, buckets, total in samples:
        family.add_metric(values, list(zip(_BOUNDS, accumulate(buckets), strict=True)), total)
    return family


def _grouped(totals: Totals, labels: Callable[[Key], tuple[str, ...] | None]) -> dict[tuple[str, ...], Series]:
    """Add up the series by fewer labels; leave out those for which `labels` returns None."""
    groups: dict[tuple[str, ...], Series] = {}
    for key, series in totals.series.items():
        group = labels(key)
        if group is not None:
            groups.setdefault(group, Series()).add(series)
    return groups
