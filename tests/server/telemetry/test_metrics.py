"""What is counted of an exchange, that no client can make the labels grow, and the page, alone and among workers."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from claude_code_proxy.adjustment import Action, Adjustment
from claude_code_proxy.errors import (
    Overloaded,
    ProxyError,
    UpstreamBroke,
    UpstreamRejected,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from claude_code_proxy.http1.server.request import Request
from claude_code_proxy.messages import Usage
from claude_code_proxy.server.telemetry.counters import BUCKETS, Counts, CredentialGauge, Gauges, Series, Totals
from claude_code_proxy.server.telemetry.metrics import Metrics, MetricsPage
from claude_code_proxy.server.telemetry.multiprocess import SharedCounts
from tests.server.doubles import record

ROOT = Path(__file__).parents[3]
CREDENTIAL = CredentialGauge(ready=True, kind="api_key")
ANSWERED = ("chat_completions", "claude-sonnet-4-6", 200, "answered", False)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(Gauges)


def test_an_answered_exchange(metrics: Metrics) -> None:
    usage = Usage(input_tokens=25, output_tokens=12, cache_read_input_tokens=7, cache_creation_input_tokens=9)
    for _ in range(2):
        metrics.observe(record(usage=usage, cost=0.5))
    series = metrics.totals.series[ANSWERED]
    assert (series.requests, series.duration, series.first_byte, series.cost) == (2, 1.5, 1.0, 1.0)
    assert (series.input_tokens, series.output_tokens) == (50, 24)
    assert (series.cache_read_tokens, series.cache_write_tokens) == (14, 18)
    assert sum(series.durations) == sum(series.first_bytes) == 2


@pytest.mark.parametrize(
    ("seconds", "bucket"),
    [(0.0, 0), (0.05, 0), (0.051, 1), (1.0, 4), (600.0, len(BUCKETS) - 1), (600.1, len(BUCKETS)), (9e9, len(BUCKETS))],
)
def test_a_bucket_holds_its_upper_bound(metrics: Metrics, seconds: float, bucket: int) -> None:
    metrics.observe(record(duration=seconds, first_byte=seconds))
    series = metrics.totals.series[ANSWERED]
    assert series.durations.index(1) == series.first_bytes.index(1) == bucket


def test_one_that_never_began(metrics: Metrics) -> None:
    metrics.observe(record(status=0, outcome="left", first_byte=None, usage=None, cost=None, stream=True))
    ((key, series),) = metrics.totals.series.items()
    assert key == ("chat_completions", "claude-sonnet-4-6", 499, "left", True)
    assert series.requests == 1
    assert sum(series.first_bytes) == 0


def test_usage_without_a_price_or_a_count(metrics: Metrics) -> None:
    metrics.observe(record(usage=Usage(output_tokens=3), cost=None))
    assert metrics.totals.series[ANSWERED] == Series(
        1, 0.75, [0, 0, 0, 0, 1, *[0] * 11], 0.5, [0, 0, 0, 1, *[0] * 12], output_tokens=3
    )


def test_models_outside_the_catalogue_are_others(metrics: Metrics) -> None:
    for name in ("gpt-9", "", "whatever the client says"):
        metrics.observe(record(model=name, requested_model=name, known_model=False))
    assert {key[1] for key in metrics.totals.series} == {"other"}


def test_models_of_the_catalogue_cannot_grow_without_end_either(metrics: Metrics) -> None:
    for number in range(3000):
        metrics.observe(record(model=f"claude-haiku-4-5-{number}"))
    assert len(metrics.totals.series) == 1001
    assert metrics.totals.series["chat_completions", "other", 200, "answered", False].requests == 2000
    assert sum(series.requests for series in metrics.totals.series.values()) == 3000


def test_adjustments_by_field_and_action(metrics: Metrics) -> None:
    adjustments = (
        Adjustment("temperature", Action.DROPPED, "one reason"),
        Adjustment("temperature", Action.CLAMPED, "another"),
        Adjustment("messages[3].content[0].image_url", Action.MAPPED, "a third"),
        Adjustment("messages[17].content[1].image_url", Action.MAPPED, "a fourth"),
    )
    metrics.observe(record(adjustments=adjustments))
    metrics.observe(record(adjustments=adjustments[:1]))
    assert metrics.totals.adjustments == {
        ("temperature", "dropped"): 2,
        ("temperature", "clamped"): 1,
        ("messages[].content[].image_url", "mapped"): 2,
    }


def test_fields_that_clients_make_up_are_others(metrics: Metrics) -> None:
    for name in ("my secret is 5", "é", "", "x" * 100, 'a"b'):
        metrics.observe(record(adjustments=(Adjustment(name, Action.IGNORED, "not a field"),)))
    assert metrics.totals.adjustments == {("other", "ignored"): 5}
    for number in range(1000):
        metrics.observe(record(adjustments=(Adjustment(f"field_{number}", Action.IGNORED, "not a field"),)))
    assert len(metrics.totals.adjustments) == 300
    assert sum(metrics.totals.adjustments.values()) == 1005


@pytest.mark.parametrize(
    ("error", "counted"),
    [
        (UpstreamRejected("words", status=529, kind="overloaded_error"), ("overloaded_error", 529)),
        (UpstreamRejected("words", status=500, kind="whatever they say"), ("other", 500)),
        (UpstreamTimeout("words"), ("timeout", 0)),
        (UpstreamBroke("words"), ("broken_off", 0)),
        (UpstreamUnavailable("words"), ("unreachable", 0)),
        (Overloaded("words"), ("other", 0)),
    ],
)
def test_failed_attempts_by_kind(metrics: Metrics, error: ProxyError, counted: tuple[str, int]) -> None:
    metrics.upstream_failed(error, retried=True)
    metrics.upstream_failed(error, retried=False)
    assert metrics.totals.upstream_errors == {counted: 2}
    assert metrics.totals.retries == 1


def test_counts_are_read_together() -> None:
    metrics = Metrics(lambda: Gauges(open_streams=3), Totals(retries=5))
    metrics.turned_away()
    counts = metrics.counts(pid=42)
    assert (counts.totals.retries, counts.totals.turned_away, counts.gauges.open_streams, counts.pid) == (5, 1, 3, 42)


async def test_the_page() -> None:
    metrics = Metrics(Gauges)
    metrics.observe(record())
    status, headers, body = await MetricsPage(metrics.counts, lambda: CREDENTIAL)(Request("GET", "/metrics"))
    assert status == 200
    assert headers == [(b"content-type", b"text/plain; version=0.0.4; charset=utf-8")]
    assert b"\nclaude_proxy_requests_total{" in body


async def test_the_form_follows_the_reader() -> None:
    request = Request("GET", "/metrics", headers={b"accept": b"application/openmetrics-text;version=1.0.0"})
    _, headers, body = await MetricsPage(Metrics(Gauges).counts, lambda: CREDENTIAL)(request)
    assert headers[0][1].startswith(b"application/openmetrics-text")
    assert body.endswith(b"# EOF\n")


async def test_the_other_workers_are_in_it(tmp_path: Path) -> None:
    SharedCounts(tmp_path, 1).write(Counts(Totals(retries=40), Gauges(open_streams=1), os.getpid()))
    page = MetricsPage(Metrics(Gauges, Totals(retries=2)).counts, lambda: CREDENTIAL, share=SharedCounts(tmp_path, 0))
    _, _, body = await page(Request("GET", "/metrics"))
    assert b"\nclaude_proxy_upstream_retries_total 42.0\n" in body
    assert b"\nclaude_proxy_workers 2.0\n" in body


def test_the_start_does_not_wait_for_prometheus() -> None:
    code = "import sys, claude_code_proxy.server.telemetry.metrics; sys.exit('prometheus_client' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(ROOT / "src")}, check=True)
