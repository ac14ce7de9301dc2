"""The streamed reply, event by event. What the fixtures show is not said again."""

import json

import pytest
from msgspec import Raw

from claude_code_proxy import messages
from claude_code_proxy.endpoints.endpoint import StreamTranslator
from claude_code_proxy.errors import UpstreamBroke
from tests.endpoints.replies import CONTEXT, decode_chat, message, streamed
from tests.endpoints.strict_reader import read_error, read_stream

START = messages.MessageStart(messages.Message("msg_1", "claude-x", (), usage=messages.Usage(10, 1)))
END = messages.MessageDelta(messages.DeltaBody("end_turn"), messages.Usage(output_tokens=5))
STOP = messages.MessageStop()
CALL = messages.ToolUse("toolu_1", "look", Raw(b"{}"))


def translator(**fields: object) -> StreamTranslator:
    (only,) = decode_chat(stream=True, **fields).translators(CONTEXT)
    return only


def delta(of: messages.Delta) -> messages.ContentBlockDelta:
    return messages.ContentBlockDelta(0, of)


def deltas(frames: bytes) -> list[object]:
    lines = [line.removeprefix("data: ") for line in frames.decode().split("\n\n") if line]
    return [choice["delta"] for line in lines if line != "[DONE]" for choice in json.loads(line)["choices"]]


def test_text_goes_out_as_it_comes() -> None:
    stream = translator()
    stream.feed(START)
    stream.feed(messages.ContentBlockStart(0, messages.Text("")))
    assert deltas(stream.feed(delta(messages.TextDelta("é\n")))) == [{"content": "é\n"}]
    assert stream.feed(delta(messages.TextDelta(""))) == b""


def test_events_that_say_nothing_to_the_client_make_no_frame() -> None:
    stream = translator()
    quiet = (
        messages.Ping(),
        messages.UnknownEvent("weather"),
        delta(messages.UnknownDelta("glitter_delta")),
        delta(messages.SignatureDelta("x")),
        messages.ContentBlockStart(0, messages.UnknownBlock("hologram", b"{}")),
        messages.ContentBlockStop(0),
        messages.ContentBlockStop(0),
        END,
        STOP,
    )
    assert [stream.feed(event) for event in quiet] == [b""] * len(quiet)


def test_arguments_of_a_hosted_tool_are_not_the_clients() -> None:
    stream = translator()
    stream.feed(START)
    search = messages.ServerToolUse("srvtoolu_1", "web_search", Raw(b"{}"))
    events = (
        messages.ContentBlockStart(0, search),
        delta(messages.InputJsonDelta('{"query"')),
        messages.ContentBlockStop(0),
    )
    assert b"".join([stream.feed(event) for event in events]) == b""


def test_the_role_is_said_once_even_if_the_message_starts_again() -> None:
    stream = translator()
    assert deltas(stream.feed(START)) == [{"role": "assistant", "content": "", "refusal": None}]
    assert stream.feed(START) == b""


def test_a_block_may_start_with_something_in_it() -> None:
    call = messages.ToolUse("toolu_1", "look", Raw(b'{"at":"it"}'))
    events: list[messages.Event] = [START]
    for block in (messages.Thinking("Hm", ""), messages.Text("A", citations=Raw(b'[{"url":"https://a"}]')), call):
        events += [messages.ContentBlockStart(0, block), messages.ContentBlockStop(0)]
    (choice,) = read_stream(streamed(decode_chat(), [*events, END, STOP])).choices
    assert (choice.reasoning, choice.content) == ("Hm", "A")
    assert choice.annotations[0]["url_citation"]["end_index"] == 1
    assert choice.calls[0]["function"]["arguments"] == '{"at":"it"}'


def test_a_call_that_never_says_it_ended_is_a_call_all_the_same() -> None:
    end = messages.MessageDelta(messages.DeltaBody("tool_use"))
    (choice,) = read_stream(streamed(decode_chat(), [START, messages.ContentBlockStart(0, CALL), end, STOP])).choices
    assert (choice.calls[0]["function"]["arguments"], choice.finish_reason) == ("{}", "tool_calls")


def test_annotations_are_counted_through_all_blocks() -> None:
    cited = messages.Text("A", Raw(b'[{"type":"web_search_result_location","url":"https://a.example/"}]'))
    frames = streamed(decode_chat(stream=True), messages.as_events(message(cited, cited)))
    found = [one for each in deltas(frames) if isinstance(each, dict) for one in each.get("annotations", [])]
    assert [(one["index"], one["url_citation"]["start_index"]) for one in found] == [(0, 0), (1, 1)]


def test_a_reason_to_end_outlives_what_is_told_after_it() -> None:
    cut = messages.MessageDelta(messages.DeltaBody("max_tokens"))
    more = messages.MessageDelta(messages.DeltaBody(), messages.Usage(output_tokens=9))
    (choice,) = read_stream(streamed(decode_chat(stream=True), [START, cut, more, STOP])).choices
    assert choice.finish_reason == "length"


@pytest.mark.parametrize("events", [[], [START], [START, END]])
def test_a_stream_that_ends_early_does_not_end_well(events: list[messages.Event]) -> None:
    stream = translator()
    frames = b"".join([stream.feed(event) for event in events])
    assert b'finish_reason":"' not in frames
    with pytest.raises(UpstreamBroke):
        stream.close()


def test_a_failure_is_one_error_frame_and_no_end() -> None:
    frame = translator().fail(UpstreamBroke("The upstream broke off."))
    assert frame.startswith(b"data: ")
    assert frame.endswith(b"\n\n")
    assert read_error(frame.removeprefix(b"data: "))["message"] == "The upstream broke off."


def test_usage_is_known_as_far_as_it_was_told() -> None:
    stream = translator()
    assert stream.usage == messages.Usage()
    stream.feed(START)
    assert stream.usage == messages.Usage(10, 1)
    stream.feed(END)
    assert stream.usage == messages.Usage(10, 5)


def test_choices_may_be_mixed_and_the_last_to_close_ends_the_reply() -> None:
    asking = decode_chat(stream=True, n=3, stream_options={"include_usage": True})
    streams = asking.translators(CONTEXT)
    texts = ("A", "B", "C")
    pending = [list(messages.as_events(message(messages.Text(text)))) for text in texts]
    frames = b""
    for events in zip(*pending, strict=True):
        frames += b"".join(stream.feed(event) for stream, event in zip(streams, events, strict=True))
    closings = [streams[index].close() for index in (1, 0, 2)]
    assert [closing.count(b"[DONE]") for closing in closings] == [0, 0, 1]
    reply = read_stream(frames + b"".join(closings), include_usage=True)
    assert [choice.content for choice in reply.choices] == ["A", "B", "C"]
    assert reply.usage is not None
    assert (reply.usage["prompt_tokens"], reply.usage["completion_tokens"]) == (30, 15)


def test_usage_is_absent_unless_asked_for() -> None:
    frames = streamed(decode_chat(stream=True), messages.as_events(message(messages.Text("A"))))
    assert b"usage" not in frames


def test_a_custom_call_comes_whole() -> None:
    stream = translator(tools=[{"type": "custom", "custom": {"name": "look"}}])
    stream.feed(START)
    assert stream.feed(messages.ContentBlockStart(0, CALL)) == b""
    assert stream.feed(delta(messages.InputJsonDelta('{"input":"A'))) == b""
    assert stream.feed(delta(messages.InputJsonDelta('"}'))) == b""
    assert deltas(stream.feed(messages.ContentBlockStop(0))) == [
        {"tool_calls": [{"index": 0, "id": "toolu_1", "type": "custom", "custom": {"name": "look", "input": "A"}}]}
    ]
