"""A script is followed step by step, and goes on after a summary."""

from typing import Any

import pytest

from claude_code_proxy.simulator.answers.intent import read_intent
from claude_code_proxy.simulator.answers.replies import answer_blocks
from claude_code_proxy.simulator.answers.script import Script, follow, without_scripts
from claude_code_proxy.simulator.answers.tool_calls import calls
from claude_code_proxy.simulator.parsed_request import merge
from claude_code_proxy.simulator.refusal import Refusal
from tests.simulator.requests import WEATHER, accept, assistant, call, make_request, result, user

_SCRIPT = '[[script:\nget_weather {"city": "Oslo"}\nget_weather {"city": "Rome"}\nsay Both are known.\n]]'
_FIRST = (assistant(call("toolu_1")), user(result("toolu_1")))
_SECOND = (assistant(call("toolu_2")), user(result("toolu_2")))


def _answer(*messages: Any, **fields: Any) -> list[Any]:
    """Return the inputs of the calls that are made, else the texts."""
    request = accept(make_request(*messages, **{"tools": [WEATHER], **fields}))
    intent = read_intent(request)
    made = calls(request, intent, new_id=lambda prefix: f"{prefix}new")
    return [block["input"] for block in made] or [block["text"] for block in answer_blocks(request, intent)]


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ((user(_SCRIPT),), [{"city": "Oslo"}]),
        ((user(_SCRIPT), *_FIRST), [{"city": "Rome"}]),
        ((user(_SCRIPT), *_FIRST, *_SECOND), ["Both are known."]),
        ((user(f"Hello {_SCRIPT} [[steps done: 1]]"),), [{"city": "Rome"}]),
        ((user(f"{_SCRIPT} [[steps done: 1]] {_SCRIPT}"),), [{"city": "Rome"}]),  # repeated, so it goes on
        ((user(_SCRIPT), *_FIRST, user("[[script:\nsay Something else.\n]]")), ["Something else."]),
    ],
)
def test_one_step_follows_another(messages: tuple[Any, ...], expected: list[Any]) -> None:
    assert _answer(*messages) == expected


def test_without_tools_the_script_is_summarized_so_that_it_can_go_on() -> None:
    (summary,) = _answer(user(f"{_SCRIPT} [[steps done: 1]]"), tools=[])
    turns = merge([{"role": "user", "content": summary}])
    assert (follow(turns).done, follow(turns).text) == (1, _SCRIPT)


def test_a_summary_comes_before_the_next_step() -> None:
    (summary,) = _answer(user(_SCRIPT), *_FIRST, user("Summarize this conversation now."))
    assert follow(merge([{"role": "user", "content": summary}])).done == 1


def test_a_tool_that_is_not_offered_is_refused() -> None:
    with pytest.raises(Refusal, match="get_time"):
        _answer(user("[[script:\nget_time {}\n]]"))


def test_input_that_is_no_object_is_refused() -> None:
    with pytest.raises(Refusal, match="get_weather"):
        _answer(user("[[script:\nget_weather Oslo\n]]"))


def test_a_text_without_a_script() -> None:
    assert follow(merge([{"role": "user", "content": "Hello"}])) == Script()
    assert without_scripts(f"Hello\n{_SCRIPT}") == "Hello"
