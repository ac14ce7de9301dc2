"""Messages become turns, counted as the service counts them; defaults come from the model."""

import pytest

from claude_code_proxy.simulator.parsed_request import is_server_result, merge, to_blocks
from tests.simulator.requests import NEW, OLD, PLAIN, WEATHER, accept, assistant, make_request, system, text, user


def test_neighbours_of_one_role_are_one_turn() -> None:
    turns = merge([user("a"), user(text("b"), text("c")), assistant("d"), assistant("e"), user("f")])
    assert [(turn.index, turn.role, [block["text"] for block in turn.blocks]) for turn in turns] == [
        (0, "user", ["a", "b", "c"]),
        (1, "assistant", ["d", "e"]),
        (2, "user", ["f"]),
    ]
    assert turns[0].path(2) == "messages.0.content.2"


def test_system_messages_stay_apart() -> None:
    assert [turn.role for turn in merge([user("a"), system("b"), system("c"), assistant("d")])] == [
        "user",
        "system",
        "system",
        "assistant",
    ]


def test_where_the_assistant_speaks_first_counting_starts_at_one() -> None:
    assert [turn.index for turn in merge([assistant("a"), user("b")])] == [1, 2]


def test_content_as_blocks() -> None:
    assert to_blocks("a") == [{"type": "text", "text": "a"}]
    assert to_blocks("") == to_blocks(None) == []


def test_results_of_the_services_own_tools() -> None:
    assert is_server_result({"type": "web_fetch_tool_result"})
    assert not is_server_result({"type": "tool_result"})


@pytest.mark.parametrize(("model", "kind"), [(NEW, "adaptive"), (PLAIN, "disabled"), (OLD, "disabled")])
def test_thinking_that_nobody_asked_for(model: str, kind: str) -> None:
    assert accept(make_request(model=model)).thinking == {"type": kind}


def test_a_choice_that_nobody_made() -> None:
    assert accept(make_request(tools=[WEATHER])).tool_choice == {"type": "auto"}
    assert not accept(make_request(tools=[WEATHER])).forces_tool
    assert accept(make_request(tools=[WEATHER], tool_choice={"type": "any"})).forces_tool
