"""A reader of chat completions that forgives nothing: what the strictest real clients throw on is an error here.

The rules are those of the OpenAI SDK for .NET (nulls and unknown words in enums), of stream helpers that add up what
they should replace (roles, ids, names, usage), and the types of the `openai` package, validated strictly.
"""

import copy
import json
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from openai.types.chat import ChatCompletion, ChatCompletionChunk

Json: TypeAlias = dict[str, Any]
FINISH_REASONS = {"stop", "length", "tool_calls", "content_filter", "function_call"}
MOST_INT = 2**31 - 1
CALL_TYPES = {"function": ("function", "arguments"), "custom": ("custom", "input")}


@dataclass
class Choice:
    """One choice, put together: equal for a whole reply and for the stream that says the same."""

    content: str = ""
    refusal: str | None = None
    reasoning: str = ""
    calls: list[Json] = field(default_factory=list)
    function_call: Json | None = None
    annotations: list[Json] = field(default_factory=list)
    thinking_blocks: list[Json] = field(default_factory=list)
    reasoning_details: list[Json] = field(default_factory=list)
    finish_reason: str = ""
    server_tool_blocks: list[Json] = field(default_factory=list)


@dataclass
class Reply:
    choices: list[Choice]
    usage: Json | None
    id: str = ""
    model: str = ""
    created: int = 0
    service_tier: str = ""


def read_whole(body: bytes) -> Reply:
    completion = _parsed(body)
    ChatCompletion.model_validate(_without_files(completion), strict=True)
    assert completion["object"] == "chat.completion"
    assert completion["choices"], "an empty list of choices breaks those who take the first"
    assert [choice["index"] for choice in completion["choices"]] == list(range(len(completion["choices"])))
    _check_usage(completion["usage"])
    choices = [_whole_choice(choice) for choice in completion["choices"]]
    return _told(completion, choices, completion["usage"])


def _without_files(completion: Json) -> Json:
    """Return the reply without citations of documents, which only callers who ask for them get."""
    bare: Json = copy.deepcopy(completion)
    for choice in bare["choices"]:
        message = choice["message"]
        message["annotations"] = [one for one in message["annotations"] if one["type"] != "file_citation"]
    return bare


def _told(first: Json, choices: list[Choice], usage: Json | None) -> Reply:
    return Reply(choices, usage, first["id"], first["model"], first["created"], first["service_tier"])


def _whole_choice(choice: Json) -> Choice:
    message = choice["message"]
    assert choice["finish_reason"] in FINISH_REASONS
    assert message["role"] == "assistant"
    assert message["refusal"] is None or message["refusal"]
    calls = message.get("tool_calls", [])
    assert calls or "tool_calls" not in message, "an empty list of calls is not the same as none"
    for call in calls:
        assert call["id"]
        kind, text = CALL_TYPES[call["type"]]
        assert call[kind]["name"]
        assert isinstance(call[kind][text], str)
    called = bool(calls or "function_call" in message)
    assert isinstance(message["content"], str) or called
    _check_finish(choice["finish_reason"], called=called, legacy="function_call" in message)
    assert "null" not in {str(message.get(key, "")) for key in ("reasoning_content", "tool_calls", "function_call")}
    return Choice(
        message["content"] or "",
        message["refusal"],
        message.get("reasoning_content", ""),
        calls,
        message.get("function_call"),
        _checked_annotations(message["annotations"], message["content"] or ""),
        message.get("thinking_blocks", []),
        message.get("reasoning_details", []),
        choice["finish_reason"],
        message.get("server_tool_blocks", []),
    )


class ChunkReader:
    """Takes the bytes of a stream, whole or in pieces; `reply()` once all are there."""

    def __init__(self, *, include_usage: bool = False) -> None:
        self._include_usage = include_usage
        self._text = b""
        self._first: Json | None = None
        self._choices: dict[int, Choice] = {}
        self._usage: Json | None = None

    def feed(self, data: bytes) -> None:
        self._text += data

    def reply(self) -> Reply:
        blocks = self._text.decode().split("\n\n")
        assert blocks.pop() == "", "the last frame ends with a blank line"
        assert blocks.pop() == "data: [DONE]"
        for block in blocks:
            self._read(block)
        assert self._first is not None
        assert (self._usage is not None) == self._include_usage
        choices = [self._choices[index] for index in sorted(self._choices)]
        for choice in choices:
            assert choice.finish_reason, "every choice ends with a reason"
            called = bool(choice.calls or choice.function_call)
            _check_finish(choice.finish_reason, called=called, legacy=choice.function_call is not None)
            _checked_annotations(choice.annotations, choice.content)
        return _told(self._first, choices, self._usage)

    def _read(self, block: str) -> None:
        """One frame: a single `data:` line. Names, ids and retry lines trip some clients."""
        assert block.startswith("data: "), block
        assert "\n" not in block
        body = block.removeprefix("data: ").encode()
        chunk = _parsed(body)
        if b'"type":"custom"' not in body:  # the types know custom calls in whole replies only
            ChatCompletionChunk.model_validate_json(body, strict=True)
        self._first = self._first or chunk
        common = ("id", "object", "created", "model", "service_tier")
        assert [chunk[key] for key in common] == [self._first[key] for key in common]
        assert chunk["object"] == "chat.completion.chunk"
        assert ("usage" in chunk) == self._include_usage
        assert self._usage is None, "nothing comes after the usage chunk"
        if chunk["choices"]:
            assert not chunk.get("usage"), "usage comes once, beside no choice"
            for choice in chunk["choices"]:
                self._add(choice)
        else:
            self._usage = _check_usage(chunk["usage"])

    def _add(self, chunk: Json) -> None:
        assert chunk["logprobs"] is None
        delta = chunk["delta"]
        if chunk["index"] not in self._choices:
            assert delta == {"role": "assistant", "content": "", "refusal": None}
            self._choices[chunk["index"]] = Choice()
            return
        choice = self._choices[chunk["index"]]
        assert not choice.finish_reason, "nothing comes after the finish reason"
        assert None not in delta.values(), "a key that says nothing is left out"
        if chunk["finish_reason"] is not None:
            assert delta == {}, "the finish reason comes alone"
            assert chunk["finish_reason"] in FINISH_REASONS
            choice.finish_reason = chunk["finish_reason"]
            return
        if delta.keys() & {"thinking_blocks", "server_tool_blocks"}:
            thoughts, work = {"thinking_blocks", "reasoning_details"}, {"server_tool_blocks"}
            assert delta.keys() - {"annotations"} in (thoughts, work)
            assert delta.pop("annotations") == [], "LiteLLM drops a chunk without a field it knows"
        else:
            assert len(delta) == 1, "one kind at a time"
        for key, value in delta.items():
            getattr(self, f"_add_{key}")(choice, value)

    def _add_content(self, choice: Choice, text: str) -> None:
        assert text
        choice.content += text

    def _add_refusal(self, choice: Choice, text: str) -> None:
        assert text
        choice.refusal = (choice.refusal or "") + text

    def _add_reasoning_content(self, choice: Choice, text: str) -> None:
        assert text
        choice.reasoning += text

    def _add_annotations(self, choice: Choice, annotations: list[Json]) -> None:
        assert annotations
        for annotation in annotations:
            assert annotation.pop("index") == len(choice.annotations)
            choice.annotations.append(annotation)

    def _add_thinking_blocks(self, choice: Choice, blocks: list[Json]) -> None:
        choice.thinking_blocks += _dense(blocks, len(choice.thinking_blocks))

    def _add_server_tool_blocks(self, choice: Choice, blocks: list[Json]) -> None:
        choice.server_tool_blocks += _dense(blocks, len(choice.server_tool_blocks))

    def _add_reasoning_details(self, choice: Choice, details: list[Json]) -> None:
        choice.reasoning_details += _dense(details, len(choice.reasoning_details))

    def _add_function_call(self, choice: Choice, delta: Json) -> None:
        assert None not in delta.values()
        if choice.function_call is None:
            choice.function_call = {"name": delta["name"], "arguments": delta["arguments"]}
        else:
            assert delta.keys() == {"arguments"}, "the name is said once"
            choice.function_call["arguments"] += delta["arguments"]

    def _add_tool_calls(self, choice: Choice, deltas: list[Json]) -> None:
        (delta,) = deltas  # some clients look at the first only
        index = delta.pop("index")
        if index == len(choice.calls):
            kind, text = CALL_TYPES[delta["type"]]
            assert delta.keys() == {"id", "type", kind}
            assert delta[kind].keys() == {"name", text}
            assert delta["id"]
            assert delta[kind]["name"]
            choice.calls.append(delta)
            return
        assert index == len(choice.calls) - 1, "calls come one after the other, counted from 0"
        assert delta.keys() == {"function"}, "id, type and name are said once"
        assert delta["function"].keys() == {"arguments"}
        choice.calls[-1]["function"]["arguments"] += delta["function"]["arguments"]


def read_stream(data: bytes, *, include_usage: bool = False) -> Reply:
    reader = ChunkReader(include_usage=include_usage)
    reader.feed(data)
    return reader.reply()


def read_error(body: bytes) -> Json:
    """Assert that the envelope has exactly its four fields, of which two may be null."""
    envelope = json.loads(body)
    assert envelope.keys() == {"error"}
    error: Json = envelope["error"]
    assert error.keys() == {"message", "type", "param", "code"}
    assert isinstance(error["message"], str)
    assert error["message"]
    assert isinstance(error["type"], str)
    assert isinstance(error["param"], str | None)
    assert isinstance(error["code"], str | None)
    return error


def _parsed(body: bytes) -> Json:
    parsed: Json = json.loads(body, object_pairs_hook=_without_doubles)
    assert "error" not in parsed, "even a null one ends the stream of some clients"
    assert isinstance(parsed["created"], int)
    assert isinstance(parsed["choices"], list)
    assert parsed["id"]
    assert parsed["model"]
    return parsed


def _without_doubles(pairs: list[tuple[str, Any]]) -> Json:
    assert len({key for key, _ in pairs}) == len(pairs)
    return dict(pairs)


def _check_usage(usage: Json) -> Json:
    counts = {key: value for key, value in usage.items() if key != "cost"}
    for value in counts.values():
        for count in value.values() if isinstance(value, dict) else (value,):
            assert type(count) is int
            assert 0 <= count <= MOST_INT
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert usage["prompt_tokens_details"]["cached_tokens"] <= usage["prompt_tokens"]
    assert usage["completion_tokens_details"]["reasoning_tokens"] <= usage["completion_tokens"]
    return usage


def _check_finish(reason: str, *, called: bool, legacy: bool) -> None:
    """Assert that calls come with their own reason, unless the turn was cut short or filtered."""
    allowed = {"function_call" if legacy else "tool_calls"} if called else {"stop"}
    assert reason in allowed | {"length", "content_filter"}


def _checked_annotations(annotations: list[Json], content: str) -> list[Json]:
    for annotation in annotations:
        citation = annotation[annotation["type"]]
        names = {"url_citation": ("url", "title"), "file_citation": ("filename", "cited_text")}[annotation["type"]]
        assert all(isinstance(citation[name], str) for name in names)
        assert 0 <= citation["start_index"] <= citation["end_index"] <= len(content)
    return annotations


def _dense(items: list[Json], start: int) -> list[Json]:
    assert [item["index"] for item in items] == list(range(start, start + len(items)))
    return items
