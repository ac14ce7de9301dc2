"""Any answer that the simulator gives is one that it takes back as history, whole or as its stream adds up."""

import itertools
from typing import Any

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from claude_code_proxy.simulator import betas
from claude_code_proxy.simulator.answers import envelope
from claude_code_proxy.simulator.answers.answer import compose
from claude_code_proxy.simulator.answers.intent import read
from claude_code_proxy.simulator.answers.prompt_cache import Cached
from claude_code_proxy.simulator.models import MODELS
from claude_code_proxy.simulator.refusal import Refusal
from claude_code_proxy.simulator.validation import judge
from claude_code_proxy.simulator.wire import events
from tests.simulator.asking import (
    CLOCK,
    SEARCH,
    WEATHER,
    Json,
    accepted,
    answered,
    asking,
    assistant,
    document,
    image,
    result,
    text,
    user,
)
from tests.simulator.recorded import RECORDINGS, caller_of, living, recordings
from tests.simulator.streams import events_of, rebuilt
from tests.simulator.test_recordings import EXCEPTIONS

NUMBERS = itertools.count(1)

WORDS = [
    "Hello",
    "weather in Rome",
    "get_time now",
    "search the web",
    "count to 30",
    "only JSON please",
    "steps: 3",
    "ünï 😀",
]
DIRECTIVES = ["", "[[simulate: words=40]]", "[[simulate: thinking-only]]", "[[simulate: pause]]"]
THINKING: list[Json | None] = [
    None,
    {"type": "adaptive"},
    {"type": "adaptive", "display": "summarized"},
    {"type": "disabled"},
    {"type": "between_tools"},
    {"type": "enabled", "budget_tokens": 1024},
]
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}


@st.composite
def requests(draw: st.DrawFn) -> Json:
    words = " ".join(draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=3)))
    blocks = [text(f"{words} {draw(st.sampled_from(DIRECTIVES))}")]
    blocks += draw(st.lists(st.sampled_from([image(), document(), document(citations={"enabled": True})]), max_size=2))
    fields: dict[str, Any] = {
        "model": draw(st.sampled_from(MODELS)).id,
        "max_tokens": draw(st.sampled_from([1, 3, 9, 20, 2000])),
        "tools": draw(st.lists(st.sampled_from([WEATHER, CLOCK, SEARCH]), unique_by=lambda tool: tool["name"])),
        "stop_sequences": draw(st.lists(st.sampled_from(["e", "5", "you"]), max_size=2)),
    }
    thinking = draw(st.sampled_from(THINKING))
    if thinking:
        fields["thinking"] = thinking
    if draw(st.booleans()):
        fields["system"] = "Be brief."
    if draw(st.integers(0, 4)) == 0:
        fields["output_config"] = {"format": {"type": "json_schema", "schema": SCHEMA}}
    if fields["tools"] and draw(st.integers(0, 2)) == 0:
        fields["tool_choice"] = draw(
            st.sampled_from([{"type": "any"}, {"type": "auto", "disable_parallel_tool_use": True}])
        )
    return asking(user(*blocks), **fields)


def reply_to(blocks: list[Json]) -> Json:
    """What a client says next."""
    calls = [block["id"] for block in blocks if block["type"] == "tool_use"]
    return user(*(result(called, "done") for called in calls), text("And now?"))


ALL = [(name, one) for name, one in recordings() if one["response"]["status"] == 200 and "max_tokens" in one["request"]]


@pytest.mark.skipif(not ALL, reason=f"there are no recordings in {RECORDINGS}")
@pytest.mark.parametrize(("name", "recording"), [pytest.param(name, one, id=name) for name, one in ALL])
def test_recorded_requests_are_answered_and_go_on(name: str, recording: Json) -> None:
    if name in EXCEPTIONS:
        pytest.skip(EXCEPTIONS[name])
    caller = caller_of(recording)
    body = living(recording["request"])
    asked = judge(body, caller)
    made = compose(asked, read(asked), new_id=lambda prefix: f"{prefix}{next(NUMBERS):022}")
    assert made.blocks or "stop_sequences" in body
    if made.blocks:
        judge({**body, "messages": [*body["messages"], assistant(*made.blocks), reply_to(made.blocks)]}, caller)


@settings(deadline=None, max_examples=300)
@given(requests(), st.booleans())
def test_answers_go_back_as_history(body: Json, streamed: bool) -> None:
    for _ in range(5):
        try:
            made = answered(body, betas.INTERLEAVED)
        except Refusal:
            reject()
        message = envelope.message(accepted(body, betas.INTERLEAVED), made, cached=Cached(), message_id="msg_1")
        frames = events.frames(message, cut_json=made.cut_json)
        from_stream = rebuilt(events_of(b"".join(frame.data for frame in frames)))
        assert from_stream["content"] == message["content"]
        if not made.blocks or made.blocks[-1]["type"] in {"thinking", "redacted_thinking"}:
            return  # no turn may end in thinking
        content = from_stream["content"] if streamed else made.blocks
        following = [] if made.stop_reason == "pause_turn" else [reply_to(content)]
        body = {**body, "messages": [*body["messages"], assistant(*content), *following]}
        accepted(body, betas.INTERLEAVED)
