"""Roles, order, emptiness, pairing and the last word."""

from typing import Any

import pytest

from claude_code_proxy.simulator.rules.conversation import MISSING_RESULT, NO_PREFILL, UNEXPECTED_RESULT
from tests.simulator.requests import (
    NEW,
    OLD,
    PLAIN,
    SEARCH,
    WEATHER,
    Json,
    accept,
    assistant,
    call,
    image,
    make_request,
    refusal_message,
    result,
    system,
    text,
    user,
)

UNANSWERED = "`tool_use` ids were found without `tool_result` blocks immediately after"
TOOLS = {"tools": [WEATHER]}
SEARCH_CALL = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "a"}}
SEARCH_RESULT = {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []}


def tools(*messages: Any, **fields: Any) -> Json:
    return make_request(*messages, **{**TOOLS, **fields})


REFUSED = [
    # roles
    (
        make_request({"role": "tool", "content": "a"}),
        'messages: Unexpected role "tool". Allowed roles are "user" or "assistant".',
    ),
    (
        make_request({"role": "developer", "content": "a"}),
        'messages: Unexpected role "developer". Allowed roles are "user" or "assistant".',
    ),
    (make_request("a", system("b"), model=PLAIN), "role 'system' is not supported on this model"),
    (
        make_request(system("b"), "a", model=NEW),
        (
            "messages.0: role 'system' must follow a 'user' message or an 'assistant' message ending in a server "
            "tool result"
        ),
    ),
    (
        make_request("a", assistant("b"), system("c"), model=NEW),
        (
            "messages.2: role 'system' must follow a 'user' message or an 'assistant' message ending in a server "
            "tool result"
        ),
    ),
    (
        make_request("a", system("b"), "c", model=NEW),
        "messages.1: role 'system' must precede an 'assistant' message or end the array",
    ),
    (
        make_request("a", system(text("b", cache_control={"type": "ephemeral"})), model=NEW),
        "messages.1.content.0.text.cache_control: Extra inputs are not permitted",
    ),
    (
        make_request("a", system(image()), model=NEW),
        "messages.1.content.0: `image` blocks are not allowed in `system` messages",
    ),
    # block kinds
    (tools(user(call())), "messages.0.content.0: `tool_use` blocks can only be in `assistant` messages"),
    (tools("a", assistant(result())), "messages.1.content.0: `tool_result` blocks can only be in `user` messages"),
    (make_request("a", assistant(image()), "b"), "messages.1.content.0: `image` blocks can only be in `user` messages"),
    # emptiness
    (
        make_request(""),
        "messages.0: all messages must have non-empty content except for the optional final assistant message",
    ),
    (
        make_request(user()),
        "messages.0: all messages must have non-empty content except for the optional final assistant message",
    ),
    (
        make_request("a", assistant(), "b"),
        "messages.1: all messages must have non-empty content except for the optional final assistant message",
    ),
    (make_request(user(text(""))), "messages: text content blocks must be non-empty"),
    (make_request(user(text("a"), text(" \n"))), "messages: text content blocks must contain non-whitespace text"),
    (make_request("  "), "messages: text content blocks must contain non-whitespace text"),
    (
        make_request(user(text("", cache_control={"type": "ephemeral"}))),
        "messages.0.content.0.text: cache_control cannot be set for empty text blocks",
    ),
    (make_request(system=[text("")]), "system: text content blocks must be non-empty"),
    (
        make_request(system=[text(" ", cache_control={"type": "ephemeral"})]),
        "system.0: cache_control cannot be set for empty text blocks",
    ),
    (
        tools("a", assistant(call()), user(result(content=[text("")]))),
        "messages: text content blocks must be non-empty",
    ),
    # pairing
    (tools("a", assistant(call()), "b"), f"messages.1: {UNANSWERED}: toolu_1. {MISSING_RESULT}"),
    (
        tools("a", assistant(call(), call("toolu_2")), user(result("toolu_2"))),
        f"messages.1: {UNANSWERED}: toolu_1. {MISSING_RESULT}",
    ),
    (tools("a", assistant(call())), f"messages.1: {UNANSWERED}: toolu_1. {MISSING_RESULT}"),
    (tools("a", assistant(call()), user(text("b"), result())), f"messages.1: {UNANSWERED}: toolu_1. {MISSING_RESULT}"),
    (tools("a", assistant(call(), text("b")), user(result())), f"messages.1: {UNANSWERED}: toolu_1. {MISSING_RESULT}"),
    (
        tools("a", assistant(call()), system("b"), user(result()), model=NEW),
        (
            "messages.2: role 'system' must follow a 'user' message or an 'assistant' message ending in a server "
            "tool result"
        ),
    ),
    (
        tools(user(result())),
        f"messages.0.content.0: unexpected `tool_use_id` found in `tool_result` blocks: toolu_1. {UNEXPECTED_RESULT}",
    ),
    (
        tools("a", user(result())),
        f"messages.0.content.1: unexpected `tool_use_id` found in `tool_result` blocks: toolu_1. {UNEXPECTED_RESULT}",
    ),
    (
        tools("a", assistant(call()), user(result()), assistant("b"), user(result())),
        f"messages.4.content.0: unexpected `tool_use_id` found in `tool_result` blocks: toolu_1. {UNEXPECTED_RESULT}",
    ),
    (
        tools("a", assistant(call()), user(result(), result())),
        (
            "messages.2.content.1: each tool_use must have a single result. Found multiple `tool_result` blocks with "
            "id: toolu_1"
        ),
    ),
    (
        tools("a", assistant(call()), user(result()), assistant(call()), user(result())),
        "messages.3.content.0: `tool_use` ids must be unique",
    ),
    (
        make_request("a", assistant(call()), user(result())),
        "Requests which include `tool_use` or `tool_result` blocks must define tools.",
    ),
    # hosted tools
    (
        make_request("a", assistant(SEARCH_CALL, text("b")), "c", tools=[SEARCH]),
        (
            "messages.1: `web_search` tool use with id `srvtoolu_1` was found without a corresponding "
            "`web_search_tool_result` block"
        ),
    ),
    (
        make_request("a", assistant(SEARCH_RESULT, text("b")), "c", tools=[SEARCH]),
        (
            "messages.1.content.0: unexpected `tool_use_id` found in `web_search_tool_result` blocks: srvtoolu_1. "
            "Each `web_search_tool_result` block must have a corresponding `server_tool_use` block before it."
        ),
    ),
    (
        make_request("a", assistant(SEARCH_CALL, call()), user(result(), text("b")), tools=[SEARCH, WEATHER]),
        "messages.2: only `tool_result` blocks may answer a turn in which a server tool is still pending",
    ),
    (
        tools(
            "a",
            assistant({**call(), "caller": {"type": "code_execution_20260120", "tool_id": "srvtoolu_9"}}),
            user(result()),
        ),
        "messages.1.content.0.tool_use.caller: source tool srvtoolu_9 not found",
    ),
    # the last word
    (make_request("a", assistant("b"), model=PLAIN), NO_PREFILL),
    (make_request("a", assistant("b"), model=NEW), NO_PREFILL),
    (
        tools("a", assistant(call()), user(result(content=[text("b"), image()], is_error=True))),
        'messages.2.content.0.tool_result: all content must be type "text" if "is_error" is true',
    ),
    (
        tools("a", assistant(call()), user(result(content="", is_error=True))),
        "messages.2.content.0.tool_result: content cannot be empty if `is_error` is true",
    ),
    (
        make_request("a", assistant({"type": "redacted_thinking", "data": "x"}), "b"),
        "messages.1: The final block in an assistant message cannot be `redacted_thinking`.",
    ),
    (
        make_request("a", assistant(text("b"), {"type": "thinking", "thinking": "", "signature": "x"}), model=OLD),
        "messages.1: The final block in an assistant message cannot be `thinking`.",
    ),
    (
        make_request("a", assistant("b "), model=OLD),
        "messages: final assistant content cannot end with trailing whitespace",
    ),
    (
        make_request(
            "a",
            assistant("{"),
            model=OLD,
            output_config={"format": {"type": "json_schema", "schema": {"type": "string"}}},
        ),
        "output_config.format: assistant message prefill is not supported with structured outputs.",
    ),
]


@pytest.mark.parametrize(("body", "words"), REFUSED, ids=lambda case: str(case)[:60])
def test_refused(body: Json, words: str) -> None:
    assert refusal_message(body) == words


ACCEPTED = [
    make_request("a", "b"),
    make_request(assistant("a"), "b"),
    make_request("a", assistant("b"), model=OLD),
    make_request("a", assistant(), model=OLD),
    make_request("a", system("b"), system("c"), assistant("d"), "e", model=NEW),
    make_request("a", system("b"), model=NEW),
    make_request("a", system("b"), model="claude-sonnet-5"),
    tools("a", assistant(text("b"), call(), call("toolu_2")), user(result(), result("toolu_2"), text("c"))),
    tools("a", assistant(call()), user(result()), user(text("and?"))),
    tools("a", assistant(call(), call("toolu_2")), user(result()), user(result("toolu_2"))),
    tools("a", assistant(call()), user({"type": "tool_result", "tool_use_id": "toolu_1"})),
    tools("a", assistant(call()), user(result(content=""))),
    tools("a", assistant(call()), user(result(content=[image()]))),
    tools("a", assistant(call()), user(result()), system("b"), model=NEW),
    make_request("a", assistant(SEARCH_CALL, SEARCH_RESULT, text("b")), "c", tools=[SEARCH]),
    make_request("a", assistant(SEARCH_CALL), tools=[SEARCH], model=NEW),
    make_request("a", assistant(SEARCH_CALL, SEARCH_RESULT), tools=[SEARCH], model=NEW),
    make_request("a", assistant(SEARCH_CALL, call()), user(result()), tools=[SEARCH, WEATHER]),
    make_request("a", assistant(SEARCH_CALL, SEARCH_RESULT), system("b"), tools=[SEARCH], model=NEW),
    make_request(system=""),
    make_request(system=[]),
]


@pytest.mark.parametrize("body", ACCEPTED, ids=lambda body: str(body["messages"])[:60])
def test_accepted(body: Json) -> None:
    accept(body)


def test_the_newer_version_is_stricter_about_what_is_echoed() -> None:
    source = {"type": "text", "media_type": "text/plain", "data": "a"}
    echoed = make_request("a", assistant({"type": "document", "source": source}), "b")
    accept(echoed)
    words = "messages.1.content.0: `document` blocks can only be in `user` messages"
    assert refusal_message(echoed, version="2026-10-21") == words
