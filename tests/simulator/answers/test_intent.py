"""What is read from a conversation: the task, the last words, results, pictures, rounds, wishes."""

from typing import Any

import pytest

from claude_code_proxy.simulator.answers.intent import Intent, read_intent, split_words
from claude_code_proxy.simulator.wire.faults import Faults
from tests.simulator.requests import (
    NEW,
    SEARCH,
    WEATHER,
    accept,
    assistant,
    call,
    image,
    make_request,
    result,
    system,
    text,
    user,
)


def intent(*messages: Any, **fields: Any) -> Intent:
    return read_intent(accept(make_request(*messages, **fields)))


def looped(*last: Any) -> Intent:
    return intent(
        "steps: 3 please",
        assistant(call()),
        user(result()),
        assistant(call("toolu_2")),
        user(result("toolu_2", [text("rain"), image()]), *last),
        tools=[WEATHER],
    )


def test_a_plain_question() -> None:
    one = intent("Hello", assistant("b"), user(text("And"), text("now?"), image()))
    assert (one.text, one.task, one.rounds, one.results) == ("And\nnow?", "And\nnow?", 0, ())
    assert one.media == ("an image (image/png, 70 bytes)",)


def test_a_tool_loop() -> None:
    one = looped()
    assert (one.task, one.rounds, one.steps) == ("steps: 3 please", 2, 3)
    (found,) = one.results
    assert (found.tool, found.text, found.failed, len(found.media)) == ("get_weather", "rain", False, 1)


def test_words_beside_results_do_not_hide_the_task() -> None:
    one = looped(text("Go on."))
    assert (one.text, one.task, one.rounds) == ("Go on.", "steps: 3 please", 2)


def test_a_directive_in_the_last_words_beats_one_in_the_task() -> None:
    first = "[[simulate: steps=2]] a"
    messages = (first, assistant(call()), user(result(), text("[[simulate: status=500]]")))
    assert intent(*messages, tools=[WEATHER]).faults == Faults(status=500)
    assert intent(*messages[:2], user(result()), tools=[WEATHER]).faults == Faults(steps=2)


def test_late_system_messages_are_looked_through() -> None:
    one = intent("Hello", system("Be kind."), model=NEW)
    assert one.text == "Hello"


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("Reply only with JSON", True),
        ("Return a JSON object", True),
        ("Answer in JSON format", True),
        ("I like JSON", False),
        ("Only the brave", False),
    ],
)
def test_wishing_for_json(words: str, wanted: bool) -> None:
    assert intent(words).wants_json is wanted
    assert intent("a", system=words).wants_json is wanted


def test_a_paused_turn_goes_on() -> None:
    pending = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}}
    assert intent("a", assistant(pending), tools=[SEARCH]).continues
    assert not intent("a").continues


def test_words_are_compared_without_plurals() -> None:
    assert split_words("Emails, users & ID 7s") == ["email", "user", "id", "s"]
