"""Hosted searches and pauses."""

import pytest

from claude_code_proxy.simulator.refusal import Refusal
from tests.simulator.asking import NEW, SEARCH, answered, asking, continued


def test_a_web_search() -> None:
    made = answered(asking("Search the web for Ruby", tools=[SEARCH]))
    assert [block["type"] for block in made.blocks] == [
        "server_tool_use",
        "web_search_tool_result",
        "text",
        "text",
        "text",
    ]
    assert made.blocks[3]["citations"][0]["type"] == "web_search_result_location"
    assert (made.searches, made.stop_reason) == (1, "end_turn")


def test_a_turn_that_pauses_twice() -> None:
    body = asking("[[simulate: pause=2]] Search the web", tools=[SEARCH], model=NEW)
    first = answered(body)
    assert ([block["type"] for block in first.blocks], first.stop_reason) == (
        ["thinking", "server_tool_use"],
        "pause_turn",
    )
    body = continued(body, first)
    second = answered(body)
    assert [block["type"] for block in second.blocks] == ["web_search_tool_result", "server_tool_use"]
    assert second.stop_reason == "pause_turn"
    third = answered(continued(body, second))
    assert (third.stop_reason, third.blocks[0]["type"]) == ("end_turn", "web_search_tool_result")


def test_a_pause_needs_something_to_wait_for() -> None:
    with pytest.raises(Refusal, match="needs a web search tool"):
        answered(asking("[[simulate: pause]] Hello"))
