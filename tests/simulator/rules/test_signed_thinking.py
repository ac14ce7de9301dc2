"""Thinking that comes back: forged, changed, read by another model, or after a prefix that is no longer the same."""

import copy
from typing import Any

import pytest

from claude_code_proxy.simulator import models, signature
from claude_code_proxy.simulator.answers import web_search
from claude_code_proxy.simulator.rules.signed_thinking import BOUND, CHANGED, FORGED
from tests.simulator.asking import (
    CLOCK,
    NEW,
    PLAIN,
    WEATHER,
    Json,
    accepted,
    answered,
    asking,
    continued,
    document,
    result,
    text,
    user,
    words_of_refusal,
)

SECRET = b"simulated"
CONTROLS = "thinking-binding-controls-2026-08-01"
NEEDS_BETA = "That setting requires the `thinking-binding-controls-2026-08-01` value in the `anthropic-beta` header."
DROP = {"type": "adaptive", "block_binding": {"prefix_mismatch_behavior": "drop_block"}}
BINDING = ["claude-fable-5-1", "claude-fable-5-2", "claude-mythos-5-2", NEW, "claude-sonnet-5-5", "claude-haiku-5-5"]


def opening(model: str = NEW, **fields: Any) -> Json:
    return asking("What is the weather in Rome?", model=model, tools=[WEATHER], system="Be brief.", **fields)


def looping(model: str = NEW, **fields: Any) -> Json:
    """A tool loop after its first call: its thinking stands at messages.1.content.0."""
    body = opening(model, **fields)
    answer = answered(body)
    assert answer.blocks[0]["type"] == "thinking"
    return continued(body, answer, user(result(answer.blocks[-1]["id"])))


def talking(turns: int, model: str = NEW) -> Json:
    """A conversation of several turns, each with thinking."""
    body = asking("Hello 0", model=model)
    for number in range(1, turns + 1):
        body = continued(body, answered(body), user(f"Hello {number}"))
    return body


def changed(body: Json, *path: Any, to: Any) -> Json:
    body = copy.deepcopy(body)
    inner = body
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = to
    return body


def without(body: Json, *places: tuple[int, int]) -> Json:
    body = copy.deepcopy(body)
    for message, block in places:
        del body["messages"][message]["content"][block]
    return body


@pytest.mark.parametrize("model", [model.id for model in models.MODELS if "adaptive" in model.thinking])
def test_what_comes_back_as_it_was_is_accepted(model: str) -> None:
    asked = accepted(looping(model, thinking={"type": "adaptive"}), CONTROLS)
    assert asked.transformations == []


def test_a_forged_signature() -> None:
    body = changed(looping(), "messages", 1, "content", 0, "signature", to="AAAA")
    assert words_of_refusal(body) == f"messages.1.content.0: {FORGED}"
    signature = looping()["messages"][1]["content"][0]["signature"]
    bent = signature[:-4] + ("AAAA" if signature[-4:] != "AAAA" else "BBBB")
    assert words_of_refusal(changed(looping(), "messages", 1, "content", 0, "signature", to=bent)) == (
        f"messages.1.content.0: {FORGED}"
    )


def test_changed_words() -> None:
    body = looping(PLAIN, thinking={"type": "adaptive"})
    assert body["messages"][1]["content"][0]["thinking"]
    assert words_of_refusal(changed(body, "messages", 1, "content", 0, "thinking", to="else")) == (
        f"messages.1.content.0: {CHANGED}"
    )


def test_words_in_a_block_that_had_none_are_ignored() -> None:
    body = looping(NEW)
    assert body["messages"][1]["content"][0]["thinking"] == ""
    accepted(changed(body, "messages", 1, "content", 0, "thinking", to="anything"))


def test_blocks_of_two_answers_are_not_pushed_together() -> None:
    body = talking(1, PLAIN)
    body = {**asking("a", model=PLAIN, thinking={"type": "adaptive"})}
    first, second = answered(body).blocks, answered({**body, "system": "b"}).blocks
    merged = [first[0], second[0], first[1]]
    body = {**body, "messages": [user("a"), {"role": "assistant", "content": merged}, user("b")]}
    assert words_of_refusal(body) == f"messages.1.content.1: {CHANGED}"


EDITS = {
    "system": lambda body: changed(body, "system", to="Be long."),
    "tools": lambda body: changed(body, "tools", to=[WEATHER, CLOCK]),
    "tool description": lambda body: changed(body, "tools", 0, "description", to="Else"),
    "first message": lambda body: changed(body, "messages", 0, "content", to="What is the weather in Oslo?"),
    "more text": lambda body: changed(
        body, "messages", 0, "content", to=[text("What is the weather in Rome?"), text("Now?")]
    ),
}


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("model", BINDING)
def test_an_edited_prefix_is_refused_where_thinking_is_bound(model: str, edit: str) -> None:
    body = EDITS[edit](looping(model))
    assert words_of_refusal(body) == f"messages.1.content.0: {BOUND} {NEEDS_BETA}"
    assert words_of_refusal(body, CONTROLS) == f"messages.1.content.0: {BOUND}"


@pytest.mark.parametrize("model", ["claude-fable-5", "claude-opus-5", "claude-sonnet-5", "claude-mythos-5-1", PLAIN])
def test_an_edited_prefix_is_nothing_elsewhere(model: str) -> None:
    accepted(EDITS["system"](looping(model, thinking={"type": "adaptive"})))


UNTOUCHED = {
    "cache markers": lambda body: changed(
        body, "messages", 0, "content", to=[text("What is the weather in Rome?", cache_control={"type": "ephemeral"})]
    ),
    "a string as a block": lambda body: changed(body, "system", to=[text("Be brief.")]),
    "effort": lambda body: {**body, "output_config": {"effort": "low"}},
    "max_tokens": lambda body: {**body, "max_tokens": 99},
    "a deferred tool": lambda body: {**body, "tools": [WEATHER, {**CLOCK, "defer_loading": True}]},
    "no caller": lambda body: changed(
        body,
        "messages",
        1,
        "content",
        2,
        to={k: v for k, v in body["messages"][1]["content"][2].items() if k != "caller"},
    ),
}


@pytest.mark.parametrize("what", UNTOUCHED)
def test_what_is_no_edit(what: str) -> None:
    accepted(UNTOUCHED[what](looping()))


def test_failing_blocks_are_dropped_on_demand() -> None:
    body = {**changed(talking(2), "system", to="New."), "thinking": DROP}
    asked = accepted(body, CONTROLS)
    assert asked.transformations == [
        {"type": "thinking_dropped", "path": "messages.1.content.0", "reason": "prefix_binding_mismatch"},
        {"type": "thinking_dropped", "path": "messages.3.content.0", "reason": "prefix_binding_mismatch"},
    ]
    assert asked.dropped == {(1, 0), (3, 0)}


def test_older_accounts_are_only_told() -> None:
    body = changed(looping(), "system", to="New.")
    asked = accepted(body, CONTROLS, enforces_binding=False)
    assert asked.transformations == [
        {"type": "thinking_mismatch_allowed", "path": "messages.1.content.0", "reason": "prefix_binding_mismatch"}
    ]
    asked_for = {**body, "thinking": {"type": "adaptive", "block_binding": {"prefix_mismatch_behavior": "error"}}}
    assert words_of_refusal(asked_for, CONTROLS, enforces_binding=False) == f"messages.1.content.0: {BOUND}"


def test_some_models_enforce_it_for_all() -> None:
    body = changed(looping("claude-fable-5-2"), "system", to="New.")
    assert BOUND in words_of_refusal(body, enforces_binding=False)


def test_blocks_may_go_from_the_start_or_the_end_but_not_from_the_middle() -> None:
    body = talking(3)
    accepted(without(body, (1, 0)))
    accepted(without(body, (1, 0), (3, 0)))
    accepted(without(body, (5, 0)))
    accepted(without(body, (1, 0), (3, 0), (5, 0)))
    assert words_of_refusal(without(body, (3, 0))).startswith(f"messages.5.content.0: {FORGED}. The block is bound")


def test_a_model_drops_what_it_cannot_read() -> None:
    asked = accepted({**talking(1, "claude-fable-5-1"), "model": NEW}, CONTROLS)
    assert asked.transformations == [
        {"type": "thinking_dropped", "path": "messages.1.content.0", "reason": "model_binding_mismatch"}
    ]


@pytest.mark.parametrize(
    ("writer", "reader"),
    [
        ("claude-opus-5", NEW),
        (NEW, "claude-fable-5-1"),
        ("claude-opus-4-8", "claude-opus-5"),
        (PLAIN, "claude-sonnet-5"),
    ],
)
def test_a_model_reads_those_before_it(writer: str, reader: str) -> None:
    body = {**talking(1, writer), "thinking": {"type": "adaptive"}}
    if writer == PLAIN:
        body = {**asking("a", model=writer, thinking={"type": "adaptive"})}
        body = continued(body, answered(body), user("b"))
    assert accepted({**body, "model": reader}, CONTROLS).transformations == []


def test_documents_and_redacted_thinking_are_bound_as_well() -> None:
    magic = "ANTHROPIC_MAGIC_STRING_TRIGGER_REDACTED_THINKING_46C9A13E193C177646C7398A98432ECCCE4C1253"
    body = asking(user(document(), text(magic)), model=NEW)
    answer = answered(body)
    assert answer.blocks[0]["type"] == "redacted_thinking"
    body = continued(body, answer, user("b"))
    accepted(body)
    edited = changed(body, "messages", 0, "content", 0, "source", "data", to="Other words.")
    assert BOUND in words_of_refusal(edited)


@pytest.mark.parametrize("model", [NEW, PLAIN])
def test_thinking_that_a_search_parted_is_not_put_together(model: str) -> None:
    """Where the prefix does not count, the order in the latest turn still does."""
    body = looping(model, thinking={"type": "adaptive"})
    content = body["messages"][1]["content"]
    first = signature.unseal(content[0]["signature"], SECRET)
    assert first is not None
    search = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "Rome"}}
    found, *_ = web_search.found(search, SECRET)
    asked = accepted(opening(model, thinking={"type": "adaptive"}))
    prefix, previous = signature.prefix_of_answer(asked, [content[0], search, found])
    seal = signature.Seal(first.model, first.response, "", prefix, previous, follows=found["type"])
    later = {"type": "thinking", "thinking": "", "signature": signature.seal(seal, SECRET)}
    whole = changed(body, "messages", 1, "content", to=[content[0], search, found, later, *content[1:]])
    assert accepted(whole).transformations == []
    parted = changed(body, "messages", 1, "content", to=[content[0], later, *content[1:]])
    assert words_of_refusal(parted) == f"messages.1.content.1: {CHANGED}"
