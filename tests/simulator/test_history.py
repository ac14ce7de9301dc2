"""Any answer that the simulator gives is one that it takes back as history, whole or as its stream adds up."""

import itertools
from typing import Any

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from claude_code_proxy.simulator import betas
from claude_code_proxy.simulator.answers import envelope
from claude_code_proxy.simulator.answers.answer import compose
from claude_code_proxy.simulator.answers.intent import read_intent
from claude_code_proxy.simulator.answers.prompt_cache import CacheUsage
from claude_code_proxy.simulator.models import MODELS
from claude_code_proxy.simulator.refusal import Refusal
from claude_code_proxy.simulator.validation import validate
from claude_code_proxy.simulator.wire import events
from tests.simulator.recorded import caller_of, modernize, recordings
from tests.simulator.requests import (
    CLOCK,
    SEARCH,
    WEATHER,
    Json,
    accept,
    answer_to,
    assistant,
    document,
    image,
    make_request,
    result,
    text,
    user,
)
from tests.simulator.streams import parse_events, rebuild
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
    return make_request(user(*blocks), **fields)


def reply_to(blocks: list[Json]) -> Json:
    """Return what a client says next."""
    calls = [block["id"] for block in blocks if block["type"] == "tool_use"]
    return user(*(result(called, "done") for called in calls), text("And now?"))


ALL = [
    pytest.param(one, id=name)
    for name, one in recordings()
    if one["response"]["status"] == 200 and "max_tokens" in one["request"] and name not in EXCEPTIONS
]


@pytest.mark.parametrize("recording", ALL)
def test_recorded_requests_are_answered_and_go_on(recording: Json) -> None:
    caller = caller_of(recording)
    body = modernize(recording["request"])
    request = validate(body, caller)
    answer = compose(request, read_intent(request), new_id=lambda prefix: f"{prefix}{next(NUMBERS):022}")
    assert answer.blocks or "stop_sequences" in body
    if answer.blocks:
        validate({**body, "messages": [*body["messages"], assistant(*answer.blocks), reply_to(answer.blocks)]}, caller)


@settings(deadline=None, max_examples=300)
@given(requests(), st.booleans())
def test_answers_go_back_as_history(body: Json, streamed: bool) -> None:
    for _ in range(5):
        try:
            answer = answer_to(body, betas.INTERLEAVED)
        except Refusal:
            reject()
        message = envelope.message(accept(body, betas.INTERLEAVED), answer, cached=CacheUsage(), message_id="msg_1")
        frames = events.frames(message, cut_json=answer.cut_json)
        from_stream = rebuild(parse_events(b"".join(frame.data for frame in frames)))
        assert from_stream["content"] == message["content"]
        if not answer.blocks or answer.blocks[-1]["type"] in {"thinking", "redacted_thinking"}:
            return  # no turn may end in thinking
        content = from_stream["content"] if streamed else answer.blocks
        following = [] if answer.stop_reason == "pause_turn" else [reply_to(content)]
        body = {**body, "messages": [*body["messages"], assistant(*content), *following]}
        accept(body, betas.INTERLEAVED)
