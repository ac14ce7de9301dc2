"""The counts as values: they add up, and come back from bytes as they were."""

import msgspec
import pytest

from claude_code_proxy.server.telemetry.counters import BUCKETS, Counts, Gauges, Series, Totals, decode, encode

KEY = ("chat_completions", "claude-sonnet-4-6", 200, "answered", False)
OTHER_KEY = ("chat_completions", "claude-sonnet-4-6", 200, "answered", True)


def some() -> Totals:
    buckets = [1, *[0] * (len(BUCKETS) - 1), 2]
    series = Series(3, 1.5, buckets[:], 0.5, buckets[:], input_tokens=10, output_tokens=20, cost=0.25)
    return Totals(
        {KEY: series},
        {("top_p", "dropped"): 4},
        {("timeout", 0): 5},
        retries=6,
        turned_away=7,
        processes_started=8,
        processes_ended={"idle": 9},
        login_renewals=10,
    )


def test_adding_up() -> None:
    total = some()
    total.add(some())
    total.add(Totals({OTHER_KEY: Series(1)}, {("top_p", "clamped"): 1}, {("timeout", 0): 1}))
    series = total.series[KEY]
    assert (series.requests, series.duration, series.input_tokens, series.output_tokens) == (6, 3.0, 20, 40)
    assert (series.first_byte, series.cost) == (1.0, 0.5)
    assert (series.durations[0], series.durations[1], series.first_bytes[-1]) == (2, 0, 4)
    assert total.series[OTHER_KEY].requests == 1
    assert total.adjustments == {("top_p", "dropped"): 8, ("top_p", "clamped"): 1}
    assert total.upstream_errors == {("timeout", 0): 11}
    assert (total.retries, total.turned_away) == (12, 14)
    assert (total.processes_started, total.processes_ended, total.login_renewals) == (16, {"idle": 18}, 20)


def test_what_is_added_is_not_changed_by_what_is_added_later() -> None:
    part, total = some(), Totals()
    total.add(part)
    total.add(part)
    assert part == some()


def test_gauges_add_up() -> None:
    total = Gauges(1, 2, 3, 4, 5)
    total.add(Gauges(10, 20, 30, 40, 50))
    assert total == Gauges(11, 22, 33, 44, 55, 2)


def test_there_and_back() -> None:
    counts = Counts(some(), Gauges(1, 2, 3, 4), pid=42)
    assert decode(encode(counts)) == counts


@pytest.mark.parametrize("data", [b"", b"\x93", b"rubbish"])
def test_what_is_no_tally_is_refused(data: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode(data)
