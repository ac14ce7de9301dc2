"""The page for Prometheus, read back with Prometheus' own parser."""

import math
from pathlib import Path
from typing import get_args

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from claude_code_proxy import __version__
from claude_code_proxy.adjustment import Action, Adjustment
from claude_code_proxy.errors import UpstreamRejected, UpstreamTimeout
from claude_code_proxy.messages import Usage
from claude_code_proxy.server.exchange.record import Outcome
from claude_code_proxy.server.telemetry.counters import Counts, CredentialGauge, Gauges, Totals
from claude_code_proxy.server.telemetry.metrics import Metrics
from claude_code_proxy.server.telemetry.prometheus import _TOKENS, describe, render
from claude_code_proxy.upstreams.claude_code.session import EndReason
from tests.server.doubles import record

PAGE = Path(__file__).parents[3] / "docs" / "observing.md"

KEY = CredentialGauge(ready=True, kind="api_key")
CHAT = {"endpoint": "chat_completions", "model": "claude-sonnet-4-6"}


def samples(counts: Counts, credential: CredentialGauge = KEY) -> dict[str, list[tuple[dict[str, str], float]]]:
    body, content_type = render(counts, credential, accept="")
    assert content_type == "text/plain; version=0.0.4; charset=utf-8"
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in read_text(body.decode()):
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    for name, shown in found.items():
        assert len({tuple(sorted(labels.items())) for labels, _ in shown}) == len(shown), f"{name} has a series twice"
    return found


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(lambda: Gauges(1, 2, 3, 4, 5, 6))


def test_the_page_tells_every_metric() -> None:
    assert describe() in PAGE.read_text(encoding="utf-8"), "run `make documents`"


def test_the_table_has_every_metric_with_its_labels(metrics: Metrics) -> None:
    """RenewalProcess against what a reader of the metrics finds."""
    metrics.observe(record(adjustments=(Adjustment("top_p", Action.DROPPED, "r"),), first_byte=0.1))
    metrics.upstream_failed(UpstreamTimeout("w"), retried=True)
    metrics.totals.processes_ended = {"idle": 1}
    body, _ = render(metrics.counts(), CredentialGauge(ready=True, kind="login", seconds_left=5.0), accept="")
    rows = {cells[0].strip("| `"): cells for cells in (row.split(" | ", 4) for row in describe().splitlines()[2:])}
    for family in read_text(body.decode()):
        name = family.name + ("_total" if family.type == "counter" else "")
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        row = rows.pop(name)
        assert row[1] == family.type
        assert set(row[2].replace("`", "").split(", ")) - {"–"} == labels
        assert row[4].removesuffix(" |") == family.documentation
    assert rows == {}


def test_the_page_tells_every_value_of_the_small_sets() -> None:
    page = PAGE.read_text(encoding="utf-8")
    values = {*get_args(Outcome), *get_args(EndReason), *_TOKENS} - {"running"}
    assert {value for value in values if f"`{value}`" not in page} == set()


def test_claude_codes_processes(metrics: Metrics) -> None:
    counts = metrics.counts()
    counts.totals.processes_started, counts.totals.processes_ended = 5, {"idle": 2, "died": 1}
    counts.totals.login_renewals = 3
    found = samples(counts)
    assert found["claude_proxy_claude_code_processes"] == [({}, 5.0)]
    assert found["claude_proxy_claude_code_processes_started_total"] == [({}, 5.0)]
    ended = found["claude_proxy_claude_code_processes_ended_total"]
    assert ended == [({"reason": "idle"}, 2.0), ({"reason": "died"}, 1.0)]
    assert found["claude_proxy_login_renewals_total"] == [({}, 3.0)]


def test_requests_by_endpoint_model_status_and_outcome(metrics: Metrics) -> None:
    metrics.observe(record())
    metrics.observe(record(stream=True))
    metrics.observe(record(status=429, outcome="failed", usage=None, cost=None))
    assert samples(metrics.counts())["claude_proxy_requests_total"] == [
        ({**CHAT, "status": "200", "outcome": "answered"}, 2.0),
        ({**CHAT, "status": "429", "outcome": "failed"}, 1.0),
    ]


def test_times_are_those_of_answers(metrics: Metrics) -> None:
    metrics.observe(record(first_byte=0.2, duration=70.0))
    metrics.observe(record(first_byte=0.3, duration=1000.0))
    metrics.observe(record(status=400, outcome="failed", duration=0.0, first_byte=None))
    found = samples(metrics.counts())
    assert found["claude_proxy_duration_seconds_count"] == [({**CHAT, "stream": "false"}, 2.0)]
    assert found["claude_proxy_duration_seconds_sum"] == [({**CHAT, "stream": "false"}, 1070.0)]
    assert found["claude_proxy_first_byte_seconds_sum"] == [({**CHAT, "stream": "false"}, 0.5)]
    bounds = {labels["le"]: count for labels, count in found["claude_proxy_duration_seconds_bucket"]}
    assert bounds["60.0"] == 0
    assert bounds["120.0"] == bounds["600.0"] == 1
    assert bounds["+Inf"] == 2
    assert list(map(float, bounds)) == sorted(map(float, bounds))


def test_tokens_and_cost_by_model(metrics: Metrics) -> None:
    usage = Usage(input_tokens=1, output_tokens=2, cache_read_input_tokens=3, cache_creation_input_tokens=4)
    metrics.observe(record(usage=usage, cost=0.5))
    metrics.observe(record(usage=usage, cost=0.25, stream=True, outcome="broken"))
    found = samples(metrics.counts())
    assert found["claude_proxy_tokens_total"] == [
        ({**CHAT, "kind": "input"}, 2.0),
        ({**CHAT, "kind": "output"}, 4.0),
        ({**CHAT, "kind": "cache_read"}, 6.0),
        ({**CHAT, "kind": "cache_write"}, 8.0),
    ]
    assert found["claude_proxy_cost_usd_total"] == [(CHAT, 0.75)]


def test_what_went_wrong_and_what_was_changed(metrics: Metrics) -> None:
    metrics.upstream_failed(UpstreamRejected("w", status=529, kind="overloaded_error"), retried=True)
    metrics.upstream_failed(UpstreamTimeout("w"), retried=False)
    metrics.observe(record(adjustments=(Adjustment("top_p", Action.DROPPED, "a reason"),)))
    metrics.turned_away()
    found = samples(metrics.counts())
    assert found["claude_proxy_upstream_errors_total"] == [
        ({"kind": "overloaded_error", "status": "529"}, 1.0),
        ({"kind": "timeout", "status": "none"}, 1.0),
    ]
    assert found["claude_proxy_upstream_retries_total"] == [({}, 1.0)]
    assert found["claude_proxy_turned_away_total"] == [({}, 1.0)]
    assert found["claude_proxy_adjustments_total"] == [({"param": "top_p", "action": "dropped"}, 1.0)]


def test_what_goes_up_and_down(metrics: Metrics) -> None:
    found = samples(metrics.counts())
    names = ["open_streams", "requests_in_progress", "requests_waiting", "client_connections"]
    names += ["claude_code_processes", "workers"]
    assert [found[f"claude_proxy_{name}"] for name in names] == [[({}, float(n))] for n in (1, 2, 3, 4, 5, 6)]
    assert found["claude_proxy_build_info"] == [({"version": __version__}, 1.0)]


@pytest.mark.parametrize(
    ("credential", "ready", "left"),
    [
        (CredentialGauge(ready=True, kind="api_key"), 1.0, None),
        (CredentialGauge(ready=True, kind="login", seconds_left=12.5), 1.0, 12.5),
        (CredentialGauge(ready=False, kind="none"), 0.0, None),
    ],
)
def test_the_credential(credential: CredentialGauge, ready: float, left: float | None) -> None:
    found = samples(Counts(Totals(), Gauges()), credential)
    assert found["claude_proxy_credential_ready"] == [({"kind": credential.kind}, ready)]
    assert found.get("claude_proxy_credential_seconds_left", [({}, None)])[0][1] == left


def test_openmetrics_for_those_who_ask(metrics: Metrics) -> None:
    metrics.observe(record())
    accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
    body, content_type = render(metrics.counts(), KEY, accept=accept)
    assert content_type.startswith("application/openmetrics-text; version=1.0.0")
    families = {family.name: family for family in read_openmetrics(body.decode())}
    assert families["claude_proxy_requests"].samples[0].value == 1
    assert not math.isnan(families["claude_proxy_cost_usd"].samples[0].value)


@pytest.mark.parametrize(
    "accept",
    [
        "*/*",
        "text/plain; version=x.y",
        "application/openmetrics-text; version=\xff",
        "text/plain;version=;escaping",
        ";,;",
    ],
)
def test_odd_wishes_get_an_answer(accept: str) -> None:
    body, _ = render(Counts(Totals(), Gauges()), KEY, accept=accept)
    assert b"claude_proxy_build_info" in body
