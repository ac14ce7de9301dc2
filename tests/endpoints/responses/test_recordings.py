"""Recorded traffic through the endpoint: what clients send, and that replies have the recorded events and fields."""

import itertools
import json
from typing import Any

import pytest
from msgspec import Raw

from claude_code_proxy import messages
from claude_code_proxy.endpoints.responses.endpoint import DecodedResponsesRequest
from tests.endpoints import recordings
from tests.endpoints.responses.responses_replies import CONTEXT, ENDPOINT, decode, frames_of
from tests.endpoints.strict_responses import Json, read_response_stream, read_whole_response

REQUESTS = recordings.responses_requests()
REPLIES = recordings.responses_replies()
ANSWERABLE = {"message", "reasoning", "function_call", "custom_tool_call", "web_search_call"}
CLAUDES = {"code_interpreter": "code_execution", "computer_use_preview": "computer_toolset"}  # names of tools
MESSAGES_REPLIES = recordings.messages_replies()
EARLIER = messages.encode_request([messages.InputMessage("user", (messages.Text("Hello."),))])
# Fields that no known client reads, by the path from the event, response or item.
UNREAD = {
    "obfuscation",  # padding
    "phase",  # Claude tells no commentary from an answer
    "content",  # of a reasoning item: raw reasoning, which is not shown
    "encrypted_content",  # in an item that has just begun
    "billing",
    "moderation",
    "prompt_cache_retention",
    "tool_usage",
    "namespace",  # of a tool that a search found, where it is the tool's own name
}


def events_of(reply: Json) -> list[Json]:
    """Return the events of a recorded stream; a whole reply is an event of its own."""
    if "sse" in reply:
        return [json.loads(line[6:]) for line in reply["sse"].splitlines() if line.startswith("data: {")]
    return [{"type": "response.completed", "response": reply["body"], "sequence_number": 0}]


def output_of(reply: Json) -> list[Json]:
    output: list[Json] = events_of(reply)[-1]["response"]["output"]
    return output


SERVED = {
    name: each
    for name, each in REPLIES.items()
    if {item["type"] for item in output_of(each["response"])} <= ANSWERABLE
    and "failed" not in events_of(each["response"])[-1]["type"]
}
STREAMS = {name: each for name, each in SERVED.items() if "sse" in each["response"]}


def request_of(recording: Json) -> DecodedResponsesRequest:
    """Return the recorded request. An earlier response, which is not here, had one turn."""
    request = recording["request"] or {}
    assert ENDPOINT.begin is not None
    pending = ENDPOINT.begin(json.dumps({"input": "Hello."} | request).encode(), "claude-default")
    stored = {request["previous_response_id"]: EARLIER} if request.get("previous_response_id") else {}
    decoded = pending.resume(stored)
    assert isinstance(decoded, DecodedResponsesRequest)
    return decoded


def twin_of(reply: Json) -> messages.Message:
    """Return a Message by which Claude would have said what the recorded response says."""
    last = events_of(reply)[-1]["response"]
    blocks = [block for item in output_of(reply) for block in blocks_of(item)]
    refused = any(part["type"] == "refusal" for item in output_of(reply) for part in item.get("content") or ())
    reason = "refusal" if refused else "max_tokens" if last["status"] == "incomplete" else "end_turn"
    return messages.Message("msg_1", "claude-x", tuple(blocks), stop_reason=reason, usage=messages.Usage(1, 2))


def blocks_of(item: Json) -> list[messages.Block]:
    match item["type"]:
        case "reasoning":
            text = "\n".join(part["text"] for part in item["summary"])
            return [messages.Thinking(text, "c2ln")]
        case "function_call":
            return [messages.ToolUse(item["call_id"], item["name"], Raw(item["arguments"].encode()))]
        case "custom_tool_call":
            return [messages.ToolUse(item["call_id"], item["name"], Raw(json.dumps({"input": item["input"]}).encode()))]
        case "web_search_call":
            search = messages.ServerToolUse("srvtoolu_1", "web_search", Raw(b'{"query":"x"}'))
            return [search, messages.WebSearchToolResult("srvtoolu_1", Raw(b"[]"))]
        case _:
            return [messages.Text(part["text"], citations_of(part)) for part in item["content"] if "text" in part]


def citations_of(part: Json) -> Raw:
    cited = [
        {"type": "web_search_result_location", "url": one["url"], "title": one["title"], "cited_text": "x"}
        for one in part["annotations"]
    ]
    return Raw(json.dumps(cited).encode())


@pytest.mark.parametrize("name", REQUESTS)
def test_a_recorded_request_is_understood(name: str) -> None:
    """Whatever is not translated is named: each item and each tool is in the Messages request or in an adjustment."""
    request = REQUESTS[name]["request"]
    decoded = request_of(REQUESTS[name])
    assert decoded.stream == bool(request.get("stream"))
    assert decoded.request.model == request["model"]
    assert [note.path for note in decoded.adjustments if note.reason == "not a field of this API"] == []
    noted = {note.path for note in decoded.adjustments}
    translated = messages.encode_request(decoded.request).decode()
    items = request["input"] if isinstance(request["input"], list) else []
    for index, item in enumerate(items):
        if f"input[{index}]" not in noted and item.get("type") != "additional_tools":
            assert words_of(item) <= words_of(json.loads(translated)), index
    for index, tool in enumerate(request.get("tools") or ()):
        name = tool.get("name", CLAUDES.get(tool["type"], tool["type"].split("_preview")[0]))
        assert f"tools[{index}]" in noted or name in translated


def words_of(value: Any) -> set[str]:
    """Return the words of texts, of names and of ids of calls, wherever they stand."""
    match value:
        case dict():
            found = {
                word
                for key in ("text", "output", "content", "name", "call_id", "id", "tool_use_id", "input")
                if isinstance(value.get(key), str) and not (key == "id" and value.get("type") != "tool_use")
                for word in value[key].split()
            }
            return found.union(*map(words_of, value.values()))
        case list():
            return set().union(*map(words_of, value))
        case _:
            return set()


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_has_the_recorded_order(name: str) -> None:
    theirs = events_of(STREAMS[name]["response"])
    request = STREAMS[name]["request"] or {}
    unsealed = {"request": request | {"include": None}}  # else the results of a search are an item more
    frames = frames_of(request_of(unsealed), messages.as_events(twin_of(STREAMS[name]["response"])))
    assert order_of(events_of({"sse": frames.decode()})) == order_of(theirs)


def order_of(events: list[Json]) -> list[str]:
    """Return the types of events; of equal ones that follow each other, the first."""
    return [kind for kind, _ in itertools.groupby(event["type"] for event in events)]


@pytest.mark.parametrize("name", SERVED)
def test_a_response_has_whatever_the_recorded_one_has(name: str) -> None:
    theirs = shapes_of(events_of(SERVED[name]["response"]))
    frames = frames_of(request_of(SERVED[name]), messages.as_events(twin_of(SERVED[name]["response"])))
    ours = shapes_of(events_of({"sse": frames.decode()}))
    missing = {kind: fields - ours[kind] - UNREAD for kind, fields in theirs.items()}
    assert {kind: fields for kind, fields in missing.items() if fields} == {}


def shapes_of(events: list[Json]) -> dict[str, set[str]]:
    """Return the fields of each type of event, response, item and part; items also by whether they are done."""
    shapes: dict[str, set[str]] = {}
    for event in events:
        shapes.setdefault(event["type"], set()).update(event)
        if "item" in event:
            add_item(shapes, event["item"], event["type"])
        if "part" in event:
            shapes.setdefault(event["part"]["type"], set()).update(event["part"])
        if "response" in event:
            shapes.setdefault("response", set()).update(event["response"])
            for item in event["response"]["output"]:
                add_item(shapes, item, "response.output_item.done")
    return shapes


def add_item(shapes: dict[str, set[str]], item: Json, event: str) -> None:
    shapes.setdefault(f"{item['type']} in {event}", set()).update(item)
    for part in (item.get("content") or []) + (item.get("summary") or []):
        shapes.setdefault(part["type"], set()).update(part)


def test_the_recordings_show_what_they_are_here_for() -> None:
    """Else the tests above would pass for want of cases."""
    assert len(REQUESTS) >= 5
    shown = {kind for each in STREAMS.values() for kind in order_of(events_of(each["response"]))}
    assert shown >= {f"response.{kind}" for kind in ("refusal.done", "incomplete", "function_call_arguments.delta")}


@pytest.mark.parametrize("name", MESSAGES_REPLIES)
def test_a_recorded_reply_of_claude_is_readable_whole_and_streamed_and_says_the_same(name: str) -> None:
    message = recordings.message_of(MESSAGES_REPLIES[name])
    request = decode(include=["reasoning.encrypted_content"])
    whole = read_whole_response(request.reply((message,), CONTEXT))
    assert read_response_stream(frames_of(request, messages.as_events(message))) == whole


@pytest.mark.parametrize("name", [name for name, each in MESSAGES_REPLIES.items() if each["response"].get("sse")])
def test_a_recorded_stream_of_claude_is_readable(name: str) -> None:
    recording, request = MESSAGES_REPLIES[name], decode()
    whole = read_whole_response(request.reply((recordings.message_of(recording),), CONTEXT))
    assert read_response_stream(frames_of(request, recordings.events_of(recording))) == whole
