"""Hosted searches and pauses."""

import pytest

from claude_code_proxy.simulator.refusal import Refusal
from tests.simulator.requests import NEW, SEARCH, answer_to, continue_with, make_request


def test_a_web_search() -> None:
    answer = answer_to(make_request("Search the web for Ruby", tools=[SEARCH]))
    assert [block["type"] for block in answer.blocks] == [
        "server_tool_use",
        "web_search_tool_result",
        "text",
        "text",
        "text",
    ]
    assert answer.blocks[3]["citations"][0]["type"] == "web_search_result_location"
    assert (answer.searches, answer.stop_reason) == (1, "end_turn")


def test_a_turn_that_pauses_twice() -> None:
    body = make_request("[[simulate: pause=2]] Search the web", tools=[SEARCH], model=NEW)
    first = answer_to(body)
    assert ([block["type"] for block in first.blocks], first.stop_reason) == (
        ["thinking", "server_tool_use"],
        "pause_turn",
    )
    body = continue_with(body, first)
    second = answer_to(body)
    assert [block["type"] for block in second.blocks] == ["web_search_tool_result", "server_tool_use"]
    assert second.stop_reason == "pause_turn"
    third = answer_to(continue_with(body, second))
    assert (third.stop_reason, third.blocks[0]["type"]) == ("end_turn", "web_search_tool_result")


def test_a_pause_needs_something_to_wait_for() -> None:
    with pytest.raises(Refusal, match="needs a web search tool"):
        answer_to(make_request("[[simulate: pause]] Hello"))
