"""Which tools are called, with which arguments."""

import pytest

from tests.simulator.requests import (
    CLOCK,
    NEW,
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
    system,
    text,
    tools_called,
    user,
)


@pytest.mark.parametrize(
    ("question", "names"),
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
def test_which_tools_a_text_calls(question: str, names: list[str]) -> None:
    answer = answer_to(make_request(question, tools=[WEATHER, CLOCK]))
    assert [name for name, _ in tools_called(answer)] == names
    assert answer.stop_reason == ("tool_use" if names else "end_turn")


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
    answer = answer_to(make_request("weather and time?", tools=[WEATHER, CLOCK], tool_choice=choice))
    assert [name for name, _ in tools_called(answer)] == names
    forced = answer_to(make_request("Hello", tools=[WEATHER, CLOCK], tool_choice={"type": "any"}))
    assert [block["type"] for block in forced.blocks] == ["tool_use"]


def test_a_call_that_is_left_out_on_demand() -> None:
    body = make_request("[[simulate: no-call]] What is the weather?", tools=[WEATHER], tool_choice={"type": "any"})
    assert tools_called(answer_to(body)) == []


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
    for body in (
        make_request("Hello", system(words), model=NEW),
        make_request(user(text("Hello"), text(words)), model=PLAIN),
    ):
        assert [name for name, _ in tools_called(answer_to({**body, "tools": [WEATHER, CLOCK]}))] == names
    after = make_request(
        "weather?", assistant(call()), user(result()), system(words), model=NEW, tools=[WEATHER, CLOCK]
    )
    assert [name for name, _ in tools_called(answer_to(after))] == names


def test_arguments_that_do_not_fit_on_demand() -> None:
    answer = answer_to(make_request("[[simulate: bad-json]] weather in Rome", tools=[WEATHER]))
    assert tools_called(answer) == [("get_weather", {"unexpected": True})]


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
    question = "Give me the forecast for New York with days = 3 in fahrenheit"
    assert tools_called(answer_to(make_request(question, tools=[tool]))) == [
        ("forecast", {"city": "New York", "days": 3, "unit": "fahrenheit", "query": question})
    ]


def test_a_chain_of_twelve_steps() -> None:
    body = make_request(
        "steps: 12. Look at the weather and the time.", tools=[WEATHER, CLOCK], max_tokens=4096, model=NEW
    )
    names = []
    for _ in range(12):
        answer = answer_to(body)
        (called,) = [block for block in answer.blocks if block["type"] == "tool_use"]
        names.append(called["name"])
        body = continue_with(body, answer, user(result(called["id"], f"step {len(names)}"), text("Go on.")))
    assert names == ["get_weather", "get_time"] * 6
    answer = answer_to(body)
    assert (answer_text(answer), answer.stop_reason) == ("get_time returned: step 12", "end_turn")


def offered(*names: str) -> list[Json]:
    return [{"name": name, "input_schema": {"type": "object", "properties": {}}} for name in names]


@pytest.mark.parametrize(
    ("question", "names", "called"),
    [
        ("What is the weather?", ["get_weather_history", "get_weather", "weather_alert_list"], ["get_weather"]),
        ("Send an email to Bo", ["delete_email", "send_email", "email_settings"], ["send_email"]),
        (
            "The weather and the time, please",
            ["get_weather", "get_time", "get_weather_map"],
            ["get_weather", "get_time"],
        ),
        ("Call get_weather_history", ["get_weather", "get_weather_history"], ["get_weather_history"]),
        ("Get weather history", ["get_weather", "get_weather_history"], ["get_weather_history"]),
    ],
)
def test_of_several_tools_with_a_word_the_nearest_is_called(question: str, names: list[str], called: list[str]) -> None:
    answer = answer_to(make_request(question, tools=offered(*names)))
    assert [name for name, _ in tools_called(answer)] == called


@pytest.mark.parametrize(
    ("question", "path"),
    [
        ("Use Read on notes.txt.", "notes.txt"),
        ("Read /tmp/a/notes now", "/tmp/a/notes"),
        ("Read src/app/main.py, please", "src/app/main.py"),
    ],
)
def test_a_path_comes_from_the_text(question: str, path: str) -> None:
    schema = {"type": "object", "properties": {"file_path": {"type": "string"}}, "required": ["file_path"]}
    answer = answer_to(make_request(question, tools=[{"name": "Read", "input_schema": schema}]))
    assert tools_called(answer) == [("Read", {"file_path": path})]
