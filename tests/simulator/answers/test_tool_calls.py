"""Which tools are called, with which arguments."""

import pytest

from tests.simulator.asking import (
    CLOCK,
    NEW,
    PLAIN,
    WEATHER,
    Json,
    answered,
    asking,
    assistant,
    call,
    continued,
    result,
    spoken,
    system,
    text,
    tools_called,
    user,
)


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("What is the weather in Rome?", ["get_weather"]),
        ("use get_time please", ["get_time"]),
        ("weather and time in Rome", ["get_weather", "get_time"]),
        ("Call get_time first, then get_weather.", ["get_time", "get_weather"]),
        ("Use all the tools", ["get_weather", "get_time"]),
        ("Hello", []),
        ("[[simulate: call=get_time]] Hello", ["get_time"]),
    ],
)
def test_which_tools_a_text_calls(said: str, names: list[str]) -> None:
    made = answered(asking(said, tools=[WEATHER, CLOCK]))
    assert [name for name, _ in tools_called(made)] == names
    assert made.stop_reason == ("tool_use" if names else "end_turn")


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        ({"type": "auto", "disable_parallel_tool_use": True}, ["get_weather"]),
        ({"type": "any"}, ["get_weather", "get_time"]),
        ({"type": "any", "disable_parallel_tool_use": True}, ["get_weather"]),
        ({"type": "tool", "name": "get_time"}, ["get_time"]),
        ({"type": "none"}, []),
    ],
)
def test_tool_choice(choice: Json, names: list[str]) -> None:
    made = answered(asking("weather and time?", tools=[WEATHER, CLOCK], tool_choice=choice))
    assert [name for name, _ in tools_called(made)] == names
    forced = answered(asking("Hello", tools=[WEATHER, CLOCK], tool_choice={"type": "any"}))
    assert [block["type"] for block in forced.blocks] == ["tool_use"]


def test_a_call_that_is_left_out_on_demand() -> None:
    body = asking("[[simulate: no-call]] What is the weather?", tools=[WEATHER], tool_choice={"type": "any"})
    assert tools_called(answered(body)) == []


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("Answer with a call of the tool `get_time` now.", ["get_time"]),
        ("Answer with a call of at least one of the tools now.", ["get_weather"]),
        ("Use a tool now", ["get_weather"]),
        ("There are tools. It is noon now.", []),
    ],
)
def test_a_call_that_the_last_words_demand(words: str, names: list[str]) -> None:
    """As a model does that cannot be forced."""
    for body in (asking("Hello", system(words), model=NEW), asking(user(text("Hello"), text(words)), model=PLAIN)):
        assert [name for name, _ in tools_called(answered({**body, "tools": [WEATHER, CLOCK]}))] == names
    after = asking("weather?", assistant(call()), user(result()), system(words), model=NEW, tools=[WEATHER, CLOCK])
    assert [name for name, _ in tools_called(answered(after))] == names


def test_arguments_that_do_not_fit_on_demand() -> None:
    made = answered(asking("[[simulate: bad-json]] weather in Rome", tools=[WEATHER]))
    assert tools_called(made) == [("get_weather", {"unexpected": True})]


def test_arguments_come_from_the_text_and_fit_the_schema() -> None:
    properties = {
        "city": {"type": "string"},
        "days": {"type": "integer", "minimum": 1},
        "unit": {"enum": ["celsius", "fahrenheit"]},
        "query": {"type": "string"},
    }
    tool = {
        "name": "forecast",
        "input_schema": {"type": "object", "properties": properties, "required": list(properties)},
    }
    said = "Give me the forecast for New York with days = 3 in fahrenheit"
    assert tools_called(answered(asking(said, tools=[tool]))) == [
        ("forecast", {"city": "New York", "days": 3, "unit": "fahrenheit", "query": said})
    ]


def test_a_chain_of_twelve_steps() -> None:
    body = asking("steps: 12. Look at the weather and the time.", tools=[WEATHER, CLOCK], max_tokens=4096, model=NEW)
    names = []
    for _ in range(12):
        made = answered(body)
        (called,) = [block for block in made.blocks if block["type"] == "tool_use"]
        names.append(called["name"])
        body = continued(body, made, user(result(called["id"], f"step {len(names)}"), text("Go on.")))
    assert names == ["get_weather", "get_time"] * 6
    made = answered(body)
    assert (spoken(made), made.stop_reason) == ("get_time returned: step 12", "end_turn")
