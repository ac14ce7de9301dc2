"""Real traffic through the endpoint: what the service really said, and what real clients really send."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claude_code_proxy import messages
from claude_code_proxy.endpoints.chat_completions import CHAT_COMPLETIONS
from claude_code_proxy.endpoints.endpoint import DecodedRequest
from claude_code_proxy.errors import InvalidRequest
from tests.endpoints import recordings
from tests.endpoints.replies import CONTEXT, accumulated, decode_chat, decoded, streamed
from tests.endpoints.strict_reader import Json, read_stream, read_whole

REPLIES = recordings.messages_replies()
STREAMS = {name: each["response"]["sse"].encode() for name, each in REPLIES.items() if each["response"].get("sse")}
REQUESTS = recordings.chat_requests()
WITH_REPLIES = {name: each for name, each in REQUESTS.items() if "response_fixture" in each}
AUDIO = dict.fromkeys(
    ("envoy-chat-audio-to-text", "pydanticai-openai-audio-url-input-s1"), "messages[0].content[1].input_audio"
)


def plain() -> DecodedRequest:
    return decode_chat(stream=True, stream_options={"include_usage": True})


@pytest.mark.parametrize("name", REPLIES)
def test_a_recorded_reply_is_readable_whole_and_streamed_and_says_the_same(name: str) -> None:
    message = recordings.message_of(REPLIES[name])
    whole = read_whole(plain().reply((message,), CONTEXT))
    assert read_stream(streamed(plain(), messages.as_events(message)), include_usage=True) == whole


@pytest.mark.parametrize("name", STREAMS)
def test_a_recorded_stream_becomes_chunks_that_add_up_to_the_whole_reply(name: str) -> None:
    events = decoded([STREAMS[name]])
    whole = read_whole(plain().reply((accumulated(events),), CONTEXT))
    assert read_stream(streamed(plain(), events), include_usage=True) == whole


@pytest.mark.parametrize("name", STREAMS)
@settings(max_examples=5)
@given(data=st.data())
def test_where_a_stream_is_cut_makes_no_difference(name: str, data: st.DataObject) -> None:
    stream = STREAMS[name]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=40)))
    pieces = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert decoded(pieces) == decoded([stream])


def test_every_byte_on_its_own() -> None:
    stream = STREAMS["rig-streaming-grammar-parallel-tool-use-stream"]
    assert decoded([bytes([byte]) for byte in stream]) == decoded([stream])


def test_the_recordings_show_what_they_are_here_for() -> None:
    """Else the tests above would pass for want of cases."""
    replies = [read_whole(plain().reply((recordings.message_of(each),), CONTEXT)) for each in REPLIES.values()]
    choices = [reply.choices[0] for reply in replies]
    assert len(choices) > 40
    assert len(STREAMS) > 20
    assert {choice.finish_reason for choice in choices} == {"stop", "length", "tool_calls", "content_filter"}
    assert max(len(choice.calls) for choice in choices) > 1
    for attribute in ("reasoning", "annotations", "thinking_blocks", "refusal"):
        assert any(getattr(choice, attribute) for choice in choices), attribute


@pytest.mark.parametrize("name", recordings.broken_streams())
def test_a_stream_that_broke_off_does_not_end_like_a_whole_one(name: str) -> None:
    events = decoded([recordings.broken_streams()[name]["response"]["sse"].encode()])
    assert isinstance(events[-1], messages.ErrorEvent)
    (translator,) = plain().translators(CONTEXT)
    frames = b"".join(translator.feed(event) for event in events[:-1])
    with pytest.raises(Exception, match="before the message was complete"):
        translator.close()
    assert b'"finish_reason":"' not in frames
    assert b"[DONE]" not in frames


@pytest.mark.parametrize("name", sorted(REQUESTS.keys() - AUDIO))
def test_a_recorded_request_is_understood(name: str) -> None:
    request = REQUESTS[name]["request"]
    asking = CHAT_COMPLETIONS.decode(json.dumps(request).encode(), "claude-default")
    assert asking.request.model == request.get("model", "claude-default")
    assert asking.stream == bool(request.get("stream"))
    assert asking.n == (request.get("n") or 1)
    assert [note for note in asking.adjustments if note.reason == "not a field of this API"] == []
    assert texts_of(request) <= texts_of(json.loads(messages.encode_request(asking.request)))


@pytest.mark.parametrize("name", AUDIO)
def test_audio_is_refused_by_the_name_of_its_part(name: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        CHAT_COMPLETIONS.decode(json.dumps(REQUESTS[name]["request"]).encode(), "claude-default")
    assert caught.value.param == AUDIO[name]


@pytest.mark.parametrize("name", WITH_REPLIES)
def test_a_reply_has_whatever_its_client_was_made_to_read(name: str) -> None:
    recording = WITH_REPLIES[name]
    asking = CHAT_COMPLETIONS.decode(json.dumps(recording["request"]).encode(), "claude-default")
    fixture = recording["response_fixture"]
    if "body" in fixture:
        call = fixture["body"]["choices"][0]["message"].get("tool_calls")
        ours = json.loads(asking.reply((a_reply(call=bool(call)),), CONTEXT))
        assert shape_of(fixture["body"]) - {"system_fingerprint"} <= shape_of(ours)
        return
    theirs = [json.loads(line[6:]) for line in fixture["sse"].splitlines() if line.startswith("data: {")]
    call = any("tool_calls" in choice["delta"] for chunk in theirs for choice in chunk["choices"])
    frames = streamed(asking, messages.as_events(a_reply(call=call))).decode()
    chunks = [json.loads(line[6:]) for line in frames.splitlines() if line.startswith("data: {")]
    optional = {"service_tier", "system_fingerprint"}
    missing = set().union(*map(shape_of, theirs)) - set().union(*map(shape_of, chunks))
    assert {path for path in missing if path.split(".")[0] not in optional} == set()


def a_reply(*, call: bool) -> messages.Message:
    body: Json = {
        "id": "msg_1",
        "model": "claude-x",
        "content": [
            {"type": "thinking", "thinking": "Well.", "signature": "c2ln"},
            {"type": "text", "text": "Hello."},
        ],
        "stop_reason": "tool_use" if call else "end_turn",
        "usage": {"input_tokens": 1, "output_tokens": 2},
    }
    if call:
        body["content"].append({"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"at": "it"}})
    return messages.decode_message(json.dumps(body).encode())


def shape_of(value: Any, path: str = "") -> set[str]:
    """Return the paths of all keys."""
    match value:
        case dict():
            return set().union(*(shape_of(inner, f"{path}.{key}".strip(".")) for key, inner in value.items()), {path})
        case list():
            return set().union(*(shape_of(inner, f"{path}[]") for inner in value), {path})
        case _:
            return {path}


def texts_of(request: Json) -> set[str]:
    """Every text that someone said, wherever it stands."""
    found = set()

    def look(value: Any) -> None:
        if isinstance(value, dict):
            words = value.get("text") or (value.get("content") if isinstance(value.get("content"), str) else "")
            if isinstance(words, str) and words.strip():
                found.add(words)
            for inner in value.values():
                look(inner)
        elif isinstance(value, list):
            for inner in value:
                look(inner)

    look({"messages": request["messages"], "system": request.get("system")})
    return found
