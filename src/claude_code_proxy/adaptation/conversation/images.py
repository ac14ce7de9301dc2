"""Images and documents -> the same under the media type that their bytes show.

Nothing is fetched: an https URL goes to the service as it is. An SVG image becomes its own text and is never rendered.
What no living model reads is refused, in plain words.
"""

import base64
import binascii
from typing import TypeAlias

from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adjustment import Action, Adjustment
from claude_code_proxy.errors import InvalidRequest
from claude_code_proxy.messages.media import IMAGE_TYPES, PDF, media_type_of

Media: TypeAlias = messages.Image | messages.Document

MAX_IMAGE_BYTES = 10 * 1024 * 1024
MAX_IMAGE_BASE64 = MAX_IMAGE_BYTES * 4 // 3 + 4
_HEAD = 32  # base64 characters, enough to see that it is base64
_SVG = "image/svg+xml"
_STRAYS = "\n\r -_"
_USUAL_ALPHABET = str.maketrans("-_", "+/")


def is_sound(media: Media) -> bool:
    """Whether the block can go as it is."""
    source = media.source
    if isinstance(source, messages.Base64Source):
        media_type = _named(source)
        right = media_type == source.media_type != "" and isinstance(media, _block_for(media_type))
        return right and _fits(media, source.data) and _is_clean(source.data)
    return not isinstance(source, messages.UrlSource) or source.url.startswith("https://")


def normalize_media(media: Media, *, notes: list[Adjustment]) -> Media | messages.Text:
    """Return the block under its true media type. Raise `InvalidRequest` for what the service would refuse."""
    source = media.source
    if isinstance(source, messages.UrlSource):
        raise InvalidRequest(
            "Only https URLs of images and files are passed on; nothing is fetched by the proxy. "
            "Send anything else as a data URL.",
            path="messages",
        )
    if not isinstance(source, messages.Base64Source):
        return media
    if not _is_clean(source.data):
        source = messages.Base64Source(source.media_type, cleaned(source.data))
    if is_svg(source):
        text = messages.Text(_svg_text(source.data), cache_control=media.cache_control)
        notes.append(
            Adjustment("messages", Action.MAPPED, "Claude reads no SVG images, so this one is sent as its text")
        )
        return text
    if not _fits(media, source.data):
        raise InvalidRequest(f"An image is larger than {MAX_IMAGE_BYTES // 1024 // 1024} MB.", path="messages")
    media_type = _named(source)
    if not media_type:
        raise _unnamed(media, media_type_of(source.data) or source.media_type)
    named = _renamed(media, messages.Base64Source(media_type, source.data))
    if media_type != source.media_type:
        declared = source.media_type or "nothing"
        notes.append(Adjustment("messages", Action.MAPPED, f"a file that was said to be {declared} is {media_type}"))
    elif not isinstance(named, type(media)):
        notes.append(Adjustment("messages", Action.MAPPED, f"{media_type} is sent as Claude takes it, not as it came"))
    return named


def stand_in(kind: str, error: InvalidRequest, *, at: str) -> tuple[messages.Text, Adjustment]:
    """Return the text that takes the place of an image or a document in a tool result, and the adjustment."""
    reason = f"text stands in place of {kind} in a tool result: {error.message}"
    note = Adjustment(at, Action.DROPPED, reason, changes_meaning=True)
    return messages.Text(f"({kind} that cannot be read: {error.message})"), note


def _renamed(media: Media, source: messages.Base64Source) -> Media:
    """Return the block in the form that its media type wants: a PDF is a document, an image an image block."""
    block = _block_for(source.media_type)
    return (
        replace(media, source=source) if isinstance(media, block) else block(source, cache_control=media.cache_control)
    )


def _block_for(media_type: str) -> type[Media]:
    return messages.Document if media_type == PDF else messages.Image


def _unnamed(media: Media, media_type: str) -> InvalidRequest:
    if isinstance(media, messages.Image):
        supported = "JPEG, PNG, GIF and WebP images are supported"
    else:
        supported = "a file must be a PDF or text"
    return InvalidRequest(f"Not a format that Claude reads ({media_type or 'unnamed'}): {supported}.", path="messages")


def _is_clean(data: str) -> bool:
    """Whether it looks like base64 as the service wants it; not all of it is read."""
    return len(data) % 4 == 0 and not any(stray in data for stray in _STRAYS)


def is_svg(source: messages.Base64Source) -> bool:
    return source.media_type == _SVG and not media_type_of(source.data)


def _svg_text(data: str) -> str:
    try:
        return base64.b64decode(data).decode("utf-8-sig")
    except ValueError:
        raise InvalidRequest("The text of this SVG image is not UTF-8: send it as UTF-8.", path="messages") from None


def cleaned(data: str) -> str:
    """Return base64 without line breaks, in the usual alphabet, padded. Raise `InvalidRequest`."""
    bare = "".join(data.split()).translate(_USUAL_ALPHABET).rstrip("=")
    try:
        return base64.b64encode(base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)).decode()
    except ValueError:
        raise InvalidRequest("The data of an image or a file is not valid base64.", path="messages") from None


def _fits(media: Media, data: str) -> bool:
    return len(data) <= MAX_IMAGE_BASE64 or isinstance(media, messages.Document)


def _named(source: messages.Base64Source) -> str:
    """Return the media type that the content shows, else the declared one; "" if Claude reads neither."""
    found = media_type_of(source.data)
    if found:
        return found if found == PDF or found in IMAGE_TYPES else ""
    try:
        head = binascii.a2b_base64(source.data[:_HEAD])
    except ValueError:
        return ""
    return source.media_type if head and source.media_type in IMAGE_TYPES else ""
