"""Content parts of a chat message -> content blocks.

What a user sends and Claude cannot read is an error. In a tool result it becomes text that names it: the client keeps
the result in its history, so an error would end the conversation for good.
"""

from collections.abc import Sequence
from typing import TypeAlias, assert_never

from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adjustment import Action, Adjustment
from claude_code_proxy.endpoints.chat_completions import schema as chat
from claude_code_proxy.endpoints.chat_completions.support import PARTS
from claude_code_proxy.endpoints.openai.data_url import decode_base64
from claude_code_proxy.endpoints.openai.files import FileLabel, Media, Note, to_file, to_image, to_stored_file
from claude_code_proxy.endpoints.support import ignored
from claude_code_proxy.errors import InvalidRequest
from claude_code_proxy.messages.content import NO_JSON

ResultBlock: TypeAlias = messages.Text | messages.Image | messages.Document
UserBlock: TypeAlias = ResultBlock | messages.ToolResult
_READABLE = frozenset({"image/png", "image/jpeg", "image/jpg", "image/gif", "image/webp", "application/pdf"})
_MAX_BASE64 = 10 * 1024 * 1024 * 4 // 3
_ADDRESSES = ("https://", "data:")  # which clients also put where the id of a file belongs


def to_user_blocks(content: chat.Content, *, note: Note) -> tuple[UserBlock, ...]:
    """Translate the content of a user message. Raise `InvalidRequest` for what Claude cannot read.

    Paths are relative to the message, such as `content[1].image_url.url`, both in errors and in what `note` receives.
    """
    if isinstance(content, str):
        return (messages.Text(content),) if content else ()
    if not content:
        return ()
    return tuple(_to_user_block(part, f"content[{index}]", note=note) for index, part in enumerate(content))


def to_result_blocks(
    content: str | Sequence[chat.Part] | None, *, note: Note, at: str = "content"
) -> tuple[ResultBlock, ...]:
    """Translate the content of a tool result, with text in place of what Claude cannot read."""
    if isinstance(content, str):
        return (messages.Text(content),) if content else ()
    return tuple(_readable(part, f"{at}[{index}]", note=note) for index, part in enumerate(content or ()))


def to_texts(content: chat.Content) -> tuple[messages.Text, ...]:
    """Translate content that may hold only text: that of system messages."""
    if isinstance(content, str):
        return (messages.Text(content),) if content else ()
    return tuple(_only_text(part, f"content[{index}]") for index, part in enumerate(content or ()))


def to_media(part: chat.ImagePart | chat.FilePart, at: str, *, note: Note) -> Media:
    """Return the block of an image or a file. Raise `InvalidRequest`."""
    block = (
        _image(part, f"{at}.image_url", note=note) if isinstance(part, chat.ImagePart) else _file(part, at, note=note)
    )
    cache_control = _cache_control(part)
    return block if cache_control is None else replace(block, cache_control=cache_control)


def to_text(part: chat.TextPart | chat.RefusalPart) -> messages.Text:
    if isinstance(part, chat.RefusalPart):
        return messages.Text(part.refusal)
    return messages.Text(part.text, cache_control=_cache_control(part))


def check_readable(block: Media) -> Media:
    """Return the block. Raise `InvalidRequest` for inline data that Claude is known to refuse."""
    source = block.source
    if isinstance(source, messages.Base64Source):
        decode_base64(source.data, "")
        if source.media_type not in _READABLE or len(source.data) > _MAX_BASE64:
            raise InvalidRequest(f"Claude does not read {source.media_type or 'such a file'}, or not of that size.")
    return block


def stand_in(part: chat.Part) -> str:
    """Return the text that stands where a part cannot."""
    match part:
        case chat.ImagePart():
            return "(an image that cannot be shown here)"
        case chat.FilePart(file=chat.FileBody(filename=str(name))):
            return f"(the file {name}, which cannot be read here)"
        case chat.AudioPart():
            return "(audio, which cannot be heard here)"
        case chat.ToolResultPart():
            return "(the result of a tool)"
        case _:
            return "(a file that cannot be read here)"


def _only_text(part: chat.Part, at: str) -> messages.Text:
    if isinstance(part, chat.TextPart | chat.RefusalPart):
        return to_text(part)
    raise InvalidRequest(
        "Only text can stand here; put images and files into a user message.", param=at, code="invalid_value"
    )


def _readable(part: chat.Part, at: str, *, note: Note) -> ResultBlock:
    if isinstance(part, chat.ToolResultPart):
        note(Adjustment(at, Action.MAPPED, "a result within a result is its text"))
        return messages.Text(_text_of(part.content))
    try:
        return _to_block(part, at, note=note)
    except InvalidRequest as error:
        reason = f"text stands in place of what Claude cannot read: {error.message}"
        note(Adjustment(at, Action.DROPPED, reason, changes_meaning=True))
        return messages.Text(stand_in(part))


def _to_user_block(part: chat.Part, at: str, *, note: Note) -> UserBlock:
    if not isinstance(part, chat.ToolResultPart):
        return _to_block(part, at, note=note)
    return messages.ToolResult(
        part.tool_use_id,
        to_result_blocks(part.content, note=note, at=f"{at}.content"),
        is_error=bool(part.is_error),
        cache_control=part.cache_control,
    )


def _to_block(
    part: chat.TextPart | chat.ImagePart | chat.FilePart | chat.AudioPart | chat.RefusalPart, at: str, *, note: Note
) -> ResultBlock:
    match part:
        case chat.TextPart() | chat.RefusalPart():
            return to_text(part)
        case chat.ImagePart() | chat.FilePart():
            return to_media(part, at, note=note)
        case chat.AudioPart():
            raise InvalidRequest(
                PARTS["input_audio"].reason, param=f"{at}.input_audio", code="unsupported_content_type"
            )
        case _:
            assert_never(part)


def _image(part: chat.ImagePart, at: str, *, note: Note) -> Media:
    if isinstance(part.image_url, str):
        return to_image(part.image_url, at=at, note=note)
    if part.image_url.detail not in {None, "auto"}:
        note(ignored(f"{at}.detail", PARTS["image_url.detail"]))
    return to_image(part.image_url.url, at=f"{at}.url", note=note)


def _file(part: chat.FilePart, at: str, *, note: Note) -> Media:
    file = part.file
    block = _file_block(file, f"{at}.file", note=note)
    if isinstance(block, messages.Image) or (file.citations is NO_JSON and file.context is None):
        return block
    return replace(block, citations=file.citations, context=file.context or None)


def _file_block(file: chat.FileBody, at: str, *, note: Note) -> Media:
    label = FileLabel(file.filename or "", file.format or "")
    if file.file_data:
        return to_file(file.file_data, label, at=f"{at}.file_data", note=note)
    if not file.file_id:
        raise InvalidRequest("A file part needs `file_data` or `file_id`.", param=at, code="missing_required_parameter")
    if file.file_id.lower().startswith(_ADDRESSES):
        return to_file(file.file_id, label, at=f"{at}.file_id", note=note)
    return to_stored_file(file.file_id, label)


def _text_of(content: str | Sequence[chat.Part] | None) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(part.text if isinstance(part, chat.TextPart) else stand_in(part) for part in content or ())


def _cache_control(part: chat.TextPart | chat.ImagePart | chat.FilePart) -> messages.CacheControl | None:
    """Both spellings of a cache breakpoint. Entries last 5 minutes or an hour, so 30 minutes become an hour."""
    if part.cache_control is not None or part.prompt_cache_breakpoint is None:
        return part.cache_control
    return messages.CacheControl(ttl="1h" if part.prompt_cache_breakpoint.ttl else None)
