"""What is said about reasoning, in three dialects: what it comes to, what loses, and whether any of it is shown."""

import json
from typing import Any

import pytest

from claude_code_proxy import messages
from tests.endpoints.replies import CONTEXT, decode_chat, message, streamed, translated

SUMMARY = {"type": "adaptive", "display": "summarized"}
BUDGET = {"type": "enabled", "budget_tokens": 2000, "display": "summarized"}


@pytest.mark.parametrize(
    ("fields", "thinking", "effort"),
    [
        ({}, None, None),
        ({"reasoning_effort": "low"}, {"type": "adaptive"}, "low"),
        ({"reasoning_effort": "minimal"}, {"type": "adaptive"}, "minimal"),
        ({"reasoning_effort": "max"}, {"type": "adaptive"}, "max"),
        ({"reasoning_effort": "none"}, {"type": "disabled"}, None),
        ({"include_reasoning": True}, SUMMARY, None),
        ({"include_reasoning": False}, None, None),
        ({"include_reasoning": True, "reasoning_effort": "high"}, SUMMARY, "high"),
        ({"reasoning": {}}, None, None),
        ({"reasoning": {"exclude": False}}, None, None),
        ({"reasoning": {"effort": None, "max_tokens": None, "enabled": None}}, None, None),
        ({"reasoning": {"summary": "auto"}}, None, None),
        ({"reasoning": {"summary": "auto"}, "reasoning_effort": "low"}, SUMMARY, "low"),
        ({"reasoning": {"max_tokens": 0}}, {"type": "disabled"}, None),
        ({"reasoning": {"max_tokens": 0, "effort": "high"}}, {"type": "disabled"}, None),
        ({"thinking": {"type": "enabled", "budget_tokens": 0}}, {"type": "disabled"}, None),
        ({"thinking": {"type": "enabled", "budget_tokens": -1}}, {"type": "disabled"}, None),
        ({"reasoning": {"enabled": True}}, SUMMARY, None),
        ({"reasoning": {"enabled": False}}, {"type": "disabled"}, None),
        ({"reasoning": {"effort": "none"}}, {"type": "disabled"}, None),
        ({"reasoning": {"effort": "xhigh"}, "reasoning_effort": "low"}, SUMMARY, "xhigh"),
        ({"reasoning": {"effort": "high", "exclude": True}}, {"type": "adaptive"}, "high"),
        ({"reasoning": {"exclude": True}}, None, None),
        ({"reasoning": {"exclude": True, "enabled": True}}, {"type": "adaptive"}, None),
        ({"reasoning": {"effort": "high"}, "include_reasoning": False}, {"type": "adaptive"}, "high"),
        ({"reasoning_effort": "high", "include_reasoning": False}, {"type": "adaptive"}, "high"),
        ({"reasoning": {"max_tokens": 2000}}, BUDGET, None),
        ({"reasoning": {"effort": "high"}, "reasoning_effort": "none"}, SUMMARY, "high"),
        ({"reasoning": {"effort": "none"}, "reasoning_effort": "high"}, {"type": "disabled"}, None),
        ({"thinking": {"type": "enabled", "budget_tokens": 2000}}, BUDGET, None),
        ({"thinking": {"type": "enabled"}}, SUMMARY, None),
        ({"thinking": {"type": "adaptive", "display": "omitted"}}, {"type": "adaptive", "display": "omitted"}, None),
        ({"thinking": {"type": "disabled"}, "reasoning_effort": "high"}, {"type": "disabled"}, "high"),
        ({"thinking": {"type": "between_tools"}}, {"type": "between_tools"}, None),
    ],
)
def test_thinking_and_effort(fields: Any, thinking: Any, effort: str | None) -> None:
    made = translated(**fields)
    assert made.get("thinking") == thinking
    assert made.get("output_config", {}).get("effort") == effort


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"reasoning_effort": "high"}, []),
        ({"reasoning": {"effort": "high"}, "reasoning_effort": "high"}, []),
        ({"reasoning": {"effort": "high"}, "reasoning_effort": "none"}, ["reasoning_effort=ignored"]),
        ({"reasoning": {"effort": "none"}, "reasoning_effort": "high"}, ["reasoning_effort=ignored"]),
        ({"reasoning": {"enabled": False, "effort": "high"}}, ["reasoning.effort=ignored"]),
        ({"reasoning": {"enabled": False}, "reasoning_effort": "high"}, ["reasoning_effort=ignored"]),
        ({"reasoning": {"enabled": False}, "reasoning_effort": "none"}, []),
        ({"reasoning": {"enabled": True, "effort": "none"}}, ["reasoning.enabled=ignored"]),
        ({"reasoning": {"max_tokens": 2000, "effort": "none"}}, ["reasoning.max_tokens=ignored"]),
        ({"reasoning": {"summary": "auto"}}, []),
        ({"reasoning": {"summary": "detailed"}}, ["reasoning.summary=ignored"]),
        ({"thinking": {"type": "adaptive"}, "reasoning": {"effort": "low"}}, ["reasoning=ignored"]),
        ({"thinking": {"type": "adaptive"}, "reasoning": {"exclude": True}}, []),
        ({"thinking": {"type": "adaptive"}, "reasoning_effort": "none"}, ["reasoning_effort=ignored"]),
        ({"thinking": {"type": "disabled"}, "reasoning_effort": "none"}, []),
        ({"thinking": {"type": "adaptive"}, "reasoning_effort": "low"}, []),
        ({"thinking": {"type": "enabled"}}, ["thinking=mapped"]),
        ({"thinking": {"type": "enabled", "budget_tokens": 0}}, ["thinking.budget_tokens=mapped"]),
        ({"reasoning": {"max_tokens": 0}}, ["reasoning.max_tokens=mapped"]),
        ({"reasoning": {"exclude": False}}, []),
        ({"thinking": {"type": "adaptive", "budget_tokens": 2000}}, ["thinking.budget_tokens=ignored"]),
    ],
)
def test_what_loses_is_told(fields: Any, told: list[str]) -> None:
    assert [f"{note.path}={note.action}" for note in decode_chat(**fields).adjustments] == told


THOUGHT = (
    messages.Thinking("Let me see.", "c2ln"),
    messages.RedactedThinking("ZGF0YQ=="),
    messages.Text("Yes."),
)


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({}, True),
        ({"reasoning": {}}, True),
        ({"include_reasoning": True}, True),
        ({"include_reasoning": False}, False),
        ({"reasoning": {"exclude": True}}, False),
        ({"reasoning": {"exclude": True, "effort": "high"}}, False),
        ({"reasoning": {"exclude": True}, "include_reasoning": True}, False),
        ({"reasoning": {"exclude": True}, "thinking": {"type": "enabled", "budget_tokens": 2000}}, False),
    ],
)
def test_what_is_to_stay_out_stays_out(fields: Any, *, shown: bool) -> None:
    """Whatever the upstream tells: some models cannot keep it to themselves."""
    reply = message(*THOUGHT)
    whole = decode_chat(**fields).reply((reply,), CONTEXT).decode()
    stream = streamed(decode_chat(**fields), messages.as_events(reply)).decode()
    assert json.loads(whole)["choices"][0]["message"]["content"] == "Yes."
    for text in (whole, stream):
        assert [word in text for word in ("reasoning_content", "thinking_blocks", "Let me see", "c2ln")] == [shown] * 4


def test_of_thinking_that_nobody_sees_no_summary_is_asked_for() -> None:
    fields = {"reasoning": {"exclude": True}, "thinking": {"type": "enabled", "budget_tokens": 2000}}
    assert translated(**fields)["thinking"] == {"type": "enabled", "budget_tokens": 2000, "display": "omitted"}
