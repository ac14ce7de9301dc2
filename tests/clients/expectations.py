"""What every client must have seen in a scenario, whatever it calls things: one function per kind of scenario."""

import json
import re
from collections.abc import Callable
from typing import Any

Record = dict[str, Any]
Expectation = Callable[[Record], None]


def answer(record: Record) -> None:
    """Words, an ordinary end, and a usage that adds up."""
    assert_no_error(record)
    assert record["text"].strip()
    assert record["finish"] == ["stop"]
    assert record.get("calls", []) == []
    if record.get("usage"):
        assert_usage(record["usage"])


def echo_of(text: str) -> Expectation:
    """Check that the simulated Claude repeated the question, and named what it was shown."""

    def expectation(record: Record) -> None:
        answer(record)
        assert text in record["text"]

    return expectation


def streamed(record: Record) -> None:
    """Word by word, with no usage that nobody asked for."""
    echo_of("about the sea")(record)
    assert record["pieces"] > 3
    assert record.get("usages", []) == []


def streamed_with_usage(record: Record) -> None:
    echo_of("about the sea")(record)
    assert record["pieces"] > 3
    (usage,) = record["usages"]
    assert_usage(usage)


def weather_call(record: Record) -> None:
    assert_calls(record, {"get_weather": {"city": "Paris"}})


def call_without_arguments(record: Record) -> None:
    assert_calls(record, {"get_time": {}})


def helper_call(record: Record) -> None:
    weather_call(record)
    assert record["done"] == ["get_weather"]


def tool_loop(record: Record) -> None:
    weather_call(record)
    echo_of("21 degrees")(record["then"])


def known_tool_loop(record: Record) -> None:
    """Check that the result was paired with the call of an earlier response, which the request did not repeat."""
    weather_call(record)
    echo_of("get_weather returned: 21 degrees")(record["then"])


def two_tools_run(record: Record) -> None:
    answer(record | {"usage": None})
    assert sorted(record["called"]) == ["get_population", "get_weather"]
    assert "21 degrees" in record["text"]
    assert "2 million" in record["text"]
    assert record["continued"] == 2


def kept(record: Record) -> None:
    assert_no_error(record)
    assert record["same"]
    assert record["metadata"] == {"colour": "blue"}
    assert record["items"] == ["Say hello."]
    assert record["then"] == "NotFoundError"


def sealed_reasoning(record: Record) -> None:
    assert_no_error(record)
    assert record["sealed"] == [True]
    assert "Say goodbye." in record["text"]


def references(count: int) -> Expectation:
    """Check the answer to a second turn, whose request named so many items of the first one's by their ids."""

    def expectation(record: Record) -> None:
        echo_of("Say goodbye.")(record)
        assert record["references"] == count

    return expectation


def parallel_tool_loop(record: Record) -> None:
    assert_calls(record, {"get_weather": {"city": "Paris"}, "get_population": {"city": "Paris"}})
    answer(record["then"])
    assert "get_weather returned: 21 degrees" in record["then"]["text"]
    assert "get_population returned: " in record["then"]["text"]


def tools_run_by_the_helper(record: Record) -> None:
    echo_of("21 degrees")(record)
    assert record["asked"] == 1


def parsed_city(record: Record) -> None:
    answer(record)
    assert_city(record["parsed"])
    assert json.loads(record["text"]) == record["parsed"]


def city_by_a_tool(record: Record) -> None:
    assert_no_error(record)
    assert record["finish"] == ["tool_calls"]
    assert_city(record["parsed"])


def parsed_weather_call(record: Record) -> None:
    weather_call(record)
    assert record["parsed"] == {"city": "Paris"}


def json_object(record: Record) -> None:
    answer(record)
    assert isinstance(json.loads(record["text"]), dict)


def stopped(record: Record) -> None:
    echo_of("one two")(record)
    assert "three" not in record["text"]


def cut(record: Record) -> None:
    assert_no_error(record)
    assert record["finish"] == ["length"]
    assert record["usage"]["completion_tokens"] == 3


def cut_response(record: Record) -> None:
    assert_no_error(record)
    assert record["finish"] == ["max_output_tokens"]
    assert record["usage"]["completion_tokens"] == 3


def two_choices(record: Record) -> None:
    assert_no_error(record)
    assert record["indexes"] == [0, 1]
    assert record["finish"] == ["stop", "stop"]
    assert all("Say hello." in text for text in record["texts"])
    if record["usage"]:
        assert_usage(record["usage"])


def models(record: Record) -> None:
    assert_no_error(record)
    assert "claude-sonnet-4-6" in record["models"]
    assert record["retrieved"] == record["models"][0]


def tools_run(finish: str) -> Expectation:
    """Check that the library itself ran the tool that Claude called, and answered with its result."""

    def expectation(record: Record) -> None:
        assert_no_error(record)
        assert "21 degrees" in record["text"]
        assert record["called"] == ["get_weather"]
        assert record["finish"] == [finish]

    return expectation


def city(record: Record) -> None:
    assert_no_error(record)
    assert_city(record["parsed"])


def handoff(record: Record) -> None:
    answer(record)
    assert record["last_agent"] == "Weather"


def terminal(text: str) -> Expectation:
    """Check that a terminal program printed the answer and left its files unchanged."""

    def expectation(record: Record) -> None:
        echo_of(text)(record)
        untouched_file(record)

    return expectation


def edited_file(record: Record) -> None:
    answer(record)
    assert (record["file"], record["files"], record["code"]) == ("print('edited')\n", ["a.py"], 0)


def untouched_file(record: Record) -> None:
    answer(record)
    assert (record["file"], record["files"], record["code"]) == ("", ["a.py"], 0)


def native_echo_of(text: str) -> Expectation:
    """Check an answer of the Messages API: its stop reason, its model, its usage."""

    def expectation(record: Record) -> None:
        assert_no_error(record)
        assert text in record["text"]
        assert record["finish"] == ["end_turn"]
        assert record["model"] == "claude-sonnet-4-6"
        assert min(record["usage"]["input_tokens"], record["usage"]["output_tokens"]) > 0

    return expectation


def native_stream(record: Record) -> None:
    native_echo_of("about the sea")(record)
    assert record["pieces"] > 3


def replayed_thinking(record: Record) -> None:
    assert_no_error(record)
    assert record["kinds"] == ["thinking", "text"]
    assert "Say goodbye." in record["text"]


def growing_counts(record: Record) -> None:
    assert_no_error(record)
    short, long = record["counts"]
    assert 0 < short < long


def paged_models(record: Record) -> None:
    assert_no_error(record)
    assert record["first_page"] == 2
    assert len(set(record["models"])) == len(record["models"]) > 2
    assert record["name"] == "claude-sonnet-4-6"


def failure(status: int | None, words: str) -> Expectation:
    """Check that the client raised an error with the status and a text that a user can act on."""

    def expectation(record: Record) -> None:
        assert record["error"]["status"] == status
        assert re.search(words, record["error"]["message"]), record["error"]

    return expectation


def broken(words: str) -> Expectation:
    """Check that a broken stream raised an error with its reason, although the status was 200."""

    def expectation(record: Record) -> None:
        assert "error" in record, "the client took a broken stream for a whole one"
        assert re.search(words, record["error"]["message"]), record["error"]

    return expectation


def assert_no_error(record: Record) -> None:
    assert "error" not in record, record["error"]


def assert_usage(usage: Record) -> None:
    prompt, completion = usage["prompt_tokens"], usage["completion_tokens"]
    assert min(prompt, completion) > 0
    assert usage["total_tokens"] == prompt + completion


def assert_calls(record: Record, expected: dict[str, Record]) -> None:
    assert_no_error(record)
    assert {call["name"]: call["arguments"] for call in record["calls"]} == expected
    ids = [call["id"] for call in record["calls"]]
    assert all(ids)
    assert len(set(ids)) == len(ids)
    assert record["finish"] == ["tool_calls"]


def assert_city(parsed: Record) -> None:
    assert isinstance(parsed["name"], str)
    assert isinstance(parsed["population"], int)
