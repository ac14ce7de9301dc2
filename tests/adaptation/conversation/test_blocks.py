"""What may stand in a message of each role, and what becomes of what may not."""

from typing import TYPE_CHECKING

import msgspec
import pytest
from msgspec import Raw

from claude_code_proxy import messages
from claude_code_proxy.adaptation.conversation.blocks import is_blank, normalize_blocks
from claude_code_proxy.errors import InvalidRequest
from tests.adaptation.requests import PNG, assistant, call, late_system, result, user

if TYPE_CHECKING:
    from claude_code_proxy.adjustment import Adjustment


def tidied(message: messages.InputMessage) -> tuple[messages.Block, ...]:
    return normalize_blocks(message, notes=[])


def test_content_that_can_stay_is_the_very_same() -> None:
    message = assistant("a", messages.Thinking("", "signed"), messages.RedactedThinking("x"), call())
    assert tidied(message) is message.content


@pytest.mark.parametrize("text", ["", " ", "\n\t "])
def test_trap_12_blank_text_is_dropped(text: str) -> None:
    assert is_blank(text)
    assert tidied(user(text, "a")) == user("a").content
    assert tidied(late_system(text)) == ()


def test_trap_10_an_empty_text_beside_tool_calls_is_dropped() -> None:
    assert tidied(assistant("", call())) == (call(),)


@pytest.mark.parametrize("text", ["", " \n"])
def test_trap_13_an_empty_tool_result_has_no_content(text: str) -> None:
    assert tidied(user(result("call_1", text))) == (messages.ToolResult("call_1"),)


def test_an_empty_error_says_so() -> None:
    assert tidied(user(result(is_error=True))) == (result("call_1", "(error)", is_error=True),)


@pytest.mark.parametrize("arguments", ["", "null", '""', "  "])
def test_trap_07_empty_arguments_become_an_object(arguments: str) -> None:
    assert tidied(assistant(call(arguments=arguments))) == (call(arguments="{}"),)


@pytest.mark.parametrize("arguments", ["[]", "1", '"x"', "true", '[{"a":1}]'])
def test_trap_08_arguments_that_are_no_object_are_wrapped(arguments: str) -> None:
    assert tidied(assistant(call(arguments=arguments))) == (call(arguments=f'{{"value":{arguments}}}'),)


@pytest.mark.parametrize("arguments", ['{"a":', "1,2", "{'a':1}", '1},"x":{'])
def test_trap_09_invalid_json_is_kept_as_text(arguments: str) -> None:
    (block,) = tidied(assistant(call(arguments=arguments)))
    assert isinstance(block, messages.ToolUse)
    assert msgspec.json.decode(block.input) == {"_raw": arguments}


def test_arguments_nested_without_end_do_no_harm() -> None:
    (block,) = tidied(assistant(call(arguments='{"a":' * 100_000)))
    assert isinstance(block, messages.ToolUse)
    assert bytes(block.input).startswith(b'{"_raw":"')


def test_trap_42_a_call_of_a_tool_by_an_illegal_name_is_renamed() -> None:
    assert tidied(assistant(call(name="a.b/c"))) == (call(name="a_b_c"),)


def test_trap_24_documents_and_citations_that_are_echoed_are_stripped() -> None:
    page = messages.Document(messages.TextSource("a"))
    notes: list[Adjustment] = []
    assert normalize_blocks(assistant(page, "b"), notes=notes) == assistant("b").content
    assert [note.action for note in notes] == ["dropped"]
    assert tidied(user(messages.Text("a", citations=Raw(b"[{}]")))) == user("a").content


@pytest.mark.parametrize(
    "message",
    [
        user(call()),
        user(messages.Thinking("a", "signed")),
        assistant(result()),
        assistant(messages.Image(messages.UrlSource("https://a"))),
        late_system(messages.Image(messages.UrlSource("https://a"))),
    ],
)
def test_a_block_in_the_wrong_role_is_dropped_and_told(message: messages.InputMessage) -> None:
    notes: list[Adjustment] = []
    assert normalize_blocks(message, notes=notes) == ()
    assert [(note.path, note.action) for note in notes] == [("messages", "dropped")]


def test_thinking_without_a_signature_is_dropped() -> None:
    assert tidied(assistant(messages.Thinking("a", ""), messages.RedactedThinking(""), "b")) == assistant("b").content


def test_thinking_text_may_be_empty_when_it_is_signed() -> None:
    assert tidied(assistant(messages.Thinking("", "signed"))) == (messages.Thinking("", "signed"),)


def test_trap_21_images_stay_in_tool_results() -> None:
    image = messages.Image(messages.Base64Source("image/jpeg", PNG))
    (block,) = tidied(user(messages.ToolResult("a", (messages.Text(" "), image))))
    assert block == messages.ToolResult("a", (messages.Image(messages.Base64Source("image/png", PNG)),))


def test_a_document_of_nothing_is_dropped() -> None:
    assert tidied(user(messages.Document(messages.TextSource(" ")), "a")) == user("a").content


def test_breakpoints_inside_a_tool_result_become_its_own() -> None:
    inside = messages.ToolResult("a", (messages.Text("b", cache_control=messages.CacheControl("1h")),))
    assert tidied(user(inside)) == (
        messages.ToolResult("a", (messages.Text("b"),), cache_control=messages.CacheControl("1h")),
    )


def test_blocks_nobody_knows_yet_pass() -> None:
    unknown = messages.UnknownBlock("container_upload", b'{"type":"container_upload","file_id":"f"}')
    assert tidied(user(unknown)) == (unknown,)


IMAGE = messages.Image(messages.Base64Source("image/png", PNG))


@pytest.mark.parametrize(
    ("message", "action"),
    [
        (user(" ", "a"), "dropped"),
        (assistant("", call()), "dropped"),
        (late_system("\n", "a"), "dropped"),
        (user(result("a", " ", "b")), "dropped"),
        (user(messages.Document(messages.TextSource("")), "a"), "dropped"),
        (assistant(call(name="a.b")), "renamed"),
        (assistant(call(arguments="[]")), "mapped"),
        (user(result("a", is_error=True)), "inserted"),
        (user(messages.ToolResult("a", (messages.Text("b"), IMAGE), is_error=True)), "mapped"),
    ],
)
def test_every_repair_is_told(message: messages.InputMessage, action: str) -> None:
    notes: list[Adjustment] = []
    normalize_blocks(message, notes=notes)
    assert [(note.path, note.action) for note in notes] == [("messages", action)]


def test_what_needs_no_repair_is_not() -> None:
    notes: list[Adjustment] = []
    for message in (user("a", IMAGE, result("a", "b", is_error=True)), assistant("a", call()), late_system("a")):
        assert normalize_blocks(message, notes=notes) is message.content
    assert notes == []


def test_pictures_in_a_failed_result_stand_after_it() -> None:
    """A result that is an error holds text alone."""
    one = messages.ToolResult("a", (messages.Text("b"), IMAGE), is_error=True)
    only = messages.ToolResult("c", (IMAGE,), is_error=True)
    assert tidied(user(one, only, "d")) == (
        result("a", "b", is_error=True),
        result("c", "(error)", is_error=True),
        messages.Text("d"),
        IMAGE,
        IMAGE,
    )


@pytest.mark.parametrize(
    "block",
    [
        messages.Image(messages.Base64Source("image/svg+xml", "/zxzdmcvPg==")),
        messages.Image(messages.Base64Source("image/heic", "AAAAGGZ0eXBoZWlj")),
        messages.Image(messages.Base64Source("image/png", "?")),
        messages.Image(messages.Base64Source("image/png", "iVBORw0KGgo" + "A" * 14_000_000)),
        messages.Image(messages.UrlSource("http://example.com/a.png")),
        messages.Document(messages.Base64Source("application/zip", "UEsDBBQ=")),
    ],
    ids=["SVG in Latin-1", "heic", "no base64", "too large", "http", "zip"],
)
def test_what_a_tool_returned_and_claude_cannot_read_becomes_text(block: messages.Image | messages.Document) -> None:
    notes: list[Adjustment] = []
    (found,) = normalize_blocks(user(messages.ToolResult("x", (messages.Text("a"), block))), notes=notes)
    assert isinstance(found, messages.ToolResult)
    assert [type(inner) for inner in found.content] == [messages.Text, messages.Text]
    assert [(note.action, note.changes_meaning) for note in notes] == [("dropped", True)]
    with pytest.raises(InvalidRequest):
        normalize_blocks(user(block), notes=[])
