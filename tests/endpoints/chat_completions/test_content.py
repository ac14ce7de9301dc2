"""Content parts, in the places where they may stand."""

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from claude_code_proxy import messages
from claude_code_proxy.endpoints.chat_completions import schema as chat
from claude_code_proxy.endpoints.chat_completions.content import to_result_blocks, to_texts, to_user_blocks
from claude_code_proxy.errors import InvalidRequest

if TYPE_CHECKING:
    from claude_code_proxy.adjustment import Adjustment

PNG = "data:image/png;base64,eA=="


def content(parts: Any) -> chat.Content:
    return msgspec.json.decode(json.dumps(parts).encode(), type=str | list[chat.Part] | None)


def blocks(parts: Any) -> tuple[messages.Block, ...]:
    return to_user_blocks(content(parts), note=lambda adjustment: pytest.fail(adjustment.path))


def refusal(parts: Any, to: Any = to_texts) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        to(content(parts))
    return caught.value


@pytest.mark.parametrize("nothing", ["", [], None])
def test_nothing_is_no_block(nothing: Any) -> None:
    assert blocks(nothing) == ()
    assert to_texts(content(nothing)) == ()


def test_text_is_not_touched() -> None:
    assert blocks(" a\n") == (messages.Text(" a\n"),)
    assert blocks([{"type": "text", "text": ""}, {"type": "refusal", "refusal": "No."}]) == (
        messages.Text(""),
        messages.Text("No."),
    )


def test_images_in_both_spellings() -> None:
    image = messages.Image(messages.Base64Source("image/png", "eA=="))
    parts = [{"type": "image_url", "image_url": {"url": PNG}}, {"type": "image_url", "image_url": PNG}]
    assert blocks(parts) == (image, image)


def test_how_closely_to_look_is_told_to_be_ignored() -> None:
    seen: list[str] = []
    parts = [{"type": "image_url", "image_url": {"url": PNG, "detail": detail}} for detail in (None, "auto", "low")]
    to_user_blocks(content(parts), note=lambda adjustment: seen.append(adjustment.path))
    assert seen == ["content[2].image_url.detail"]


def test_breakpoints_in_both_spellings() -> None:
    marks = [
        {"cache_control": {"type": "ephemeral", "ttl": "5m"}, "prompt_cache_breakpoint": {"ttl": "30m"}},
        {"prompt_cache_breakpoint": {"mode": "explicit", "ttl": "30m"}},
        {"prompt_cache_breakpoint": {"mode": "explicit"}},
    ]
    found = blocks([{"type": "text", "text": "x"} | mark for mark in marks])
    assert [block.cache_control for block in found if isinstance(block, messages.Text)] == [
        messages.CacheControl("5m"),
        messages.CacheControl("1h"),
        messages.CacheControl(),
    ]


@pytest.mark.parametrize(
    "part", [{"type": "image_url", "image_url": PNG}, {"type": "file", "file": {}}, {"type": "input_audio"}]
)
def test_only_text_is_system_text(part: Any) -> None:
    error = refusal([{"type": "text", "text": "x"}, part])
    assert (error.param, error.code) == ("content[1]", "invalid_value")


@pytest.mark.parametrize(
    ("part", "param"),
    [
        ({"type": "input_audio", "input_audio": {"data": "x"}}, "content[0].input_audio"),
        ({"type": "image_url", "image_url": {"url": "http://a"}}, "content[0].image_url.url"),
        ({"type": "image_url", "image_url": "http://a"}, "content[0].image_url"),
        ({"type": "file", "file": {"filename": "a"}}, "content[0].file"),
        ({"type": "file", "file": {"file_data": "?"}}, "content[0].file.file_data"),
    ],
)
def test_what_cannot_be_taken_is_named(part: Any, param: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        blocks([part])
    assert caught.value.param == param


def test_a_file_by_a_url_in_the_place_of_its_id() -> None:
    assert blocks([{"type": "file", "file": {"file_id": "https://example.com/a.pdf"}}]) == (
        messages.Document(messages.UrlSource("https://example.com/a.pdf")),
    )


@pytest.mark.parametrize(
    "part",
    [
        {"type": "input_audio", "input_audio": {"data": "x"}},
        {"type": "image_url", "image_url": {"url": "http://example.com/a.png"}},
        {"type": "file", "file": {"filename": "a.docx", "file_data": "data:application/zip;base64,UEsDBBQ="}},
        {"type": "file", "file": {"filename": "a.txt", "file_data": "data:text/plain;base64,"}},
        {"type": "file", "file": {"filename": "a.txt", "file_data": "data:text/plain;base64,?"}},
        {"type": "file", "file": {}},
    ],
)
def test_what_a_tool_returned_and_claude_cannot_read_is_text_that_says_so(part: Any) -> None:
    notes: list[Adjustment] = []
    text, stand_in = to_result_blocks(content([{"type": "text", "text": "x"}, part]), note=notes.append)
    assert text == messages.Text("x")
    assert isinstance(stand_in, messages.Text)
    assert [(note.path, note.action, note.changes_meaning) for note in notes] == [("content[1]", "dropped", True)]
    with pytest.raises(InvalidRequest):
        blocks([part])


def test_an_image_in_a_result_is_an_image() -> None:
    found = to_result_blocks(content([{"type": "image_url", "image_url": PNG}]), note=lambda _: pytest.fail("told"))
    assert found == (messages.Image(messages.Base64Source("image/png", "eA==")),)


def test_a_result_in_a_user_message() -> None:
    part = {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "ok"}], "is_error": True}
    assert blocks([part, {"type": "text", "text": "go on"}]) == (
        messages.ToolResult("t", (messages.Text("ok"),), is_error=True),
        messages.Text("go on"),
    )


def test_what_anthropic_has_for_a_document_is_passed_on() -> None:
    file = {"file_data": "JVBERi0x", "context": "A report.", "citations": {"enabled": True}}
    (block,) = blocks([{"type": "file", "file": file}])
    assert isinstance(block, messages.Document)
    assert (block.context, bytes(block.citations)) == ("A report.", b'{"enabled": true}')
