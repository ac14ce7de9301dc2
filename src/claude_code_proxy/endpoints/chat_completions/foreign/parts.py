"""Content parts of other APIs and libraries -> parts of a chat message.

Anthropic's blocks, OpenAI's Responses, the Model Context Protocol, Microsoft.Extensions.AI and the AI SDK have parts of
their own, which clients put into chat messages, and as JSON into the text of a tool's result. A part that is none of
these is None.
"""

import base64
import re
from typing import TypeAlias

import msgspec
from msgspec import Raw, Struct, field

from claude_code_proxy.endpoints.chat_completions import schema as chat
from claude_code_proxy.endpoints.openai.data_url import decode_base64
from claude_code_proxy.errors import InvalidRequest
from claude_code_proxy.messages import CacheControl
from claude_code_proxy.messages.content import NO_JSON

_MediaPart: TypeAlias = chat.ImagePart | chat.FilePart | chat.AudioPart
_TEXTS = frozenset({"text", "input_text", "output_text"})
_DATA = frozenset({"media", "data", "image-data", "file-data", "audio"})
_ADDRESSES = frozenset({"uri", "image-url", "file-url", "image_url", "input_image", "input_file", "file"})
_MEDIA_FIELD = re.compile(r'"(?:data|uri|url|blob|image|image_url|file|file_data|source)"\s*:')
_BLANK = 64  # characters that may stand before JSON
_BEGINNINGS = ("data:", "https://", "http://")


class _Source(Struct, frozen=True):
    """The `source` of Anthropic's image and document blocks."""

    type: str
    media_type: str = ""
    data: str = ""
    url: str = ""
    file_id: str = ""


class _Resource(Struct, frozen=True, rename="camel"):
    """The `resource` of the Model Context Protocol: text, or bytes in base64."""

    uri: str = ""
    mime_type: str | None = None
    text: str | None = None
    blob: str | None = None


class _FileObject(Struct, frozen=True):
    file_data: str | None = None
    file_id: str | None = None
    filename: str | None = None
    format: str | None = None


class _ImageObject(Struct, frozen=True):
    url: str


class ForeignPart(Struct, frozen=True, kw_only=True):
    """The fields of all forms together; a part has those of one."""

    type: str | None = None
    data_type: str | None = field(name="$type", default=None)
    text: str | None = None
    source: _Source | None = None
    resource: _Resource | None = None
    data: str | None = None
    image: str | None = None
    mime_type: str | None = field(name="mimeType", default=None)
    media_type: str | None = field(name="mediaType", default=None)
    uri: str | None = None
    url: str | None = None
    image_url: str | _ImageObject | None = None
    file: _FileObject | None = None
    file_data: str | None = None
    file_url: str | None = None
    file_id: str | None = None
    filename: str | None = None
    name: str | None = None
    title: str | None = None
    context: str | None = None
    citations: Raw = NO_JSON
    cache_control: CacheControl | None = None

    @property
    def kind(self) -> str:
        return self.type or self.data_type or ""

    @property
    def declared(self) -> str:
        return self.mime_type or self.media_type or ""

    @property
    def label(self) -> str | None:
        return self.filename or self.name or self.title

    @property
    def address(self) -> str:
        """The data or the address of a file, wherever it stands."""
        image = self.image_url.url if isinstance(self.image_url, _ImageObject) else self.image_url
        return next(filter(None, (self.uri, self.url, image, self.image, self.file_url, self.file_data, self.data)), "")


class _ExactPart(ForeignPart, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part in the text of a result, of which nothing may be lost."""

    annotations: Raw = NO_JSON
    meta: Raw = field(name="_meta", default=NO_JSON)
    detail: str | None = None
    description: str | None = None
    additional_properties: None = field(name="additionalProperties", default=None)


class _McpResult(Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    content: list[_ExactPart]
    is_error: bool | None = None
    structured_content: Raw = NO_JSON
    meta: Raw = field(name="_meta", default=NO_JSON)


class _Output(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="content"):
    """The AI SDK's output of a tool."""

    value: list[_ExactPart]


class ResultParts(Struct, frozen=True):
    """The parts that a result's text holds as JSON."""

    parts: list[chat.Part]
    is_error: bool = False


_decode_part = msgspec.json.Decoder(ForeignPart).decode
_result_decoders = (
    msgspec.json.Decoder(list[_ExactPart]),
    msgspec.json.Decoder(_McpResult),
    msgspec.json.Decoder(_Output),
    msgspec.json.Decoder(_ExactPart),
)


def to_chat_part(raw: Raw) -> chat.Part | None:
    """Return the part of a chat message that a foreign part is; None if it is of no known form."""
    try:
        return _to_part(_decode_part(raw))
    except msgspec.DecodeError:
        return None


def parts_in(text: str) -> ResultParts | None:
    """Return the parts of a result's text where the whole of it is one of these forms and holds an image or a file.

    None: the text is anything else, and stays as it is.
    """
    if text[:_BLANK].lstrip()[:1] not in {"[", "{"} or _MEDIA_FIELD.search(text) is None:
        return None
    for decoder in _result_decoders:
        try:
            found = _result_parts(decoder.decode(text))
        except (msgspec.DecodeError, RecursionError):
            continue
        return found
    return None


def _result_parts(result: list[_ExactPart] | _McpResult | _Output | _ExactPart) -> ResultParts | None:
    match result:
        case _McpResult():
            found, is_error = result.content, bool(result.is_error)
        case _Output():
            found, is_error = result.value, False
        case _ExactPart():
            found, is_error = [result], False
        case _:
            found, is_error = result, False
    parts = [part for each in found if (part := _to_part(each)) is not None]
    if len(parts) != len(found) or not any(map(_is_media, parts)) or not all(map(_is_sound, parts)):
        return None
    if isinstance(result, _McpResult) and not any(isinstance(part, chat.TextPart) for part in parts):
        structured = bytes(result.structured_content)
        parts += [chat.TextPart(structured.decode())] if structured not in {b"", b"null"} else []
    return ResultParts(parts, is_error)


def _is_media(part: chat.Part) -> bool:
    return isinstance(part, _MediaPart)


def _is_sound(part: chat.Part) -> bool:
    """Return whether base64 in a part is base64: else it is a text that only looks like a part."""
    data = part.image_url if isinstance(part, chat.ImagePart) else None
    data = part.file.file_data if isinstance(part, chat.FilePart) else data
    if not isinstance(data, str) or not data.startswith("data:"):
        return True
    payload = data.partition(",")[2]
    try:
        return " " not in payload and bool(decode_base64(payload, ""))
    except InvalidRequest:
        return False


def _to_part(part: ForeignPart) -> chat.Part | None:
    if part.kind in _TEXTS:
        return None if part.text is None else chat.TextPart(part.text, cache_control=part.cache_control)
    if part.source is not None and part.kind in {"image", "document"}:
        return _of_source(part, part.source)
    if part.resource is not None and part.kind == "resource":
        return _of_resource(part.resource)
    if part.kind in _DATA or (part.kind == "image" and (part.data or part.image)):
        return _of_data(part) if part.address else None
    if part.kind in _ADDRESSES:
        return _of_address(part)
    return None


def _of_source(part: ForeignPart, source: _Source) -> chat.Part | None:
    is_image = part.kind == "image"
    match source.type:
        case "base64":
            media = _media(source.media_type, source.data, name=part.title)
        case "url":
            media = _media("image/*" if is_image else "application/pdf", source.url, name=part.title)
        case "text":
            encoded = base64.b64encode(source.data.encode()).decode()
            media = chat.FilePart(chat.FileBody(f"data:text/plain;charset=utf-8;base64,{encoded}"))
        case "file":
            media = chat.FilePart(chat.FileBody(file_id=source.file_id, format="image/*" if is_image else None))
        case _:
            return None
    if isinstance(media, chat.FilePart):
        file = msgspec.structs.replace(
            media.file, filename=part.title, context=part.context or None, citations=part.citations
        )
        media = msgspec.structs.replace(media, file=file)
    return media if part.cache_control is None else msgspec.structs.replace(media, cache_control=part.cache_control)


def _of_resource(resource: _Resource) -> chat.Part | None:
    if resource.text is not None:
        return chat.TextPart(f"{resource.uri}\n{resource.text}" if resource.uri else resource.text)
    if resource.blob is None:
        return None
    return _media(resource.mime_type or "", resource.blob, name=resource.uri.rpartition("/")[2] or None)


def _of_data(part: ForeignPart) -> chat.Part:
    declared = part.declared or {"image": "image/*", "image-data": "image/*", "audio": "audio/*"}.get(part.kind, "")
    return _with_cache_control(_media(declared, part.address, name=part.label), part)


def _of_address(part: ForeignPart) -> chat.Part | None:
    if part.file is not None:
        file = part.file
        return chat.FilePart(chat.FileBody(file.file_data, file.file_id, file.filename, file.format))
    is_image = "image" in part.kind
    if part.address:
        media = _media(part.declared or ("image/*" if is_image else ""), part.address, name=part.label)
    elif part.file_id:
        format = "image/*" if is_image else None
        media = chat.FilePart(chat.FileBody(file_id=part.file_id, filename=part.label, format=format))
    else:
        return None
    return _with_cache_control(media, part)


def _with_cache_control(media: _MediaPart, part: ForeignPart) -> _MediaPart:
    return media if part.cache_control is None else msgspec.structs.replace(media, cache_control=part.cache_control)


def _media(media_type: str, data: str, *, name: str | None) -> _MediaPart:
    """Return the part for base64, a data URL or an address, by its media type."""
    if media_type.startswith("audio/") or data[:11].lower() == "data:audio/":
        return chat.AudioPart()
    url = data if data[:8].lower().startswith(_BEGINNINGS) else f"data:{media_type.replace('*', 'png')};base64,{data}"
    is_image = media_type.startswith("image/") or url[:11].lower() == "data:image/"
    if is_image:
        return chat.ImagePart(url)
    return chat.FilePart(chat.FileBody(url, filename=name, format=media_type or None))
