"""What an answer is made of, and where it stops: thinking, refusals, stop sequences, limits."""

import json
from typing import Any

import pytest

from claude_code_proxy.simulator import betas
from tests.simulator.requests import (
    CLOCK,
    NEW,
    OLD,
    PLAIN,
    WEATHER,
    Json,
    answer_text,
    answer_to,
    assistant,
    call,
    continue_with,
    make_request,
    result,
    user,
)


@pytest.mark.parametrize(
    ("fields", "kinds", "shown"),
    [
        ({"model": PLAIN}, ["text"], None),
        ({"model": PLAIN, "thinking": {"type": "adaptive"}}, ["thinking", "text"], True),
        ({"model": PLAIN, "thinking": {"type": "adaptive", "display": "omitted"}}, ["thinking", "text"], False),
        ({"model": NEW}, ["thinking", "text"], False),
        ({"model": NEW, "thinking": {"type": "adaptive", "display": "summarized"}}, ["thinking", "text"], True),
        ({"model": "claude-sonnet-5", "thinking": {"type": "disabled"}}, ["text"], None),
        ({"model": "claude-sonnet-5-5", "thinking": {"type": "between_tools"}}, ["text"], None),
        ({"model": "claude-opus-4-8"}, ["text"], None),
        (
            {"model": OLD, "max_tokens": 3000, "thinking": {"type": "enabled", "budget_tokens": 2000}},
            ["thinking", "text"],
            True,
        ),
    ],
    ids=str,
)
def test_thinking(fields: Json, kinds: list[str], shown: bool | None) -> None:
    answer = answer_to(make_request("Hello", **fields))
    assert [block["type"] for block in answer.blocks] == kinds
    if shown is not None:
        assert bool(answer.blocks[0]["thinking"]) is shown
        assert 0 < answer.thinking_tokens < answer.output_tokens


def test_thinking_within_a_tool_loop() -> None:
    budget: Json = {"model": OLD, "max_tokens": 3000, "thinking": {"type": "enabled", "budget_tokens": 2000}}
    body = make_request("weather in Rome?", tools=[WEATHER], **budget)
    first = answer_to(body)
    looping = continue_with(body, first, user(result(first.blocks[-1]["id"])))
    assert [block["type"] for block in answer_to(looping).blocks] == ["text"]
    assert [block["type"] for block in answer_to(looping, betas.INTERLEAVED).blocks] == ["thinking", "text"]
    between: Json = {"model": "claude-sonnet-5-5", "thinking": {"type": "between_tools"}, "tools": [WEATHER]}
    body = make_request("a", assistant(call()), user(result()), **between)
    assert [block["type"] for block in answer_to(body).blocks] == ["thinking", "text"]


def test_a_forced_call_is_not_thought_about() -> None:
    body = make_request("Hello", model="claude-opus-5", tools=[WEATHER], tool_choice={"type": "any"})
    assert [block["type"] for block in answer_to(body).blocks] == ["tool_use"]


def test_a_refusal() -> None:
    answer = answer_to(make_request("[[simulate: refusal=cyber]] Hello"))
    assert (answer.blocks, answer.stop_reason) == ([], "refusal")
    assert answer.stop_details == {
        "type": "refusal",
        "category": "cyber",
        "explanation": "This simulated request was declined.",
    }
    magic = "ANTHROPIC_MAGIC_STRING_TRIGGER_REFUSAL_1FAEFB6177B4672DEE07F9D3AFC62588CCD2631EDCF22E8CCC1FB35B501C9C86"
    assert answer_to(make_request(magic)).stop_reason == "refusal"


def test_odd_turns_on_demand() -> None:
    assert (
        answer_to(make_request("[[simulate: empty]] a")).blocks,
        answer_to(make_request("[[simulate: empty]] a")).stop_reason,
    ) == (
        [],
        "end_turn",
    )
    thinking_tokens = answer_to(make_request("[[simulate: thinking-only]] a", model=NEW))
    assert [block["type"] for block in thinking_tokens.blocks] == ["thinking"]
    assert [block["type"] for block in answer_to(make_request("[[simulate: no-thinking]] a", model=NEW)).blocks] == [
        "text"
    ]
    assert answer_to(make_request("[[simulate: unknown]] a")).blocks[0]["type"] == "simulated_novelty"


@pytest.mark.parametrize(
    ("sequences", "expected", "hit"),
    [
        (["3"], "1, 2, ", "3"),
        (["4", "3"], "1, 2, ", "3"),
        ([", 2"], "1", ", 2"),
        (["x"], "1, 2, 3, 4, 5", None),
    ],
)
def test_stop_sequences(sequences: list[str], expected: str, hit: str | None) -> None:
    answer = answer_to(make_request("Count to 5", stop_sequences=sequences))
    assert (answer_text(answer), answer.stop_sequence) == (expected, hit)
    assert answer.stop_reason == ("stop_sequence" if hit else "end_turn")


def test_a_stop_sequence_at_the_start_leaves_nothing() -> None:
    assert answer_to(make_request("Reply with exactly: alpha", stop_sequences=["alpha"])).blocks == []


def test_max_tokens() -> None:
    answer = answer_to(make_request("Count to 50", max_tokens=7))
    assert (answer_text(answer), answer.stop_reason, answer.output_tokens) == ("1, 2, 3, 4, 5, 6, 7,", "max_tokens", 7)
    exact = answer_to(make_request("Count to 7", max_tokens=7))
    assert exact.stop_reason == "end_turn"


def test_max_tokens_inside_a_call() -> None:
    tool = {
        **WEATHER,
        "input_schema": {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]},
    }
    body = make_request("weather " * 40, tools=[tool], tool_choice={"type": "any"}, max_tokens=10)
    answer = answer_to(body)
    assert (answer.stop_reason, answer.output_tokens, answer.blocks[-1]["input"]) == ("max_tokens", 10, {})
    assert answer.cut_json is not None
    assert answer.cut_json.startswith('{"query": "weather')
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.cut_json)


def test_a_full_window_ends_an_answer_too() -> None:
    body = make_request("word " * 159_990 + "[[simulate: words=500]]", model=OLD, max_tokens=1000)
    answer = answer_to(body)
    assert answer.stop_reason == "model_context_window_exceeded"


def test_it_is_deterministic() -> None:
    body: dict[str, Any] = make_request("weather and time in Rome?", tools=[WEATHER, CLOCK], model=NEW)
    assert answer_to(body) == answer_to(body)
