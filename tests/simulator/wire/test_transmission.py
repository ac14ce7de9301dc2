"""Misbehaviour as a client sees it on the wire."""

import json

import pytest

from claude_code_proxy.simulator import Faults, Running
from tests.simulator.raw_client import RawResponse, send
from tests.simulator.requests import Json, make_request
from tests.simulator.streams import parse_events, rebuild


async def simulate(running: Running, words: str, *, stream: bool = True) -> RawResponse:
    return await send(running.url, make_request(f"[[simulate: {words}]] Count to 40", stream=stream))


def events_before(response: RawResponse) -> list[Json]:
    """Return the complete events; leave out one that was cut."""
    whole = response.body[: response.body.rfind(b"\n\n") + 2]
    return parse_events(whole)


@pytest.mark.parametrize(
    ("words", "status", "kind", "retry"),
    [
        ("status=429 retry-after=2", 429, "rate_limit_error", "true"),
        ("status=529", 529, "overloaded_error", "true"),
        ("status=500", 500, "api_error", "true"),
        ("status=504", 504, "timeout_error", "true"),
        ("status=402", 402, "billing_error", "false"),
        ("status=403", 403, "permission_error", "false"),
        ("status=429 should-retry=false", 429, "rate_limit_error", "false"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
async def test_errors_instead_of_an_answer(
    running: Running, words: str, status: int, kind: str, retry: str, stream: bool
) -> None:
    response = await simulate(running, words, stream=stream)
    assert (response.status, response.json["error"]["type"], response.headers["x-should-retry"]) == (
        status,
        kind,
        retry,
    )
    assert response.headers.get("retry-after") == ("2" if "retry-after" in words else None)
    assert response.json["request_id"] == response.headers["request-id"]


@pytest.mark.parametrize(("words", "status"), [("html", 502), ("html status=413", 413)])
async def test_pages_of_the_edge(running: Running, words: str, status: int) -> None:
    response = await simulate(running, words)
    assert response.status == status
    assert response.body.startswith(b"<html>")


async def test_failing_a_few_times(running: Running) -> None:
    statuses = [(await simulate(running, "status=529 times=2")).status for _ in range(4)]
    assert statuses == [529, 529, 200, 200]
    assert (await simulate(running, "status=529 times=1")).status == 529


@pytest.mark.parametrize("words", ["reset", "cut-after=2", "cut-bytes=30"])
async def test_breaking_once(running: Running, words: str) -> None:
    ends = [(await simulate(running, f"{words} times=1")).end for _ in range(2)]
    assert ends == ["reset" if words == "reset" else "cut", "whole"]


async def test_the_same_again_under_another_name(running: Running) -> None:
    for name in ("a", "b"):
        statuses = [(await simulate(running, f"status=500 times=1 id={name}")).status for _ in range(2)]
        assert statuses == [500, 200]


async def test_a_wish_from_within_the_process(running: Running) -> None:
    running.enqueue(Faults(status=529), Faults(cut_after=3))
    response = [await send(running.url, make_request("Hello", stream=True)) for _ in range(3)]
    assert [(one.status, one.end) for one in response] == [(529, "whole"), (200, "cut"), (200, "whole")]


async def test_an_error_in_the_middle(running: Running) -> None:
    response = await simulate(running, "error-after=6")
    found = parse_events(response.body)
    assert [event["type"] for event in found][:2] == ["message_start", "content_block_start"]
    assert len(found) == 7
    assert found[-1]["type"] == "error"
    assert found[-1]["error"] == {"details": None, "type": "overloaded_error", "message": "Overloaded"}
    assert found[-1]["request_id"] == response.headers["request-id"]


async def test_an_error_as_the_first_event(running: Running) -> None:
    found = parse_events((await simulate(running, "error-after=0 error=api_error")).body)
    assert [(event["type"], event["error"]["type"]) for event in found] == [("error", "api_error")]


@pytest.mark.parametrize(("words", "end"), [("cut-after=5", "cut"), ("cut-after=5 reset", "reset")])
async def test_cut_after_so_many_events(running: Running, words: str, end: str) -> None:
    response = await simulate(running, words)
    assert (response.status, response.end) == (200, end)
    assert len(events_before(response)) == 5


@pytest.mark.parametrize("stream", [False, True])
async def test_cut_after_so_many_bytes(running: Running, stream: bool) -> None:
    response = await simulate(running, "cut-bytes=77", stream=stream)
    assert (response.end, len(response.body)) == ("cut", 77)


async def test_cut_after_the_head(running: Running) -> None:
    response = await simulate(running, "cut-after=0")
    assert (response.end, response.body) == ("cut", b"")


@pytest.mark.parametrize("stream", [False, True])
async def test_reset_before_the_head(running: Running, stream: bool, caplog: pytest.LogCaptureFixture) -> None:
    response = await simulate(running, "reset", stream=stream)
    assert (response.end, response.status) == ("reset", 0)
    assert caplog.records == []


async def test_silence_before_the_head(running: Running) -> None:
    response = await simulate(running, "head-delay=0.3")
    assert response.head_at >= 0.3
    assert response.end == "whole"


async def test_silence_after_the_head(running: Running) -> None:
    response = await simulate(running, "first-event-delay=0.9")
    assert response.head_at < 0.8
    assert response.times[1] >= 0.9
    assert rebuild(parse_events(response.body))["stop_reason"] == "end_turn"


async def test_silence_in_the_middle(running: Running) -> None:
    response = await simulate(running, "middle-delay=0.9")
    gaps = [later - earlier for earlier, later in zip(response.times, response.times[1:], strict=False)]
    assert response.times[0] < 0.8
    assert max(gaps) >= 0.85


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("sizes", ["byte", "3,1,7"])
async def test_bytes_split_anywhere(running: Running, sizes: str, stream: bool) -> None:
    response = await simulate(running, f"split={sizes}", stream=stream)
    assert max(map(len, response.chunks)) <= 7
    message = rebuild(parse_events(response.body)) if stream else json.loads(response.body)
    assert message["content"][0]["text"].endswith("40")


async def test_the_pace_of_words(running: Running) -> None:
    response = await simulate(running, "pace=100")
    assert response.times[-1] >= 0.4


async def test_more_pings(running: Running) -> None:
    found = parse_events((await simulate(running, "pings=5")).body)
    assert sum(event["type"] == "ping" for event in found) == 6


async def test_novelties(running: Running) -> None:
    found = parse_events((await simulate(running, "unknown")).body)
    assert "simulated_event" in {event["type"] for event in found}
    assert found[1]["content_block"]["type"] == "simulated_novelty"


async def test_a_slip_of_the_pen(running: Running) -> None:
    response = await simulate(running, "stutus=500")
    assert response.status == 400
    assert "there is no `stutus`" in response.json["error"]["message"]
