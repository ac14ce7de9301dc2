"""Breakpoints where the next request will find the same bytes, and what that is worth in an agent's loop."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adaptation.adapt import Adapted
from claude_code_proxy.models.catalogue import BUILT_IN
from claude_code_proxy.simulator import tokens
from claude_code_proxy.simulator.answers.prompt_cache import CacheUsage, PromptCache
from tests.adaptation.requests import (
    NEWEST,
    PLAIN,
    accepted,
    adapted,
    assistant,
    call,
    late_system,
    request,
    result,
    tool,
    user,
)

LONG = messages.Text("word " * 4000)
SHORT = messages.Text("Be brief.")


def places(sent: Adapted) -> list[str]:
    """Where the breakpoints are."""
    asked = sent.request
    found = [f"tools.{at}" for at, one in enumerate(asked.tools) if one.cache_control]
    found += [f"system.{at}" for at, one in enumerate(asked.system) if one.cache_control]
    return found + [
        f"messages.{turn}.{at}"
        for turn, message in enumerate(asked.messages)
        for at, block in enumerate(message.content)
        if getattr(block, "cache_control", None)
    ]


def test_trap_51_the_system_prompt_that_may_change_leaves_the_tools_cached() -> None:
    assert places(adapted(request(system=(LONG,), tools=(tool("a"), tool("b"))))) == [
        "tools.1",
        "system.0",
        "messages.0.0",
    ]


def test_of_several_system_blocks_the_first_and_the_last_are_marked() -> None:
    sent = adapted(request(system=(LONG, SHORT, SHORT), tools=(tool(),)))
    assert places(sent) == ["system.0", "system.2", "messages.0.0"]


def test_the_end_of_the_conversation_and_of_the_turn_before_are_marked() -> None:
    talk = (user("a"), assistant("b"), user("c", "d"), assistant(call()), user(result()))
    assert places(adapted(request(*talk, system=(LONG,), tools=(tool(),)))) == [
        "tools.0",
        "system.0",
        "messages.2.1",
        "messages.4.0",
    ]


def test_before_late_system_text_which_changes_there_is_a_breakpoint() -> None:
    talk = (user("a"), assistant("b"), user("c"), late_system("d"), late_system("e"))
    assert places(adapted(request(*talk, system=(LONG,)))) == ["system.0", "messages.2.0", "messages.2.2"]
    assert places(adapted(request(*talk, system=(LONG,), model=NEWEST))) == ["system.0", "messages.0.0", "messages.2.0"]


def test_a_turn_of_late_system_text_alone_is_marked_at_its_end() -> None:
    talk = (user("a"), assistant("b"), late_system("c"))
    assert places(adapted(request(*talk, system=(LONG,)))) == ["system.0", "messages.2.0"]


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"system": (SHORT,), "tools": (tool(),)}, []),
        ({"system": (LONG,)}, ["system.0"]),
        ({"tools": (tool(description="word " * 4000),)}, ["tools.0", "messages.0.0"]),
        ({}, []),
    ],
    ids=["short", "asked once", "tools", "nothing"],
)
def test_only_where_it_pays(fields: dict[str, Any], where: list[str]) -> None:
    assert places(adapted(request(**fields))) == where


def test_a_long_conversation_is_cached_without_tools_or_system() -> None:
    talk = (user(LONG), assistant("b"), user("c"))
    assert places(adapted(request(*talk))) == ["messages.0.0", "messages.2.0"]
    assert places(adapted(request(user(LONG)))) == []


def test_what_is_just_long_enough_is_cached() -> None:
    enough = "a" * (BUILT_IN.find(PLAIN).cache_minimum * 3)
    assert places(adapted(request(system=(messages.Text(enough),)))) == ["system.0"]
    assert places(adapted(request(system=(messages.Text(enough[1:]),)))) == []
    assert places(adapted(request(user(enough[2:]), assistant("b"), user("c")))) == ["messages.0.0", "messages.2.0"]
    assert places(adapted(request(user(enough[3:]), assistant("b"), user("c")))) == []


def test_what_counts_towards_the_models_minimum() -> None:
    image = messages.Image(messages.UrlSource("https://example.com/a.png"))
    for much in (image, call(arguments=json.dumps({"at": LONG.text})), result("call_1", LONG.text)):
        talk = (user("a"), assistant(call()), user(result(), image if much is image else "b"))
        if isinstance(much, messages.ToolUse):
            talk = (user("a"), assistant(much), user(result()))
        if isinstance(much, messages.ToolResult):
            talk = (user("a"), assistant(call()), user(much))
        assert places(adapted(request(*talk, tools=(tool(),)))), much
    assert places(adapted(request(user("a"), assistant(call()), user(result()), tools=(tool(),)))) == []


def test_a_callers_own_breakpoints_are_all_there_are() -> None:
    own = replace(LONG, cache_control=messages.CacheControl("1h"))
    sent = adapted(request(user("a"), assistant("b"), user("c"), system=(own, SHORT)))
    assert places(sent) == ["system.0"]
    assert places(adapted(request(system=(LONG,), cache_control=messages.CacheControl()))) == []


def test_trap_49_breakpoints_never_stand_where_they_are_refused() -> None:
    signed = messages.Thinking("a", "signed")
    marked = messages.Text(" ", cache_control=messages.CacheControl())
    talk = (user("a", marked), late_system("b"), assistant("c", signed), user("d"))
    sent = adapted(request(*talk, system=(marked, LONG), model=NEWEST))
    assert places(sent) == ["system.0", "messages.0.0", "messages.3.0"]


# RockBot: profile, clock, rules; history; the question; what it recalls, as late system messages

TOOLS = tuple(tool(f"tool_{at}", description="Does what a tool of its kind does. " * 10) for at in range(40))
PROFILE = messages.Text("You are RockBot, and this is who you are. " * 150)
RULES = messages.Text("A rule of the house. " * 60)


def rockbot(model: str, turn: int, history: tuple[messages.InputMessage, ...], rounds: int) -> messages.MessagesRequest:
    """Return the request of one round of one turn."""
    talk = [
        *history,
        user(f"Question {turn}?"),
        late_system(f"Memory of turn {turn}. " * 20),
        late_system(f"It expires in {turn}m. " * 9),
    ]
    for at in range(rounds):
        ids = [f"call_{turn}_{at}_{each}" for each in range(1 + at % 3)]
        talk.append(assistant(*(call(id, f"tool_{at}", '{"at": "somewhere"}') for id in ids)))
        talk += [user(result(id, f"What was found in round {at}. " * 20)) for id in ids]
    clock = messages.Text(f"Current local date and time: 2026-11-22 12:{turn:02}:00")
    return request(*talk, model=model, system=(PROFILE, clock, RULES), tools=TOOLS)


def share(cache: PromptCache, asked: messages.MessagesRequest, now: float) -> tuple[float, CacheUsage]:
    seen = accepted(adapted(asked))
    used = cache.use(seen, now)
    return used.read / tokens.count_prompt(seen), used


@pytest.mark.parametrize("model", [PLAIN, NEWEST])
def test_an_agents_loop_reads_what_it_sent_before(model: str) -> None:
    """Over 80 % from the second round of a turn; a new turn reads the tools and the profile, before the clock."""
    cache, now = PromptCache(), 0.0
    history: tuple[messages.InputMessage, ...] = ()
    stable = sum(
        tokens.count_json(one, accepted(adapted(request(model=model))).model) for one in ({"text": PROFILE.text},)
    )
    for turn in range(3):
        for rounds in range(12):
            now += 5
            asked = rockbot(model, turn, history, rounds)
            read, used = share(cache, asked, now)
            if rounds:
                assert read > 0.8, (turn, rounds, used)
            elif turn:
                assert used.read > stable, "tools and the profile"
                assert read > 0.5, used
        history = (*history, user(f"Question {turn}?"), assistant(f"Answer {turn}."))
