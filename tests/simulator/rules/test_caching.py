"""Breakpoints: how many, in which order, and the automatic one."""

from typing import Any

from tests.simulator.requests import WEATHER, accept, assistant, call, make_request, refusal_message, result, text, user

SHORT = {"cache_control": {"type": "ephemeral"}}
LONG = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
ORDER = (
    "a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block. Note that blocks are "
    "processed in "
    "the following order: `tools`, `system`, `messages`."
)


def marked(count: int, **fields: Any) -> dict[str, Any]:
    return make_request(user(*[text(f"a{number}", **SHORT) for number in range(count)]), **fields)


def test_four_are_the_most() -> None:
    accept(marked(4))
    assert refusal_message(marked(5)) == "A maximum of 4 blocks with cache_control may be provided. Found 5."
    spread = marked(3, tools=[{**WEATHER, **SHORT}], system=[text("s", **SHORT)])
    assert refusal_message(spread) == "A maximum of 4 blocks with cache_control may be provided. Found 5."


def test_the_automatic_one_takes_a_place() -> None:
    accept(marked(3, **SHORT))
    assert refusal_message(marked(4, **SHORT)) == "A maximum of 4 blocks with cache_control may be provided. Found 5."


def test_those_inside_tool_results_count() -> None:
    inner = [text(f"a{number}", **SHORT) for number in range(5)]
    body = make_request("a", assistant(call()), user(result(content=inner)), tools=[WEATHER])
    assert refusal_message(body) == "A maximum of 4 blocks with cache_control may be provided. Found 5."


def test_long_ones_come_first() -> None:
    accept(make_request(user(text("a", **SHORT)), system=[text("s", **LONG)]))
    assert refusal_message(make_request(user(text("a", **LONG)), system=[text("s", **SHORT)])) == (
        f"messages.0.content.0.cache_control.ttl: {ORDER}"
    )
    assert refusal_message(make_request(system=[text("s", **LONG)], tools=[{**WEATHER, **SHORT}])) == (
        f"system.0.cache_control.ttl: {ORDER}"
    )


def test_the_automatic_one_agrees_with_the_rest() -> None:
    accept(make_request(user(text("a", **LONG)), **LONG))
    assert refusal_message(make_request(user(text("a", **LONG)), **SHORT)) == (
        "cache_control: the last block already has a cache_control with a different ttl"
    )
    assert refusal_message(make_request(system=[text("s", **SHORT)], **LONG)) == f"cache_control.ttl: {ORDER}"


def test_null_is_no_breakpoint() -> None:
    accept(make_request(user(*[text(f"a{number}", cache_control=None) for number in range(9)])))
