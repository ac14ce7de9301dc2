"""The frames around a delta, and how a reply of several choices ends."""

import json

import pytest

from claude_code_proxy import messages
from claude_code_proxy.endpoints.endpoint import ReplyContext
from claude_code_proxy.endpoints.openai.stream import ChoiceStream, ChunkKind, Ending, Template
from claude_code_proxy.errors import UpstreamBroke
from tests.endpoints.replies import CONTEXT
from tests.endpoints.strict_reader import read_error

KIND = ChunkKind("text_completion", "text")


def template(*, include_usage: bool = False, context: ReplyContext = CONTEXT) -> Template:
    return Template.of(context, 2, kind=KIND, include_usage=include_usage)


class Silent(ChoiceStream):
    """Says nothing but that it is finished."""

    def __init__(self, ending: Ending, template: Template) -> None:
        self._ending = ending
        self._template = template

    def feed(self, event: messages.Event) -> bytes:
        self._stopped = isinstance(event, messages.MessageStop)
        return b""

    def _finish(self) -> bytes:
        return self._template.finish_frame(b'""', "stop")


def frame_of(data: bytes) -> dict[str, object]:
    assert data.startswith(b"data: ")
    assert data.endswith(b"\n\n")
    frame: dict[str, object] = json.loads(data.removeprefix(b"data: "))
    return frame


@pytest.mark.parametrize("include_usage", [True, False])
def test_an_ordinary_frame_is_a_delta_between_two_constants(include_usage: bool) -> None:
    made = template(include_usage=include_usage)
    assert frame_of(made.head + b'"A"' + made.unfinished) == {
        "id": CONTEXT.id,
        "object": "text_completion",
        "created": CONTEXT.created,
        "model": CONTEXT.model,
        "choices": [{"index": 2, "text": "A", "logprobs": None, "finish_reason": None}],
    } | ({"usage": None} if include_usage else {})


def test_the_last_one_has_a_reason() -> None:
    frame = frame_of(template().finish_frame(b'""', "stop"))
    assert frame["choices"] == [{"index": 2, "text": "", "logprobs": None, "finish_reason": "stop"}]


def test_the_tier_is_told_in_each_where_it_is_told_at_all() -> None:
    made = Template.of(CONTEXT, 0, kind=KIND, include_usage=True, tier="fast")
    frames = [made.finish_frame(b"1", "stop"), made.head + b"2" + made.unfinished]
    frames += [frame + b"\n\n" for frame in Ending(1, CONTEXT).frames(messages.Usage(1, 2), made).split(b"\n\n")[:1]]
    assert [frame_of(frame)["service_tier"] for frame in frames] == ["fast"] * 3


def test_names_cannot_break_the_frame() -> None:
    context = ReplyContext('a"b', 1, 'm\\"\n%d', lambda _: None)
    frame = frame_of(template(context=context).finish_frame(b"1", "stop"))
    assert (frame["id"], frame["model"]) == ('a"b', 'm\\"\n%d')


@pytest.mark.parametrize("include_usage", [True, False])
def test_the_last_choice_ends_the_reply(include_usage: bool) -> None:
    made, ending = template(include_usage=include_usage), Ending(2, CONTEXT)
    assert ending.frames(messages.Usage(1, 2), made) == b""
    *usage, done, _ = ending.frames(messages.Usage(3, 4), made).split(b"\n\n")
    assert done == b"data: [DONE]"
    frames = [frame_of(frame + b"\n\n") for frame in usage]
    assert len(frames) == include_usage
    for frame in frames:
        assert frame["choices"] == []
        assert frame["usage"]["total_tokens"] == 10  # type: ignore[index]


def test_a_choice_that_is_whole_ends_well() -> None:
    stream = Silent(Ending(1, CONTEXT), template())
    stream.feed(messages.MessageStop())
    assert stream.close() == template().finish_frame(b'""', "stop") + b"data: [DONE]\n\n"
    assert stream.usage == messages.Usage()


def test_a_choice_that_is_not_whole_does_not_end() -> None:
    with pytest.raises(UpstreamBroke):
        Silent(Ending(1, CONTEXT), template()).close()


def test_the_last_frame_of_a_broken_choice_is_the_error() -> None:
    frame = Silent(Ending(1, CONTEXT), template()).fail(UpstreamBroke("Broken."))
    assert read_error(frame.removeprefix(b"data: "))["message"] == "Broken."
