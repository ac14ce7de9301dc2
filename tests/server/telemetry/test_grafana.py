"""The dashboard: every query names metrics and labels that are really there, and every metric is on it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from claude_code_proxy.adjustment import Action, Adjustment
from claude_code_proxy.errors import UpstreamTimeout
from claude_code_proxy.server.telemetry.counters import CredentialGauge, Gauges
from claude_code_proxy.server.telemetry.metrics import Metrics
from claude_code_proxy.server.telemetry.prometheus import render
from tests.server.doubles import record

DASHBOARD: dict[str, Any] = json.loads(
    (Path(__file__).parents[3] / "deploy" / "grafana" / "claude-code-proxy.json").read_text(encoding="utf-8")
)
NAME = re.compile(r"\bclaude_proxy_\w+")
SELECTOR = re.compile(r"(claude_proxy_\w+)(?:\{([^}]*)\})?")
MATCHER = re.compile(r'(\w+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"')
GROUPING = re.compile(r"\b(?:sum|count|min|max|avg)\s+by\s*\(([^)]*)\)")


def real() -> dict[str, set[str]]:
    """Every sample's name, with its labels."""
    metrics = Metrics(Gauges)
    metrics.observe(record(adjustments=(Adjustment("top_p", Action.DROPPED, "r"),)))
    metrics.upstream_failed(UpstreamTimeout("w"), retried=True)
    metrics.totals.processes_ended = {"idle": 1}
    body, _ = render(metrics.counts(), CredentialGauge(ready=True, kind="login", seconds_left=5.0), accept="")
    samples: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(body.decode()):
        for sample in family.samples:
            samples.setdefault(sample.name, set()).update(sample.labels)
    return samples


def queries() -> Iterator[str]:
    for panel in DASHBOARD["panels"]:
        yield from (target["expr"] for target in panel.get("targets", ()))
    for variable in DASHBOARD["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["query"]["query"]


@pytest.mark.parametrize("query", list(queries()))
def test_each_query_names_what_is_there(query: str) -> None:
    samples = real()
    named = SELECTOR.findall(query)
    assert named
    labels: set[str] = set()
    for name, matchers in named:
        assert name in samples
        labels |= samples[name]
        assert {label for label, _ in MATCHER.findall(matchers)} <= samples[name]
        assert not MATCHER.sub("", matchers).strip(" ,"), "a matcher that is none"
    for grouping in GROUPING.findall(query):
        assert {label.strip() for label in grouping.split(",")} <= labels
    assert query.count("(") == query.count(")")
    assert query.count("{") == query.count("}")


@pytest.mark.parametrize("query", list(queries()))
def test_counters_are_read_as_rates_and_gauges_as_they_are(query: str) -> None:
    for name in NAME.findall(query):
        counts = name.endswith(("_total", "_bucket", "_sum", "_count"))
        read_as_rate = re.search(rf"\b(?:rate|increase)\({name}(?:{{[^}}]*}})?\[", query) is not None
        assert counts == read_as_rate or query.startswith("label_values(")


@pytest.mark.parametrize("query", list(queries()))
def test_values_that_are_matched_exist(query: str) -> None:
    """A misspelt status or kind would match nothing, and nobody would notice."""
    known = {"cache_read", "cache_write", "input", "output", "5..", "429"}
    for _, matchers in SELECTOR.findall(query):
        for _, value in MATCHER.findall(matchers):
            assert value.startswith("$") or set(value.split("|")) <= known


def test_every_metric_is_on_it() -> None:
    used = {name for query in queries() for name in NAME.findall(query)}
    families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in real()}
    assert families == {re.sub(r"_(bucket|sum|count)$", "", name) for name in used}


def test_panels_have_places_of_their_own() -> None:
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells


def test_variables_of_queries_are_defined() -> None:
    defined = {variable["name"] for variable in DASHBOARD["templating"]["list"]}
    used = {name for query in queries() for name in re.findall(r"\$(\w+)", query) if not name.startswith("__")}
    assert used | {"datasource"} == defined
