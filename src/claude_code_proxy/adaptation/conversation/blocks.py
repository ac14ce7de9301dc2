"""The content of one message -> the blocks that the service takes in its role.

Blank text, blocks in the wrong role and thinking without a signature go; media get their true names. What stands
between messages (turn order, pairs of calls and results) is left to `conversation`.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adaptation.conversation import images, names
from claude_code_proxy.adjustment import Action, Adjustment
from claude_code_proxy.errors import InvalidRequest
from claude_code_proxy.messages.content import NO_JSON, NO_OBJECT, check_object
from claude_code_proxy.messages.json_text import to_object

_ResultBlock: TypeAlias = messages.Text | messages.Image | messages.Document | messages.SearchResult
_UNSAID = messages.Text("(error)")
BLANK = Adjustment("messages", Action.DROPPED, "text that is blank")


def normalize_blocks(message: messages.InputMessage, *, notes: list[Adjustment]) -> tuple[messages.Block, ...]:
    """Return the blocks of `message` that can stay. Often these are all, and then it is the very same tuple."""
    checks = _FINE[message.role]
    for block in message.content:
        kind = type(block)
        if kind not in checks or not checks[kind](block):
            break
    else:
        return message.content
    kept: list[messages.Block] = []
    apart: list[messages.Block] = []  # what a failed result cannot hold
    for block in message.content:
        normalized = _normalized(block, message.role, apart=apart, notes=notes)
        if normalized is not None:
            kept.append(normalized)
    return (*kept, *apart)


def is_blank(text: str) -> bool:
    return not text or text.isspace()


def _normalized(
    block: messages.Block, role: str, *, apart: list[messages.Block], notes: list[Adjustment]
) -> messages.Block | None:
    fine = _FINE[role].get(type(block))
    if fine is None:
        notes.append(_note(Action.DROPPED, f"the {role} role cannot hold such a block"))
        return None
    if fine(block):
        return block
    match block:
        case messages.Text():
            return _normalized_text(block, notes=notes)
        case messages.Image() | messages.Document():
            return _normalized_media(block, notes=notes)
        case messages.ToolUse():
            return _normalized_call(block, notes=notes)
        case messages.ToolResult():
            return _normalized_result(block, apart=apart, notes=notes)
        case _:
            notes.append(_note(Action.DROPPED, "thinking without its signature cannot be replayed"))
            return None


def _normalized_text(text: messages.Text, *, notes: list[Adjustment]) -> messages.Text | None:
    if not is_blank(text.text):
        return replace(text, citations=NO_JSON)
    notes.append(BLANK)
    return None


def _normalized_media(
    media: messages.Image | messages.Document, *, notes: list[Adjustment]
) -> messages.Image | messages.Document | messages.Text | None:
    if not _is_empty(media):
        normalized = images.normalize_media(media, notes=notes)
        return _normalized_text(normalized, notes=notes) if isinstance(normalized, messages.Text) else normalized
    notes.append(_note(Action.DROPPED, "a document that says nothing"))
    return None


def _normalized_call(call: messages.ToolUse, *, notes: list[Adjustment]) -> messages.ToolUse:
    if not names.is_legal_tool(call.name):
        notes.append(_note(Action.RENAMED, "the tool of an earlier call had a name that Claude refuses"))
        call = replace(call, name=names.legal_tool(call.name))
    if not _is_sound_call(call):  # its name is legal by now, so its input is not an object
        notes.append(_note(Action.MAPPED, "the arguments of an earlier call were no JSON object"))
        call = replace(call, input=to_object(bytes(call.input))[0])
    return call


def _normalized_result(
    result: messages.ToolResult, *, apart: list[messages.Block], notes: list[Adjustment]
) -> messages.ToolResult:
    """Cache breakpoints inside a result become one at its end. A failed result holds only text."""
    kept = (_normalized_in_result(block, apart=apart, notes=notes) for block in result.content)
    content = tuple(block for block in kept if isinstance(block, _RESULT_BLOCKS))
    inner = [block.cache_control for block in content if block.cache_control is not None]
    content = tuple(replace(block, cache_control=None) for block in content)
    if result.is_error:
        content = _text_alone(content, apart=apart, notes=notes)
    return replace(result, content=content, cache_control=result.cache_control or (inner[-1] if inner else None))


def _normalized_in_result(
    block: _ResultBlock, *, apart: list[messages.Block], notes: list[Adjustment]
) -> messages.Block | None:
    """Put text in place of what Claude cannot read: the client's history keeps it, so each turn would be refused."""
    try:
        return _normalized(block, "user", apart=apart, notes=notes)
    except InvalidRequest as error:
        kind = "a document" if isinstance(block, messages.Document) else "an image"
        text, note = images.stand_in(kind, error, at="messages")
        notes.append(note)
        return text


def _text_alone(
    content: tuple[_ResultBlock, ...], *, apart: list[messages.Block], notes: list[Adjustment]
) -> tuple[_ResultBlock, ...]:
    texts = tuple(block for block in content if isinstance(block, messages.Text))
    if len(texts) < len(content):
        notes.append(_note(Action.MAPPED, "pictures and files in a failed tool result stand after it"))
        apart += (block for block in content if not isinstance(block, messages.Text))
    if not texts:
        notes.append(_note(Action.INSERTED, "a failed tool result that says nothing is sent as (error)"))
    return texts or (_UNSAID,)


def _note(action: Action, reason: str) -> Adjustment:
    return Adjustment("messages", action, reason)


def _is_sound_call(call: messages.ToolUse) -> bool:
    try:
        check_object(call.input)
    except NO_OBJECT:
        return False
    return names.is_legal_tool(call.name) is not None


# These two run for each text of a conversation, so they repeat `is_blank` instead of calling it.
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
    return not result.is_error or (bool(result.content) and all(type(b) is messages.Text for b in result.content))


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
        messages.Compaction: _always,
        messages.UnknownBlock: _always,
    },
    "system": {messages.Text: _has_text, messages.UnknownBlock: _always},
}
