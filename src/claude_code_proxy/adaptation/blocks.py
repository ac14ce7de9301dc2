"""The content of one message -> the blocks that the service takes in its role.

Blank text, blocks in the wrong role and thinking without a signature go; media get their true names. What stands
between messages (turn order, pairs of calls and results) is left to `conversation`.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adaptation import images, names
from claude_code_proxy.adjustment import Adjustment
from claude_code_proxy.messages.content import NO_JSON


class _AnyObject(msgspec.Struct):
    """Decoding into it checks that JSON is an object, and keeps nothing of it."""


_check_object = msgspec.json.Decoder(_AnyObject).decode
_UNSAID = messages.Text("(error)")


def tidy(message: messages.InputMessage, *, notes: list[Adjustment]) -> tuple[messages.Block, ...]:
    """The blocks of `message` that can stay, which are often all of them: then the very same tuple."""
    checks = _FINE[message.role]
    for block in message.content:
        fine = checks.get(type(block))
        if fine is None or not fine(block):
            break
    else:
        return message.content
    mended = (_mended(block, message.role, notes=notes) for block in message.content)
    return tuple(block for block in mended if block is not None)


def is_blank(text: str) -> bool:
    return not text or text.isspace()


def _mended(block: messages.Block, role: str, *, notes: list[Adjustment]) -> messages.Block | None:
    fine = _FINE[role].get(type(block))
    if fine is None:
        notes.append(Adjustment("messages", "dropped", f"the {role} role cannot hold such a block"))
        return None
    if fine(block):
        return block
    match block:
        case messages.Text():
            return None if is_blank(block.text) else replace(block, citations=NO_JSON)
        case messages.Image() | messages.Document():
            return None if _is_empty(block) else images.mended(block, notes=notes)
        case messages.ToolUse():
            return replace(
                block,
                name=block.name if names.is_legal_tool(block.name) else names.legal_tool(block.name),
                input=block.input if _is_object(block.input) else _object_of(block.input),
            )
        case messages.ToolResult():
            return _mended_result(block, notes=notes)
        case _:
            notes.append(Adjustment("messages", "dropped", "thinking without its signature cannot be replayed"))
            return None


def _mended_result(result: messages.ToolResult, *, notes: list[Adjustment]) -> messages.ToolResult:
    """Cache breakpoints inside a result become one at its end."""
    kept = (_mended(block, "user", notes=notes) for block in result.content)
    content = tuple(block for block in kept if isinstance(block, _RESULT_BLOCKS))
    inner = [block.cache_control for block in content if block.cache_control is not None]
    return replace(
        result,
        content=tuple(replace(block, cache_control=None) for block in content)
        or ((_UNSAID,) if result.is_error else ()),
        cache_control=result.cache_control or (inner[-1] if inner else None),
    )


def _object_of(raw: Raw) -> Raw:
    """Arguments as the object they must be: empty ones are `{}`, another value is wrapped, broken JSON kept as text."""
    text = bytes(raw).strip()
    if text in {b"", b"null", b'""'}:
        return Raw(b"{}")
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return Raw(b'{"_raw":' + msgspec.json.encode(text.decode(errors="replace")) + b"}")
    return Raw(b'{"value":' + text + b"}")


def _is_sound_call(call: messages.ToolUse) -> bool:
    try:
        _check_object(call.input)
    except (msgspec.DecodeError, RecursionError):
        return False
    return names.is_legal_tool(call.name) is not None


def _is_object(raw: Raw) -> bool:
    try:
        _check_object(raw)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def _has_text(text: messages.Text) -> bool:
    return bool(text.text) and not text.text.isspace()


def _is_plain(text: messages.Text) -> bool:
    return bool(text.text) and not text.text.isspace() and text.citations is NO_JSON


def _is_signed(thinking: messages.Thinking) -> bool:
    return bool(thinking.signature)


def _has_data(thinking: messages.RedactedThinking) -> bool:
    return bool(thinking.data)


def _has_fine_content(result: messages.ToolResult) -> bool:
    for block in result.content:
        if block.cache_control is not None or not _FINE_IN_RESULT[type(block)](block):
            return False
    return bool(result.content) or not result.is_error


def _is_sound_document(document: messages.Document) -> bool:
    return images.is_sound(document) and not _is_empty(document)


def _is_empty(media: messages.Image | messages.Document) -> bool:
    return isinstance(media.source, messages.TextSource) and is_blank(media.source.data)


def _always(_block: messages.Block) -> bool:
    return True


_Checks: TypeAlias = dict[type[messages.Block], Callable[[Any], bool]]

_RESULT_BLOCKS = (messages.Text, messages.Image, messages.Document, messages.SearchResult)
_FINE_IN_RESULT: _Checks = {
    messages.Text: _is_plain,
    messages.Image: images.is_sound,
    messages.Document: _is_sound_document,
    messages.SearchResult: _always,
}
# What each role can hold, and when a block needs no change.
_FINE: dict[str, _Checks] = {
    "user": {
        **_FINE_IN_RESULT,
        messages.ToolResult: _has_fine_content,
        messages.UnknownBlock: _always,
    },
    "assistant": {
        messages.Text: _has_text,
        messages.ToolUse: _is_sound_call,
        messages.Thinking: _is_signed,
        messages.RedactedThinking: _has_data,
        messages.ServerToolUse: _always,
        messages.WebSearchToolResult: _always,
        messages.UnknownBlock: _always,
    },
    "system": {messages.Text: _has_text, messages.UnknownBlock: _always},
}
