"""What is answered: words, calls, JSON, thinking, searches, and where an answer stops."""

import json
from typing import Any

import jsonschema_rs
import pytest

from claude_code_proxy.upstreams.simulated import betas
from claude_code_proxy.upstreams.simulated.refusal import Refusal
from tests.upstreams.simulated.asking import (
    CLOCK,
    NEW,
    OLD,
    PLAIN,
    SEARCH,
    WEATHER,
    Json,
    answered,
    asking,
    assistant,
    call,
    continued,
    document,
    image,
    result,
    spoken,
    system,
    text,
    tools_called,
    user,
)

DOG = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}, "mood": {"enum": ["calm", "wild"]}},
    "required": ["name", "mood"],
    "additionalProperties": False,
}


def schema(of: Json) -> Json:
    return {"output_config": {"format": {"type": "json_schema", "schema": of}}}


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("Hello there!", "You said: “Hello there!”"),
        ("Reply with exactly: pong", "pong"),
        ("Reply with the single word OK.", "OK"),
        ('Say only "yes"', "yes"),
        ("Please count to 5", "1, 2, 3, 4, 5"),
        ("[[simulate: words=4]]", "the quiet river carries"),
        ("[[simulate: answer=as_you_wish]] Hello", "as you wish"),
    ],
)
def test_words(said: str, answer: str) -> None:
    made = answered(asking(said))
    assert (spoken(made), made.stop_reason) == (answer, "end_turn")


def test_pictures_and_documents_are_counted_and_described() -> None:
    linked = {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}}
    made = answered(asking(user(image(), linked, document("Ruby is red."), text("What is this?"))))
    assert spoken(made) == (
        "You said: “What is this?” I was given 3 things: an image (image/png, 70 bytes); "
        "an image (https://example.com/a.png); a document (text/plain, 12 characters)."
    )


def test_tool_results_are_told() -> None:
    both = [result(content="18 °C"), result("toolu_2", [text("noon"), image()], is_error=True)]
    body = asking("a", assistant(call(), call("toolu_2", "get_time")), user(*both), tools=[WEATHER, CLOCK])
    assert spoken(answered(body)) == (
        "get_weather returned: 18 °C\nget_time failed: noon With it came an image (image/png, 70 bytes)."
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


def test_a_schema_is_met() -> None:
    made = answered(asking("Invent a wild dog", **schema(DOG)))
    assert json.loads(spoken(made)) == {"name": "sample", "mood": "wild", "age": 1}
    assert jsonschema_rs.is_valid(DOG, json.loads(spoken(made)))


def test_json_without_a_schema() -> None:
    for body in (asking("Reply only with JSON"), asking("Hi", system="Respond with a single valid JSON object.")):
        assert set(json.loads(spoken(answered(body)))) == {"answer"}
    assert "{" not in spoken(answered(asking("I like JSON")))


def test_bad_json_on_demand() -> None:
    made = spoken(answered(asking("[[simulate: bad-json]] a dog", **schema(DOG))))
    assert not jsonschema_rs.is_valid(DOG, json.loads(made))
    with pytest.raises(json.JSONDecodeError):
        json.loads(spoken(answered(asking("[[simulate: bad-json]] only JSON please"))))


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
    made = answered(asking("Hello", **fields))
    assert [block["type"] for block in made.blocks] == kinds
    if shown is not None:
        assert bool(made.blocks[0]["thinking"]) is shown
        assert 0 < made.thought < made.output_tokens


def test_thinking_within_a_tool_loop() -> None:
    budget: Json = {"model": OLD, "max_tokens": 3000, "thinking": {"type": "enabled", "budget_tokens": 2000}}
    body = asking("weather in Rome?", tools=[WEATHER], **budget)
    first = answered(body)
    looping = continued(body, first, user(result(first.blocks[-1]["id"])))
    assert [block["type"] for block in answered(looping).blocks] == ["text"]
    assert [block["type"] for block in answered(looping, betas.INTERLEAVED).blocks] == ["thinking", "text"]
    between: Json = {"model": "claude-sonnet-5-5", "thinking": {"type": "between_tools"}, "tools": [WEATHER]}
    body = asking("a", assistant(call()), user(result()), **between)
    assert [block["type"] for block in answered(body).blocks] == ["thinking", "text"]


def test_a_forced_call_is_not_thought_about() -> None:
    body = asking("Hello", model="claude-opus-5", tools=[WEATHER], tool_choice={"type": "any"})
    assert [block["type"] for block in answered(body).blocks] == ["tool_use"]


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


def test_a_refusal() -> None:
    made = answered(asking("[[simulate: refusal=cyber]] Hello"))
    assert (made.blocks, made.stop_reason) == ([], "refusal")
    assert made.stop_details == {
        "type": "refusal",
        "category": "cyber",
        "explanation": "This simulated request was declined.",
    }
    magic = "ANTHROPIC_MAGIC_STRING_TRIGGER_REFUSAL_1FAEFB6177B4672DEE07F9D3AFC62588CCD2631EDCF22E8CCC1FB35B501C9C86"
    assert answered(asking(magic)).stop_reason == "refusal"


def test_odd_turns_on_demand() -> None:
    assert (
        answered(asking("[[simulate: empty]] a")).blocks,
        answered(asking("[[simulate: empty]] a")).stop_reason,
    ) == (
        [],
        "end_turn",
    )
    thought = answered(asking("[[simulate: thinking-only]] a", model=NEW))
    assert [block["type"] for block in thought.blocks] == ["thinking"]
    assert [block["type"] for block in answered(asking("[[simulate: no-thinking]] a", model=NEW)).blocks] == ["text"]
    assert answered(asking("[[simulate: unknown]] a")).blocks[0]["type"] == "simulated_novelty"


@pytest.mark.parametrize(
    ("sequences", "answer", "hit"),
    [
        (["3"], "1, 2, ", "3"),
        (["4", "3"], "1, 2, ", "3"),
        ([", 2"], "1", ", 2"),
        (["x"], "1, 2, 3, 4, 5", None),
    ],
)
def test_stop_sequences(sequences: list[str], answer: str, hit: str | None) -> None:
    made = answered(asking("Count to 5", stop_sequences=sequences))
    assert (spoken(made), made.stop_sequence) == (answer, hit)
    assert made.stop_reason == ("stop_sequence" if hit else "end_turn")


def test_a_stop_sequence_at_the_start_leaves_nothing() -> None:
    assert answered(asking("Reply with exactly: alpha", stop_sequences=["alpha"])).blocks == []


def test_max_tokens() -> None:
    made = answered(asking("Count to 50", max_tokens=7))
    assert (spoken(made), made.stop_reason, made.output_tokens) == ("1, 2, 3, 4, 5, 6, 7,", "max_tokens", 7)
    exact = answered(asking("Count to 7", max_tokens=7))
    assert exact.stop_reason == "end_turn"


def test_max_tokens_inside_a_call() -> None:
    tool = {
        **WEATHER,
        "input_schema": {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]},
    }
    body = asking("weather " * 40, tools=[tool], tool_choice={"type": "any"}, max_tokens=10)
    made = answered(body)
    assert (made.stop_reason, made.output_tokens, made.blocks[-1]["input"]) == ("max_tokens", 10, {})
    assert made.cut_json is not None
    assert made.cut_json.startswith('{"query": "weather')
    with pytest.raises(json.JSONDecodeError):
        json.loads(made.cut_json)


def test_a_full_window_ends_an_answer_too() -> None:
    body = asking("word " * 159_990 + "[[simulate: words=500]]", model=OLD, max_tokens=1000)
    made = answered(body)
    assert made.stop_reason == "model_context_window_exceeded"


def test_documents_are_cited_where_that_is_asked_for() -> None:
    made = answered(
        asking(user(document("Ruby is red. It shines.", title="R", citations={"enabled": True}), text("Ruby?")))
    )
    assert made.blocks == [
        {
            "citations": [
                {
                    "type": "char_location",
                    "cited_text": "Ruby is red. ",
                    "document_index": 0,
                    "document_title": "R",
                    "start_char_index": 0,
                    "end_char_index": 13,
                }
            ],
            "type": "text",
            "text": "Ruby is red.",
        }
    ]


def test_a_late_system_message_does_not_hide_the_question() -> None:
    assert spoken(answered(asking("Hello", system("Be kind."), model=NEW))) == "You said: “Hello”"


def test_it_is_deterministic() -> None:
    body: dict[str, Any] = asking("weather and time in Rome?", tools=[WEATHER, CLOCK], model=NEW)
    assert answered(body) == answered(body)
