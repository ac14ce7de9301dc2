"""Thinking and search results that come back: forged, changed, for another model, or after another prefix."""

import copy
from typing import Any

import pytest

from claude_code_proxy.simulator import models, signature
from claude_code_proxy.simulator.answers import web_search
from claude_code_proxy.simulator.rules.signed_content import INVALID_SIGNATURE, MODIFIED, PREFIX_MISMATCH
from tests.simulator.requests import (
    CLOCK,
    NEW,
    PLAIN,
    SEARCH,
    WEATHER,
    Json,
    accept,
    answer_to,
    assistant,
    continue_with,
    document,
    make_request,
    refusal_message,
    result,
    text,
    user,
)

SECRET = b"simulated"
CONTROLS = "thinking-binding-controls-2026-08-01"
NEEDS_BETA = "That setting requires the `thinking-binding-controls-2026-08-01` value in the `anthropic-beta` header."
DROP = {"type": "adaptive", "block_binding": {"prefix_mismatch_behavior": "drop_block"}}
BINDING = ["claude-fable-5-1", "claude-fable-5-2", "claude-mythos-5-2", NEW, "claude-sonnet-5-5", "claude-haiku-5-5"]


def opening(model: str = NEW, **fields: Any) -> Json:
    return make_request("What is the weather in Rome?", model=model, tools=[WEATHER], system="Be brief.", **fields)


def looping(model: str = NEW, **fields: Any) -> Json:
    """Return a tool loop after its first call: its thinking stands at messages.1.content.0."""
    body = opening(model, **fields)
    answer = answer_to(body)
    assert answer.blocks[0]["type"] == "thinking"
    return continue_with(body, answer, user(result(answer.blocks[-1]["id"])))


def talking(turns: int, model: str = NEW) -> Json:
    """Return a conversation of several turns, each with thinking."""
    body = make_request("Hello 0", model=model)
    for number in range(1, turns + 1):
        body = continue_with(body, answer_to(body), user(f"Hello {number}"))
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
    request = accept(looping(model, thinking={"type": "adaptive"}), CONTROLS)
    assert request.transformations == []


def test_a_forged_signature() -> None:
    body = changed(looping(), "messages", 1, "content", 0, "signature", to="AAAA")
    assert refusal_message(body) == f"messages.1.content.0: {INVALID_SIGNATURE}"
    signature = looping()["messages"][1]["content"][0]["signature"]
    bent = signature[:-4] + ("AAAA" if signature[-4:] != "AAAA" else "BBBB")
    assert refusal_message(changed(looping(), "messages", 1, "content", 0, "signature", to=bent)) == (
        f"messages.1.content.0: {INVALID_SIGNATURE}"
    )


def test_changed_words() -> None:
    body = looping(PLAIN, thinking={"type": "adaptive"})
    assert body["messages"][1]["content"][0]["thinking"]
    assert refusal_message(changed(body, "messages", 1, "content", 0, "thinking", to="else")) == (
        f"messages.1.content.0: {MODIFIED}"
    )


def test_words_in_a_block_that_had_none_are_ignored() -> None:
    body = looping(NEW)
    assert body["messages"][1]["content"][0]["thinking"] == ""
    accept(changed(body, "messages", 1, "content", 0, "thinking", to="anything"))


def test_blocks_of_two_answers_are_not_pushed_together() -> None:
    body = talking(1, PLAIN)
    body = {**make_request("a", model=PLAIN, thinking={"type": "adaptive"})}
    first, second = answer_to(body).blocks, answer_to({**body, "system": "b"}).blocks
    merged = [first[0], second[0], first[1]]
    body = {**body, "messages": [user("a"), {"role": "assistant", "content": merged}, user("b")]}
    assert refusal_message(body) == f"messages.1.content.1: {MODIFIED}"


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
    assert refusal_message(body) == f"messages.1.content.0: {PREFIX_MISMATCH} {NEEDS_BETA}"
    assert refusal_message(body, CONTROLS) == f"messages.1.content.0: {PREFIX_MISMATCH}"


@pytest.mark.parametrize("model", ["claude-fable-5", "claude-opus-5", "claude-sonnet-5", "claude-mythos-5-1", PLAIN])
def test_an_edited_prefix_is_nothing_elsewhere(model: str) -> None:
    accept(EDITS["system"](looping(model, thinking={"type": "adaptive"})))


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
    accept(UNTOUCHED[what](looping()))


def test_failing_blocks_are_dropped_on_demand() -> None:
    body = {**changed(talking(2), "system", to="New."), "thinking": DROP}
    request = accept(body, CONTROLS)
    assert request.transformations == [
        {"type": "thinking_dropped", "path": "messages.1.content.0", "reason": "prefix_binding_mismatch"},
        {"type": "thinking_dropped", "path": "messages.3.content.0", "reason": "prefix_binding_mismatch"},
    ]
    assert request.dropped == {(1, 0), (3, 0)}


def test_older_accounts_are_only_told() -> None:
    body = changed(looping(), "system", to="New.")
    request = accept(body, CONTROLS, enforces_binding=False)
    assert request.transformations == [
        {"type": "thinking_mismatch_allowed", "path": "messages.1.content.0", "reason": "prefix_binding_mismatch"}
    ]
    asked_for = {**body, "thinking": {"type": "adaptive", "block_binding": {"prefix_mismatch_behavior": "error"}}}
    assert refusal_message(asked_for, CONTROLS, enforces_binding=False) == f"messages.1.content.0: {PREFIX_MISMATCH}"


def test_some_models_enforce_it_for_all() -> None:
    body = changed(looping("claude-fable-5-2"), "system", to="New.")
    assert PREFIX_MISMATCH in refusal_message(body, enforces_binding=False)


def test_blocks_may_go_from_the_start_or_the_end_but_not_from_the_middle() -> None:
    body = talking(3)
    accept(without(body, (1, 0)))
    accept(without(body, (1, 0), (3, 0)))
    accept(without(body, (5, 0)))
    accept(without(body, (1, 0), (3, 0), (5, 0)))
    assert refusal_message(without(body, (3, 0))).startswith(
        f"messages.5.content.0: {INVALID_SIGNATURE}. The block is bound"
    )


def test_a_model_drops_what_it_cannot_read() -> None:
    request = accept({**talking(1, "claude-fable-5-1"), "model": NEW}, CONTROLS)
    assert request.transformations == [
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
        body = {**make_request("a", model=writer, thinking={"type": "adaptive"})}
        body = continue_with(body, answer_to(body), user("b"))
    assert accept({**body, "model": reader}, CONTROLS).transformations == []


def test_documents_and_redacted_thinking_are_bound_as_well() -> None:
    magic = "ANTHROPIC_MAGIC_STRING_TRIGGER_REDACTED_THINKING_46C9A13E193C177646C7398A98432ECCCE4C1253"
    body = make_request(user(document(), text(magic)), model=NEW)
    answer = answer_to(body)
    assert answer.blocks[0]["type"] == "redacted_thinking"
    body = continue_with(body, answer, user("b"))
    accept(body)
    edited = changed(body, "messages", 0, "content", 0, "source", "data", to="Other words.")
    assert PREFIX_MISMATCH in refusal_message(edited)


@pytest.mark.parametrize("model", [NEW, PLAIN])
def test_thinking_that_a_search_parted_is_not_put_together(model: str) -> None:
    """Where the prefix does not count, the order in the latest turn still does."""
    body = looping(model, thinking={"type": "adaptive"})
    content = body["messages"][1]["content"]
    first = signature.unseal(content[0]["signature"], SECRET)
    assert first is not None
    search = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "Rome"}}
    found, *_ = web_search.result_blocks(search, SECRET)
    request = accept(opening(model, thinking={"type": "adaptive"}))
    prefix, previous = signature.prefix_of_answer(request, [content[0], search, found])
    seal = signature.SignedThinking(first.model, first.response, "", prefix, previous, follows=found["type"])
    later = {"type": "thinking", "thinking": "", "signature": signature.seal(seal, SECRET)}
    whole = changed(body, "messages", 1, "content", to=[content[0], search, found, later, *content[1:]])
    assert accept(whole).transformations == []
    parted = changed(body, "messages", 1, "content", to=[content[0], later, *content[1:]])
    assert refusal_message(parted) == f"messages.1.content.1: {MODIFIED}"


def searched() -> Json:
    body = make_request("Search the web for Ruby", tools=[SEARCH])
    return continue_with(body, answer_to(body), user("Thanks."))


def test_search_results_as_they_were() -> None:
    accept(searched())


def test_changed_search_results() -> None:
    body = copy.deepcopy(searched())
    body["messages"][1]["content"][1]["content"][0]["encrypted_content"] = "AAAA"
    assert refusal_message(body) == "messages.1.content.1: Invalid `encrypted_content` in `web_search_result` block"


def test_changed_citations() -> None:
    body = copy.deepcopy(searched())
    body["messages"][1]["content"][3]["citations"][0]["encrypted_index"] = "cut"
    assert refusal_message(body) == (
        "messages.1.content.3: Invalid `encrypted_index` in `web_search_result_location` block"
    )


def test_citations_may_be_left_out() -> None:
    body = copy.deepcopy(searched())
    del body["messages"][1]["content"][3]["citations"]
    accept(body)


def test_thinking_may_stand_between_two_calls_but_not_after_the_last() -> None:
    body = opening("claude-opus-5")
    thought, *_, call = answer_to(body).blocks
    results = user(result(call["id"]), result("toolu_2"))
    calls = (thought, call, thought, {**call, "id": "toolu_2"})
    accept({**body, "messages": [*body["messages"], assistant(*calls), results]})
    words = refusal_message({**body, "messages": [*body["messages"], assistant(*calls, thought), results]})
    assert words.startswith("messages.1")
