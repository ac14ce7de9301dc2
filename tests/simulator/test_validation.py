"""The order of the rules: shape, then the model, then everything else, and the length at last."""

import contextlib
import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from claude_code_proxy.simulator import betas
from claude_code_proxy.simulator.answers import envelope
from claude_code_proxy.simulator.answers.answer import compose
from claude_code_proxy.simulator.answers.intent import read_intent
from claude_code_proxy.simulator.answers.prompt_cache import PromptCache
from claude_code_proxy.simulator.models import MODELS
from claude_code_proxy.simulator.parsed_request import Caller
from claude_code_proxy.simulator.refusal import Refusal
from claude_code_proxy.simulator.validation import RULES, validate
from claude_code_proxy.simulator.wire import events
from tests.simulator.recorded import modernize, recordings
from tests.simulator.requests import (
    OLD,
    PLAIN,
    SEARCH,
    WEATHER,
    Json,
    accept,
    assistant,
    call,
    document,
    get_refusal,
    image,
    make_request,
    refusal_message,
    result,
    system,
    text,
    user,
)


def test_shape_comes_before_the_model_and_the_model_before_the_rules() -> None:
    assert get_refusal(make_request(model="nobody", foo=1)).message == "foo: Extra inputs are not permitted"
    assert get_refusal(make_request(model="nobody", stop_sequences=[" "])).message == "model: nobody"


def test_no_rule_stands_twice() -> None:
    assert len(set(RULES)) == len(RULES) == 11


def test_a_prompt_longer_than_the_window() -> None:
    words = refusal_message(make_request("word " * 200_000, model=OLD))
    assert words == "prompt is too long: 250004 tokens > 200000 maximum"
    accept(make_request("word " * 200_000, model=PLAIN))
    accept({"model": OLD, "messages": [user("word " * 200_000)]}, counting=True)


def test_a_full_window_with_much_to_say_is_accepted() -> None:
    accept(make_request(user("word " * 150_000), model=OLD, max_tokens=64000))


SEEDS: list[Json] = [
    make_request(
        user(text("weather", cache_control={"type": "ephemeral"}), image(), document(citations={"enabled": True})),
        assistant(text("b"), call(city="Rome")),
        user(result(content=[text("a"), image()])),
        system("c"),
        model="claude-haiku-5-5",
        system=[text("s")],
        tools=[WEATHER, SEARCH],
        tool_choice={"type": "auto", "disable_parallel_tool_use": True},
        thinking={"type": "adaptive", "display": "summarized"},
        output_config={"effort": "high"},
        stop_sequences=["x"],
        metadata={"user_id": "u"},
    ),
    make_request(
        output_config={
            "format": {"type": "json_schema", "schema": {"$ref": "#/$defs/a", "$defs": {"a": {"type": "string"}}}}
        },
        max_tokens=4000,
        model=OLD,
        thinking={"type": "enabled", "budget_tokens": 2000},
    ),
    *(modernize(one["request"]) for _, one in recordings() if one["response"]["status"] == 200),
]
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 10**9),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5),
    st.sampled_from([
        "text",
        "tool_use",
        "tool_result",
        "thinking",
        "ephemeral",
        "auto",
        "any",
        "user",
        "system",
        "\x80",
    ]),
    st.sampled_from([model.id for model in MODELS]),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(
        st.sampled_from(["type", "text", "content", "properties", "items", "$ref"]), st.text(max_size=3), max_size=2
    ),
)


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(place for name, one in inner for place in places(one, (*at, name)))]


@settings(deadline=None, max_examples=600)
@given(st.data())
def test_whatever_is_sent_is_accepted_and_answered_or_refused(data: st.DataObject) -> None:
    body = copy.deepcopy(data.draw(st.sampled_from(SEEDS)))
    for _ in range(data.draw(st.integers(1, 3))):
        *way, last = data.draw(st.sampled_from(places(body)[1:]))
        inner = body
        for step in way:
            inner = inner[step]
        if data.draw(st.integers(0, 4)) == 0 and isinstance(inner, dict):
            del inner[last]
        else:
            inner[last] = data.draw(JUNK)
    with contextlib.suppress(Refusal):
        request = validate(body, Caller(betas=betas.KNOWN))
        answer = compose(request, read_intent(request), new_id=lambda prefix: f"{prefix}1")
        message = envelope.message(request, answer, cached=PromptCache().use(request, 0.0), message_id="msg_1")
        assert events.frames(message, cut_json=answer.cut_json)
