"""Content parts of a chat message -> content blocks. Nothing is fetched: a URL is passed on or refused."""

from collections.abc import Callable
from typing import assert_never

from claude_code_proxy import messages
from claude_code_proxy.endpoints.chat_completions import schema as chat
from claude_code_proxy.endpoints.data_url import decode_base64, split_data_url
from claude_code_proxy.errors import InvalidRequest

UserBlock = messages.Text | messages.Image | messages.Document
_TEXT_TYPES = (
    "text/",
    "application/json",
    "application/xml",
    "application/yaml",
    "application/x-yaml",
    "application/javascript",
)
_TEXT_NAMES = (".txt", ".md", ".csv", ".json", ".xml", ".yaml", ".yml", ".html", ".py", ".js", ".ts", ".cs", ".log")
_IMAGE_NAMES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
}


def to_blocks(content: chat.Content) -> tuple[UserBlock, ...]:
    """Raises `InvalidRequest` whose `param` is relative to the message, such as `content[1].image_url.url`."""
    if isinstance(content, str):
        return (messages.Text(content),) if content else ()
    if not content:
        return ()
    return tuple(_to_block(part, f"content[{index}]") for index, part in enumerate(content))


def to_texts(content: chat.Content) -> tuple[messages.Text, ...]:
    """The same where only text may stand: system messages and an assistant's own words."""
    blocks = to_blocks(content)
    for index, block in enumerate(blocks):
        if not isinstance(block, messages.Text):
            raise InvalidRequest(
                "Only text can stand here; put images and files into a user message.", param=f"content[{index}]"
            )
    return blocks  # type: ignore[return-value]  # every block was looked at


def _to_block(part: chat.Part, at: str) -> UserBlock:
    match part:
        case chat.TextPart():
            return messages.Text(part.text, cache_control=_cache_control(part))
        case chat.ImagePart():
            return _image(part, f"{at}.image_url")
        case chat.FilePart():
            return _file(part, f"{at}.file")
        case chat.RefusalPart():
            return messages.Text(part.refusal)
        case chat.AudioPart():
            raise InvalidRequest("Claude takes no audio input; send a transcript as text.", param=f"{at}.input_audio")
        case _:
            assert_never(part)


def _cache_control(part: chat.TextPart | chat.ImagePart | chat.FilePart) -> messages.CacheControl | None:
    """Both spellings of a cache breakpoint. Claude keeps an entry 5 minutes or an hour: 30 minutes become an hour."""
    if part.cache_control is not None or part.prompt_cache_breakpoint is None:
        return part.cache_control
    return messages.CacheControl(ttl="1h" if part.prompt_cache_breakpoint.ttl else None)


def _image(part: chat.ImagePart, at: str) -> messages.Image:
    url = part.image_url if isinstance(part.image_url, str) else part.image_url.url
    scheme = url[:8].lower()
    if scheme.startswith("data:"):
        media_type, data = split_data_url(url, at)
        return messages.Image(messages.Base64Source(media_type, data), _cache_control(part))
    if scheme == "https://":
        return messages.Image(messages.UrlSource(url), _cache_control(part))
    if scheme.startswith("http://"):
        raise InvalidRequest("Claude fetches images over https only; send an https URL or a data URL.", param=at)
    if url.startswith("file_"):
        return messages.Image(messages.FileSource(url), _cache_control(part))
    raise InvalidRequest("An image must be an https URL or a data URL.", param=at)


def _file(part: chat.FilePart, at: str) -> UserBlock:
    file = part.file
    if file.file_data:
        return _file_data(part, file.file_data, at)
    if not file.file_id:
        raise InvalidRequest("A file part needs `file_data` or `file_id`.", param=at)
    if file.file_id.startswith("https://"):
        return messages.Document(
            messages.UrlSource(file.file_id), title=file.filename, cache_control=_cache_control(part)
        )
    return messages.Document(messages.FileSource(file.file_id), title=file.filename, cache_control=_cache_control(part))


def _file_data(part: chat.FilePart, file_data: str, at: str) -> UserBlock:
    at = f"{at}.file_data"
    if file_data[:8].lower() == "https://":
        return messages.Document(
            messages.UrlSource(file_data), title=part.file.filename, cache_control=_cache_control(part)
        )
    media_type, data = split_data_url(file_data, at) if file_data[:5].lower() == "data:" else ("", file_data)
    name = (part.file.filename or "").lower()
    for kind, build in _FILE_KINDS:
        if kind(media_type or part.file.format or "", name, data):
            return build(part, data, media_type, at)
    raise InvalidRequest(
        f"Claude reads PDF, text and image files; this one is {media_type or 'of no type that can be told'}.", param=at
    )


def _is_pdf(media_type: str, name: str, data: str) -> bool:
    return media_type == "application/pdf" or data.startswith("JVBERi") or (not media_type and name.endswith(".pdf"))


def _is_image(media_type: str, name: str, data: str) -> bool:
    return media_type.startswith("image/") or (not media_type and name.endswith(tuple(_IMAGE_NAMES)))


def _is_text(media_type: str, name: str, data: str) -> bool:
    generic = media_type in ("", "application/octet-stream")
    return media_type.startswith(_TEXT_TYPES) or (generic and name.endswith(_TEXT_NAMES))


def _pdf_block(part: chat.FilePart, data: str, media_type: str, at: str) -> messages.Document:
    source = messages.Base64Source("application/pdf", data)
    return messages.Document(source, title=part.file.filename, cache_control=_cache_control(part))


def _image_block(part: chat.FilePart, data: str, media_type: str, at: str) -> messages.Image:
    suffix = (part.file.filename or "").lower().rpartition(".")[2]
    return messages.Image(
        messages.Base64Source(media_type or _IMAGE_NAMES[f".{suffix}"], data), cache_control=_cache_control(part)
    )


def _text_block(part: chat.FilePart, data: str, media_type: str, at: str) -> messages.Document:
    text = decode_base64(data, at).decode(errors="replace")
    if not text.strip():
        raise InvalidRequest("This text file is empty.", param=at)
    return messages.Document(messages.TextSource(text), title=part.file.filename, cache_control=_cache_control(part))


_Test = Callable[[str, str, str], bool]
_Build = Callable[[chat.FilePart, str, str, str], UserBlock]
_FILE_KINDS: tuple[tuple[_Test, _Build], ...] = (
    (_is_pdf, _pdf_block),
    (_is_image, _image_block),
    (_is_text, _text_block),
)
