"""The streamed completion says what the whole one says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_code_proxy import messages
from claude_code_proxy.errors import UpstreamBroke
from tests.endpoints.chat_completions.test_properties import MESSAGE
from tests.endpoints.completions.completion_replies import decode_completion, read_stream, read_whole
from tests.endpoints.replies import CONTEXT, message, streamed
from tests.endpoints.strict_reader import read_error


@given(MESSAGE, st.booleans(), st.booleans())
def test_whole_and_streamed_say_the_same(answer: messages.Message, echo: bool, include_usage: bool) -> None:
    asking = decode_completion(echo=echo, stream_options={"include_usage": include_usage})
    choices, usage = read_whole(asking.reply((answer,), CONTEXT))
    assert read_stream(streamed(asking, messages.as_events(answer))) == (choices, usage if include_usage else None)


def test_choices_share_one_end() -> None:
    streams = decode_completion(n=2, echo=True, stream_options={"include_usage": True}).translators(CONTEXT)
    frames = b""
    for stream, text in zip(streams, "AB", strict=True):
        frames += b"".join([stream.feed(event) for event in messages.as_events(message(messages.Text(text)))])
        frames += stream.close()
    choices, usage = read_stream(frames)
    assert [choice.text for choice in choices] == ["OnceA", "OnceB"]
    assert usage["total_tokens"] == 30


def test_a_stream_that_ends_early_does_not_end_well() -> None:
    (stream,) = decode_completion().translators(CONTEXT)
    (start, *_) = messages.as_events(message())
    stream.feed(start)
    assert stream.usage == messages.Usage(10, 5)
    with pytest.raises(UpstreamBroke):
        stream.close()
    assert read_error(stream.fail(UpstreamBroke("Broken.")).removeprefix(b"data: "))["message"] == "Broken."
