"""The page as it is served, alone and among workers."""

import os
import subprocess
import sys
from pathlib import Path

from claude_code_proxy.http1.server.request import Request
from claude_code_proxy.server.telemetry.counters import Counts, CredentialGauge, Gauges, Totals
from claude_code_proxy.server.telemetry.metrics import Metrics
from claude_code_proxy.server.telemetry.metrics_page import MetricsPage
from claude_code_proxy.server.telemetry.multiprocess import SharedCounts
from tests.server.doubles import record

ROOT = Path(__file__).parents[3]
KEY = CredentialGauge(ready=True, kind="api_key")


async def test_the_page() -> None:
    metrics = Metrics(Gauges)
    metrics.observe(record())
    status, headers, body = await MetricsPage(metrics.counts, lambda: KEY)(Request("GET", "/metrics"))
    assert status == 200
    assert headers == [(b"content-type", b"text/plain; version=0.0.4; charset=utf-8")]
    assert b"\nclaude_proxy_requests_total{" in body


async def test_the_form_follows_the_reader() -> None:
    asked = Request("GET", "/metrics", headers={b"accept": b"application/openmetrics-text;version=1.0.0"})
    _, headers, body = await MetricsPage(Metrics(Gauges).counts, lambda: KEY)(asked)
    assert headers[0][1].startswith(b"application/openmetrics-text")
    assert body.endswith(b"# EOF\n")


async def test_the_other_workers_are_in_it(tmp_path: Path) -> None:
    SharedCounts(tmp_path, 1).write(Counts(Totals(retries=40), Gauges(open_streams=1), os.getpid()))
    page = MetricsPage(Metrics(Gauges, Totals(retries=2)).counts, lambda: KEY, share=SharedCounts(tmp_path, 0))
    _, _, body = await page(Request("GET", "/metrics"))
    assert b"\nclaude_proxy_upstream_retries_total 42.0\n" in body
    assert b"\nclaude_proxy_workers 2.0\n" in body


def test_the_start_does_not_wait_for_prometheus() -> None:
    code = "import sys, claude_code_proxy.server.telemetry.metrics_page; sys.exit('prometheus_client' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(ROOT / "src")}, check=True)
