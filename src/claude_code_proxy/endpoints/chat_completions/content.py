"""Content parts of a chat message -> content blocks."""

from collections.abc import Callable
from typing import TypeAlias, assert_never

from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.endpoints.chat_completions import schema as chat
from claude_code_proxy.endpoints.chat_completions.support import PARTS
from claude_code_proxy.endpoints.openai.files import to_file, to_image, to_stored_file
from claude_code_proxy.endpoints.support import Support
from claude_code_proxy.errors import InvalidRequest

UserBlock: TypeAlias = messages.Text | messages.Image | messages.Document
Ignore: TypeAlias = Callable[[str, Support], None]


def to_blocks(content: chat.Content, *, ignore: Ignore) -> tuple[UserBlock, ...]:
    """Translate the content of a user message or a tool result.

    Paths are relative to the message, such as `content[1].image_url.url`, both in errors and in calls of `ignore`,
    which receives what has no counterpart.
    """
    if isinstance(content, str):
        return (messages.Text(content),) if content else ()
    if not content:
        return ()
    return tuple(_to_block(part, f"content[{index}]", ignore=ignore) for index, part in enumerate(content))


def to_texts(content: chat.Content) -> tuple[messages.Text, ...]:
    """Translate content that may hold only text: that of system messages."""
    if isinstance(content, str):
        return (messages.Text(content),) if content else ()
    return tuple(_to_text(part, f"content[{index}]") for index, part in enumerate(content or ()))


def _to_text(part: chat.Part, at: str) -> messages.Text:
    match part:
        case chat.TextPart():
            return messages.Text(part.text, cache_control=_cache_control(part))
        case chat.RefusalPart():
            return messages.Text(part.refusal)
        case chat.ImagePart() | chat.FilePart() | chat.AudioPart():
            raise InvalidRequest(
                "Only text can stand here; put images and files into a user message.", param=at, code="invalid_value"
            )
        case _:
            assert_never(part)


def _to_block(part: chat.Part, at: str, *, ignore: Ignore) -> UserBlock:
    match part:
        case chat.TextPart() | chat.RefusalPart():
            return _to_text(part, at)
        case chat.ImagePart():
            return _marked(_image(part, f"{at}.image_url", ignore=ignore), part)
        case chat.FilePart():
            return _marked(_file(part.file, f"{at}.file"), part)
        case chat.AudioPart():
            raise InvalidRequest(
                PARTS["input_audio"].reason, param=f"{at}.input_audio", code="unsupported_content_type"
            )
        case _:
            assert_never(part)


def _image(part: chat.ImagePart, at: str, *, ignore: Ignore) -> messages.Image:
    if isinstance(part.image_url, str):
        return to_image(part.image_url, at=at)
    if part.image_url.detail not in {None, "auto"}:
        ignore(f"{at}.detail", PARTS["image_url.detail"])
    return to_image(part.image_url.url, at=f"{at}.url")


def _file(file: chat.FileBody, at: str) -> messages.Image | messages.Document:
    if file.file_data:
        return to_file(file.file_data, name=file.filename, declared=file.format or "", at=f"{at}.file_data")
    if not file.file_id:
        raise InvalidRequest("A file part needs `file_data` or `file_id`.", param=at, code="missing_required_parameter")
    if file.file_id[:8].lower() == "https://":
        return to_file(file.file_id, name=file.filename, declared="", at=f"{at}.file_id")
    return to_stored_file(file.file_id, name=file.filename)


def _marked(
    block: messages.Image | messages.Document, part: chat.ImagePart | chat.FilePart
) -> messages.Image | messages.Document:
    cache_control = _cache_control(part)
    return block if cache_control is None else replace(block, cache_control=cache_control)


def _cache_control(part: chat.TextPart | chat.ImagePart | chat.FilePart) -> messages.CacheControl | None:
    """Both spellings of a cache breakpoint. Entries last 5 minutes or an hour, so 30 minutes become an hour."""
    if part.cache_control is not None or part.prompt_cache_breakpoint is None:
        return part.cache_control
    return messages.CacheControl(ttl="1h" if part.prompt_cache_breakpoint.ttl else None)
