"""A reader of responses that forgives nothing: what the strictest real clients throw on is an error here.

The rules are those of the OpenAI SDK for .NET (nulls, unknown words in enums), of the stream helpers for Python and
Node (order, identity, unknown events), of the Vercel AI SDK (status of calls), of Home Assistant (arguments come as
deltas), and the types of the `openai` package, validated strictly.
"""

import json
from typing import Any, TypeAlias

from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

Json: TypeAlias = dict[str, Any]
MOST_INT = 2**31 - 1
TERMINAL = {
    "response.completed": {"completed"},
    "response.incomplete": {"incomplete"},
    "response.failed": {"failed"},
}
STATUSES = {"completed", "incomplete"}  # of items that are done
HOSTED = {"web_search_call", "code_interpreter_call", "mcp_call"}  # which may have failed as well
WITHOUT_STATUS = {"compaction", "reasoning", "mcp_list_tools"}
NEVER_NULL = {"id", "status", "call_id", "name", "arguments", "input", "summary", "content", "namespace", "action"}
CONSTANT = ("id", "object", "created_at", "model", "instructions", "tools", "tool_choice", "metadata", "store", "text")
_event: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)


def read_whole_response(body: bytes) -> Json:
    """Return the response, once everything in it was checked."""
    response = _parsed(body)
    Response.model_validate_json(body, strict=True)
    _check_response(response)
    return response


def read_response_stream(data: bytes) -> Json:
    """Return the response of the last event of a stream, once all events were checked."""
    blocks = data.decode().split("\n\n")
    assert blocks.pop() == "", "the last frame ends with a blank line"
    reader = _EventReader()
    for block in blocks:
        reader.read(block)
    assert reader.last is not None, "every stream ends with an event that says how"
    return reader.last


class _EventReader:
    def __init__(self) -> None:
        self.last: Json | None = None
        self._number = 0
        self._first: Json | None = None
        self._item: Json | None = None  # as it was added
        self._done: list[Json] = []
        self._ids: set[str] = set()
        self._parts: list[Json] = []  # of the item that is open; the last may be open
        self._text: str | None = None  # of the part or call that is open
        self._inner_done = False

    def read(self, block: str) -> None:
        """Read one frame: an `event:` and a `data:` line. A retry line or a comment without data trips some clients."""
        name, data = block.split("\n")
        event = _parsed(data.removeprefix("data: ").encode())
        assert name == f"event: {event['type']}"
        assert event["sequence_number"] == self._number
        self._number += 1
        self._validate(event, data)
        assert self.last is None, "nothing comes after the last event"
        if "response" in event:
            self._lifecycle(event)
            return
        assert self._number > 2, "created and in_progress come first"
        assert event["output_index"] == len(self._done)
        handler = getattr(self, "_on_" + event["type"].removeprefix("response.").replace(".", "_"))
        handler(event)

    def _validate(self, event: Json, data: str) -> None:
        begun_search = event["type"] == "response.output_item.added" and event["item"]["type"] == "web_search_call"
        if not begun_search:  # the service itself sends it without the action that the types call required
            _event.validate_json(data.removeprefix("data: "), strict=True)

    def _lifecycle(self, event: Json) -> None:
        response, kind = event["response"], event["type"]
        if self._first is None:
            assert kind == "response.created"
            self._first = response
        assert [response[key] for key in CONSTANT] == [self._first[key] for key in CONSTANT]
        if kind in TERMINAL:
            assert response["status"] in TERMINAL[kind]
            assert kind == "response.failed" or self._item is None, "an item was added and never done"
            assert response["output"] == self._done, "the last event has the items as they were done"
            _check_response(response)
            self.last = response
        else:
            assert kind == ("response.created" if self._number == 1 else "response.in_progress")
            assert response["status"] == "in_progress"
            assert [response[key] for key in ("error", "usage", "completed_at", "incomplete_details")] == [None] * 4

    def _on_output_item_added(self, event: Json) -> None:
        item = event["item"]
        assert self._item is None, "one item at a time"
        assert item["id"]
        assert item["id"] not in self._ids
        assert item.get("status", "in_progress") == "in_progress"
        assert not any(item.get(key) for key in ("content", "summary", "arguments", "input")), "it is born empty"
        _check_nulls(item)
        self._ids.add(item["id"])
        self._item, self._parts, self._text, self._inner_done = item, [], None, False

    def _on_output_item_done(self, event: Json) -> None:
        item, added = event["item"], self._open(event["item"]["id"])
        constant = ("id", "type", "call_id", "name", "role", "namespace")
        assert [item.get(key) for key in constant] == [added.get(key) for key in constant]
        assert added.keys() - item.keys() == set()
        assert self._text is None, "a part was begun and never done"
        match item["type"]:
            case "message":
                assert item["content"] == self._parts
            case "reasoning":
                assert item["summary"] == self._parts
            case "function_call" | "custom_tool_call" | "web_search_call" | "code_interpreter_call" | "mcp_call":
                assert self._inner_done
            case _:
                pass
        _check_item(item)
        self._done.append(item)
        self._item = None

    def _on_content_part_added(self, event: Json) -> None:
        self._begin_part(event, event["content_index"], {"output_text": "text", "refusal": "refusal"})

    def _on_reasoning_summary_part_added(self, event: Json) -> None:
        self._begin_part(event, event["summary_index"], {"summary_text": "text"})

    def _begin_part(self, event: Json, index: int, texts: dict[str, str]) -> None:
        self._open(event["item_id"])
        assert index == len(self._parts)
        assert self._text is None
        assert event["part"][texts[event["part"]["type"]]] == ""
        self._text = ""
        self._parts.append(event["part"])

    def _delta(self, event: Json) -> None:
        self._open(event["item_id"])
        assert self._text is not None, "a delta comes after its part was added"
        assert event["delta"], "a delta says something"
        self._text += event["delta"]

    def _on_output_text_delta(self, event: Json) -> None:
        assert event["content_index"] == len(self._parts) - 1
        self._delta(event)

    _on_refusal_delta = _on_output_text_delta

    def _on_reasoning_summary_text_delta(self, event: Json) -> None:
        assert event["summary_index"] == len(self._parts) - 1
        self._delta(event)

    def _call_delta(self, event: Json) -> None:
        self._text = self._text or ""
        self._delta(event)

    _on_function_call_arguments_delta = _call_delta
    _on_custom_tool_call_input_delta = _call_delta

    def _on_output_text_annotation_added(self, event: Json) -> None:
        annotations = self._parts[-1]["annotations"]
        assert event["annotation_index"] == len(annotations)
        annotations.append(event["annotation"])

    def _on_output_text_done(self, event: Json) -> None:
        self._open(event["item_id"])
        assert event["text"] == self._text
        self._parts[-1]["text"] = event["text"]

    _on_reasoning_summary_text_done = _on_output_text_done

    def _on_refusal_done(self, event: Json) -> None:
        assert event["refusal"] == self._text
        self._parts[-1]["refusal"] = event["refusal"]

    def _on_content_part_done(self, event: Json) -> None:
        self._open(event["item_id"])
        assert event["part"] == self._parts[-1]
        self._text = None

    _on_reasoning_summary_part_done = _on_content_part_done

    def _on_function_call_arguments_done(self, event: Json) -> None:
        assert event["arguments"] == self._text, "arguments come as deltas too, `{}` included"
        self._end_call(event)

    def _on_custom_tool_call_input_done(self, event: Json) -> None:
        assert event["input"] == (self._text or "")
        self._end_call(event)

    def _end_call(self, event: Json) -> None:
        self._open(event["item_id"])
        self._text, self._inner_done = None, True

    def _on_web_search_call_in_progress(self, event: Json) -> None:
        assert self._open(event["item_id"])["type"] == "web_search_call"

    _on_web_search_call_searching = _on_web_search_call_in_progress

    def _on_web_search_call_completed(self, event: Json) -> None:
        self._on_web_search_call_in_progress(event)
        self._inner_done = True

    def _on_mcp_call_in_progress(self, event: Json) -> None:
        assert self._open(event["item_id"])["type"] == "mcp_call"

    _on_mcp_call_arguments_delta = _call_delta

    def _on_mcp_call_arguments_done(self, event: Json) -> None:
        self._on_function_call_arguments_done(event)

    def _on_mcp_call_completed(self, event: Json) -> None:
        self._on_mcp_call_in_progress(event)
        assert self._inner_done

    _on_mcp_call_failed = _on_mcp_call_completed

    def _on_mcp_list_tools_in_progress(self, event: Json) -> None:
        assert self._open(event["item_id"])["type"] == "mcp_list_tools"

    _on_mcp_list_tools_completed = _on_mcp_list_tools_in_progress

    def _on_code_interpreter_call_in_progress(self, event: Json) -> None:
        assert self._open(event["item_id"])["type"] == "code_interpreter_call"

    _on_code_interpreter_call_code_delta = _call_delta

    def _on_code_interpreter_call_code_done(self, event: Json) -> None:
        assert event["code"] == self._text
        self._end_call(event)

    def _on_code_interpreter_call_interpreting(self, event: Json) -> None:
        self._on_code_interpreter_call_in_progress(event)
        assert self._inner_done

    _on_code_interpreter_call_completed = _on_code_interpreter_call_interpreting

    def _open(self, item_id: str) -> Json:
        assert self._item is not None
        assert self._item["id"] == item_id
        return self._item


def _check_response(response: Json) -> None:
    assert response["object"] == "response"
    assert type(response["created_at"]) is int
    assert isinstance(response["parallel_tool_calls"], bool)
    assert (response["status"] == "failed") == (response["error"] is not None)
    assert (response["status"] == "incomplete") == (response["incomplete_details"] is not None)
    assert (response["status"] == "completed") == (response["completed_at"] is not None)
    if response["error"]:
        assert all(isinstance(response["error"][key], str) and response["error"][key] for key in ("code", "message"))
    ids = [item["id"] for item in response["output"]]
    assert len(set(ids)) == len(ids)
    for item in response["output"]:
        _check_item(item)
    _check_usage(response["usage"])


def _check_item(item: Json) -> None:
    _check_nulls(item)
    assert item["id"]
    statuses = STATUSES | {"failed"} if item["type"] in HOSTED else STATUSES
    assert item["type"] in WITHOUT_STATUS or item["status"] in statuses
    if item["type"] in {"function_call", "custom_tool_call"}:
        assert item["call_id"]
        assert item["name"]
    for part in item.get("content", []):
        if part["type"] == "output_text":
            _check_annotations(part["annotations"], part["text"])


def _check_nulls(item: Json) -> None:
    assert not [key for key in NEVER_NULL & item.keys() if item[key] is None]


def _check_annotations(annotations: list[Json], text: str) -> None:
    for annotation in annotations:
        assert annotation["type"] == "url_citation"
        assert all(isinstance(annotation[name], str) and annotation[name] for name in ("url", "title"))
        assert 0 <= annotation["start_index"] <= annotation["end_index"] <= len(text)


def _check_usage(usage: Json) -> None:
    counts = {key: value for key, value in usage.items() if key != "cost"}
    for value in counts.values():
        for count in value.values() if isinstance(value, dict) else (value,):
            assert type(count) is int
            assert 0 <= count <= MOST_INT
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
    assert usage["input_tokens_details"]["cached_tokens"] <= usage["input_tokens"]
    assert usage["output_tokens_details"]["reasoning_tokens"] <= usage["output_tokens"]


def _parsed(body: bytes) -> Json:
    parsed: Json = json.loads(body, object_pairs_hook=_without_doubles)
    return parsed


def _without_doubles(pairs: list[tuple[str, Any]]) -> Json:
    assert len({key for key, _ in pairs}) == len(pairs)
    return dict(pairs)
