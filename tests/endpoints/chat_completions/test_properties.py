"""Whatever comes in: bytes of any kind are understood or refused, and whole and streamed replies say the same."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec import Raw

from claude_code_proxy import messages, sse
from claude_code_proxy.endpoints.chat_completions import CHAT_COMPLETIONS
from claude_code_proxy.endpoints.chat_completions.support import REQUEST
from claude_code_proxy.endpoints.endpoint import DecodedRequest
from claude_code_proxy.errors import InvalidRequest
from tests.endpoints.replies import CONTEXT, HELLO, accumulated, decoded, streamed
from tests.endpoints.strict_reader import Json, read_stream, read_whole
from tests.endpoints.typed_requests import JSON, TEXT, chat_requests, each_object

UNKNOWN = "not a field of this API"


def decode(body: Any) -> DecodedRequest:
    return CHAT_COMPLETIONS.decode(body if isinstance(body, bytes) else json.dumps(body).encode(), "claude-default")


def survives(body: bytes) -> None:
    """Either it is refused as the caller's mistake, or it makes a request that can be sent."""
    with suppress(InvalidRequest):
        json.loads(messages.encode_request(decode(body).request))


@given(st.binary(max_size=200))
def test_any_bytes(body: bytes) -> None:
    survives(body)


@given(st.dictionaries(st.sampled_from(sorted(REQUEST)) | TEXT, JSON, max_size=6), st.booleans())
def test_any_json_in_any_field(fields: Json, with_messages: bool) -> None:
    survives(json.dumps(({"messages": [HELLO]} if with_messages else {}) | fields).encode())


@given(chat_requests(), st.data())
def test_a_valid_request_with_one_value_turned_into_another(request: Json, data: st.DataObject) -> None:
    places: list[tuple[Json, str]] = []
    each_object(request, lambda value, _: places.extend((value, name) for name in value))
    place, name = data.draw(st.sampled_from(places))
    place[name] = data.draw(JSON)
    survives(json.dumps(request).encode())


@given(chat_requests(), st.data())
def test_a_valid_request_with_a_byte_changed(request: Json, data: st.DataObject) -> None:
    body = bytearray(json.dumps(request).encode())
    body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    survives(bytes(body))


@given(chat_requests())
def test_a_valid_request_is_translated_and_keeps_its_words(request: Json) -> None:
    asking = decode(request)
    sent = json.loads(messages.encode_request(asking.request))
    assert sent["model"] == (request["model"] or "claude-default")
    assert [note.path for note in asking.adjustments if note.reason == UNKNOWN] == []
    words = json.dumps(sent)
    for message in request["messages"]:
        if isinstance(message.get("content"), str):
            assert json.dumps(message["content"])[1:-1] in words


@given(chat_requests())
def test_null_and_absent_are_the_same(request: Json) -> None:
    asking = decode(request)
    absent = REQUEST.keys() - request.keys()
    with_nulls = decode(request | dict.fromkeys(absent))
    for part in ("request", "adjustments", "stream", "n", "shape"):
        assert getattr(with_nulls, part) == getattr(asking, part)


@given(chat_requests(), st.data())
def test_every_unknown_field_is_named_and_changes_nothing(request: Json, data: st.DataObject) -> None:
    asking = decode(request)
    typed: list[tuple[Json, str]] = []
    each_object(request, lambda value, path: typed.append((value, path)) if _is_typed(path) else None)
    chosen = data.draw(st.lists(st.sampled_from(typed), min_size=1, unique_by=lambda place: place[1]))
    for value, _ in chosen:
        value["zz"] = data.draw(JSON.filter(lambda value: value is not None))
    with_unknown = decode(request)
    named = [note.path for note in with_unknown.adjustments if note.reason == UNKNOWN]
    assert sorted(named) == sorted(f"{path}.zz".lstrip(".") for _, path in chosen)
    assert messages.encode_request(with_unknown.request) == messages.encode_request(asking.request)


def _is_typed(path: str) -> bool:
    """Whether the API says which fields an object has: not so where JSON Schema or labels stand."""
    open_data = ("parameters", "schema", "logit_bias", "metadata", "prediction", "moderation", "audio", "prompt_cache")
    return not any(name in path for name in open_data)


@given(st.text(st.characters(codec=None), max_size=30))
@example("\ud800")
@example("\udc00\ud800")
@example("\\\ud83d")
@example("\ud83d\ude00")
def test_half_characters_are_replaced_and_whole_ones_kept(text: str) -> None:
    mended = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    tool = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "title": text}}}
    call = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": json.dumps({"at": text})}}
    conversation = [{"role": "user", "content": f"{text}."}, {"role": "assistant", "tool_calls": [call]}]
    sent = json.loads(messages.encode_request(decode({"messages": conversation, "tools": [tool]}).request))
    assert sent["messages"][0]["content"][0]["text"] == f"{mended}."
    assert sent["messages"][1]["content"][0]["input"] == {"at": mended}
    assert sent["tools"][0]["input_schema"]["title"] == mended


@pytest.mark.parametrize("depth", [100, 10_000, 1_000_000])
@pytest.mark.parametrize("place", ["unknown", "metadata", "tools", "arguments", "messages"])
def test_deep_nesting_is_taken_or_refused(depth: int, place: str) -> None:
    deep = b"[" * depth + b"]" * depth
    hello = json.dumps(HELLO).encode()
    bodies = {
        "unknown": b'{"zz":%b,"messages":[%b]}' % (deep, hello),
        "metadata": b'{"metadata":%b,"messages":[%b]}' % (deep, hello),
        "tools": b'{"tools":[{"type":"function","function":{"name":"f","parameters":{"a":%b}}}],"messages":[%b]}'
        % (deep, hello),
        "arguments": b'{"messages":[{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":'
        b'{"name":"f","arguments":"%b"}}]}]}' % deep,
        "messages": b'{"messages":%b}' % deep,
    }
    try:
        asking = decode(bodies[place])
    except InvalidRequest:
        assert depth > 100 or place == "messages"
        return
    messages.encode_request(asking.request)


@pytest.mark.parametrize("number", ["1e999", "-1e999", "1" * 400, "-" + "9" * 400, "1.0e300", "9223372036854775808"])
@pytest.mark.parametrize("field", sorted(REQUEST))
def test_huge_numbers(field: str, number: str) -> None:
    hello = "" if field == "messages" else f',"messages":[{json.dumps(HELLO)}]'
    survives(f'{{"{field}":{number}{hello}}}'.encode())


WORDS = st.text(max_size=10)
CITATION = st.fixed_dictionaries({
    "type": st.just("web_search_result_location"),
    "url": WORDS,
    "title": WORDS | st.none(),
})
INPUT = st.dictionaries(WORDS, JSON, max_size=2) | st.fixed_dictionaries({"input": WORDS})
BLOCK: st.SearchStrategy[messages.Block] = st.one_of(
    st.builds(
        messages.Text, WORDS, citations=st.lists(CITATION, max_size=2).map(lambda c: Raw(json.dumps(c).encode()))
    ),
    st.builds(messages.Thinking, WORDS, WORDS),
    st.builds(messages.RedactedThinking, WORDS),
    st.builds(
        messages.ToolUse,
        st.just("toolu_1"),
        st.sampled_from(["look", "write"]),
        INPUT.map(lambda value: Raw(json.dumps(value).encode())),
    ),
    st.just(messages.ServerToolUse("srvtoolu_1", "web_search", Raw(b'{"query":"x"}'))),
    st.just(messages.WebSearchToolResult("srvtoolu_1", Raw(b"[]"))),
    st.just(messages.UnknownBlock("hologram", b'{"type":"hologram"}')),
)
REASON = st.sampled_from(["end_turn", "stop_sequence", "max_tokens", "tool_use", "refusal", "pause_turn", "new_reason"])
COUNT = st.integers(0, 10_000) | st.none()
MESSAGE = st.builds(
    messages.Message,
    st.just("msg_1"),
    st.just("claude-x"),
    st.lists(BLOCK, max_size=5).map(tuple),
    stop_reason=REASON,
    stop_details=st.none() | st.builds(messages.StopDetails, explanation=WORDS),
    usage=st.builds(messages.Usage, COUNT, COUNT, COUNT, COUNT),
)
WRITE = {"type": "custom", "custom": {"name": "write"}}
SHAPES: dict[str, Json] = {"plain": {}, "custom": {"tools": [WRITE]}, "legacy": {"functions": [{"name": "look"}]}}


@given(MESSAGE, st.sampled_from(sorted(SHAPES)))
def test_whole_and_streamed_replies_say_the_same(message: messages.Message, shape: str) -> None:
    asking = decode({"messages": [HELLO], "stream_options": {"include_usage": True}} | SHAPES[shape])
    whole = read_whole(asking.reply((message,), CONTEXT))
    assert read_stream(streamed(asking, messages.as_events(message)), include_usage=True) == whole


@given(MESSAGE)
def test_a_message_spelt_out_as_events_is_the_same_message(message: messages.Message) -> None:
    again = accumulated(messages.as_events(message))
    assert read_whole(decode({"messages": [HELLO]}).reply((again,), CONTEXT)) == read_whole(
        decode({"messages": [HELLO]}).reply((message,), CONTEXT)
    )


TEXT_DELTA = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta"}}


@settings(max_examples=50)
@given(st.lists(WORDS, min_size=1, max_size=6), st.data())
def test_events_may_arrive_in_any_pieces(texts: list[str], data: st.DataObject) -> None:
    deltas = [TEXT_DELTA | {"delta": {"type": "text_delta", "text": text}} for text in texts]
    frames = b"".join(sse.encode(json.dumps(delta, ensure_ascii=False).encode()) for delta in deltas)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(frames)), max_size=10)))
    pieces = [frames[start:end] for start, end in zip([0, *cuts], [*cuts, len(frames)], strict=True)]
    assert [event.delta for event in decoded(pieces)] == [messages.TextDelta(text) for text in texts]  # type: ignore[union-attr]
