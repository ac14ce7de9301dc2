"""Strict tools, as many and as much as a request can hold."""

from typing import TYPE_CHECKING, Any

import pytest
from msgspec import Raw
from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adaptation.adapt import AdaptOptions, adapt
from claude_code_proxy.adaptation.schemas.schema_budget import TOO_LARGE
from claude_code_proxy.adaptation.schemas.strict import normalize_strict
from claude_code_proxy.errors import InvalidRequest
from claude_code_proxy.models.catalogue import BUILT_IN
from tests.adaptation.requests import PLAIN, accepted, adapted, request, told, tool
from tests.adaptation.schemas.bombs import BOMBS

if TYPE_CHECKING:
    from claude_code_proxy.adjustment import Adjustment

CLOSED = {"type": "object", "properties": {"at": {"type": "string"}}, "required": ["at"], "additionalProperties": False}


def optional(count: int) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {f"p{at}": {"type": "string"} for at in range(count)},
        "additionalProperties": False,
    }


def strictness(*tools: messages.Tool, **fields: Any) -> list[bool]:
    sent = adapted(request(tools=tools, **fields))
    accepted(sent)
    return [one.strict for one in sent.request.tools if isinstance(one, messages.Tool)]


def test_trap_46_what_a_grammar_can_hold_stays_strict() -> None:
    sent = adapted(request(tools=(tool("a", CLOSED, strict=True), tool("b"))))
    assert sent.request.tools == (tool("a", CLOSED, strict=True), tool("b"))
    assert sent.adjustments == ()


def test_trap_46_keywords_beyond_it_are_said_in_words() -> None:
    narrow = {**CLOSED, "properties": {"at": {"type": "string", "minLength": 3}}}
    sent = adapted(request(tools=(tool("a", narrow, strict=True),)))
    accepted(sent)
    assert told(sent) == ["tools[0].strict=mapped"]
    (only,) = sent.request.tools
    assert isinstance(only, messages.Tool)
    assert b'"description":"(minLength: 3)"' in bytes(only.input_schema)
    assert only.strict


def test_trap_46_what_no_grammar_can_hold_goes_without() -> None:
    sent = adapted(request(tools=(tool("a", {"type": "object"}, strict=True),)))
    accepted(sent)
    assert sent.request.tools == (tool("a", {"type": "object"}),)
    assert [(one.path, one.action, one.changes_meaning) for one in sent.adjustments] == [
        ("tools[0].strict", "dropped", True)
    ]


def test_there_are_twenty_strict_tools_at_most() -> None:
    assert strictness(*(tool(f"t{at}", CLOSED, strict=True) for at in range(22))) == [True] * 20 + [False] * 2


def test_optional_parameters_are_counted_over_all_tools() -> None:
    assert strictness(
        tool("a", optional(20), strict=True), tool("b", optional(5), strict=True), tool("c", optional(4), strict=True)
    ) == [True, False, True]


def test_unions_are_counted_over_all_tools() -> None:
    union = {"type": ["string", "null"]}
    wide = {"type": "object", "properties": {f"p{at}": union for at in range(9)}, "additionalProperties": False}
    wide["required"] = list(wide["properties"])  # type: ignore[call-overload]
    assert strictness(tool("a", wide, strict=True), tool("b", wide, strict=True)) == [True, False]


def test_the_format_comes_first() -> None:
    shape = messages.JsonSchema(Raw(tool("x", optional(20)).input_schema))
    config = messages.OutputConfig(format=shape)
    assert strictness(
        tool("a", optional(5), strict=True), tool("b", optional(4), strict=True), output_config=config
    ) == [
        False,
        True,
    ]


def test_a_model_without_strict_tools_has_none() -> None:
    model = replace(BUILT_IN.find(PLAIN), strict_tools=False)
    sent = adapt(request(tools=(tool("a", CLOSED, strict=True),)), model, options=AdaptOptions())
    assert sent.request.tools == (tool("a", CLOSED),)
    assert told(sent) == ["tools[0].strict=dropped"]


@pytest.mark.parametrize("count", [0, 1])
def test_hosted_tools_are_not_strict(count: int) -> None:
    search = messages.HostedTool("web_search_20250305", "web_search")
    tools = (search, *(tool(f"t{at}", CLOSED, strict=True) for at in range(count)))
    assert adapted(request(tools=tools)).request.tools == tools


def test_a_schema_that_is_rewritten_is_told() -> None:
    sent = adapted(request(tools=(tool(strict=True),)))
    assert [(one.path, one.action, one.changes_meaning) for one in sent.adjustments] == [
        ("tools[0].strict", "mapped", False)
    ]
    closed = {"type": "object", "properties": {"at": {"type": "string"}}, "additionalProperties": False}
    assert adapted(request(tools=(tool("look", closed, strict=True),))).adjustments == ()


def test_a_tool_without_parameters_takes_none() -> None:
    sent = adapted(request(tools=(tool("look", {"type": "object", "properties": {}}, strict=True),)))
    accepted(sent)
    (only,) = sent.request.tools
    assert isinstance(only, messages.Tool)
    assert only.strict
    assert bytes(only.input_schema) == b'{"type":"object","properties":{},"additionalProperties":false}'


def test_a_schema_that_unfolds_without_end_is_refused() -> None:
    schema, _ = BOMBS["two merged with two"]
    with pytest.raises(InvalidRequest) as caught:
        adapted(request(tools=(tool("a"), tool("b", schema, strict=True))))
    assert (caught.value.path, caught.value.message) == ("tools[1].input_schema", TOO_LARGE)


@pytest.mark.parametrize(
    ("schema", "is_strict"),
    [(CLOSED, True), ({"type": "object"}, False), (optional(25), False)],
    ids=["closed", "no grammar holds it", "too many optional parameters"],
)
def test_a_tool_that_should_be_strict_is_so_where_it_can(schema: dict[str, Any], is_strict: bool) -> None:
    notes: list[Adjustment] = []
    original = request(tools=(tool("a", schema), tool("b", CLOSED)))
    sent = normalize_strict(original, BUILT_IN.find(PLAIN), wanted_strict={"a"}, notes=notes)
    assert sent.tools == (tool("a", schema, strict=is_strict), tool("b", CLOSED))
    assert notes == []
