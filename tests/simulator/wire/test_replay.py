"""Fixed replies: recordings, own bytes, Messages; queued or for everybody."""

import pytest

from claude_code_proxy.simulator import (
    Faults,
    Reply,
    Running,
    SimulatorOptions,
    json_reply,
    load,
    recorded,
    serve,
    stream_reply,
)
from tests.recordings import DERIVED
from tests.recordings import load as recordings
from tests.simulator.raw_client import send
from tests.simulator.requests import Json, answer_to, make_request, text
from tests.simulator.streams import parse_events, rebuild

STREAM = "llmanthropic-prompt-stream.json"
MESSAGE: Json = {
    "model": "claude-sonnet-4-6",
    "id": "msg_mine",
    "type": "message",
    "role": "assistant",
    "content": [text("from the queue")],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "stop_details": None,
    "usage": {"input_tokens": 1, "output_tokens": 3},
}


async def test_the_queue_goes_first_and_then_it_is_over(running: Running) -> None:
    running.enqueue(json_reply({"a": 1}, 418), json_reply({"b": 2}, headers={"x-mine": "yes"}))
    first, second, third = [await send(running.url, make_request()) for _ in range(3)]
    assert (first.status, first.json) == (418, {"a": 1})
    assert (second.status, second.json, second.headers["x-mine"]) == (200, {"b": 2}, "yes")
    assert third.json["type"] == "message"


async def test_a_queued_reply_is_only_for_requests_that_pass_the_rules(running: Running) -> None:
    running.enqueue(json_reply({}))
    assert (await send(running.url, make_request(foo=1))).status == 400
    running.enqueue(Reply(body=b"{}", validated=False))
    assert (await send(running.url, make_request(foo=1))).status == 200


@pytest.mark.parametrize("stream", [False, True])
async def test_a_message_in_either_form(running: Running, stream: bool) -> None:
    running.enqueue(Reply(message=MESSAGE))
    response = await send(running.url, make_request(stream=stream))
    assert (rebuild(parse_events(response.body)) if stream else response.json) == MESSAGE


async def test_faults_go_with_a_reply(running: Running) -> None:
    running.enqueue(stream_reply(b"event: ping\ndata: {}\n\n" * 5, faults=Faults(cut_after=2)))
    response = await send(running.url, make_request(stream=True))
    assert (response.end, response.body.count(b"ping")) == ("cut", 2)
    running.enqueue(Reply(message=MESSAGE, faults=Faults(error_after=1)))
    assert parse_events((await send(running.url, make_request(stream=True))).body)[-1]["type"] == "error"


async def test_every_recorded_response_can_be_played(running: Running) -> None:
    for recording in recordings("anthropic").values():
        running.enqueue(recorded(recording))
        reply = await send(running.url, make_request())
        response = recording["response"]
        assert (reply.status, reply.end) == (response["status"], "whole")
        if response.get("sse"):
            assert reply.body.decode() == response["sse"].rstrip("\n") + "\n\n"
        else:
            assert reply.json == response["body"]


async def test_one_recording_for_everybody() -> None:
    one = await serve(options=SimulatorOptions(replay=DERIVED / "anthropic" / STREAM))
    try:
        wanted = load(DERIVED / "anthropic" / STREAM).body
        for _ in range(2):
            assert (await send(one.url, {"anything": 1})).body == wanted
    finally:
        await one.close()


def test_answers_are_what_a_reply_can_hold() -> None:
    assert Reply(message={**MESSAGE, "content": answer_to(make_request("Hello")).blocks}).message
