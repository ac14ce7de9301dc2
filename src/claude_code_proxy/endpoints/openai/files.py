"""Images and files as OpenAI's clients send them -> blocks. Nothing is fetched: an https URL is passed on.

Here only images, PDFs and texts are told apart; adaptation looks at the bytes of an image for its real type.
"""

from collections.abc import Callable
from typing import TypeAlias
from urllib.parse import unquote

from msgspec import Struct

from claude_code_proxy import messages
from claude_code_proxy.adjustment import Action, Adjustment
from claude_code_proxy.endpoints.openai.charsets import decode_text
from claude_code_proxy.endpoints.openai.data_url import decode_base64, split_data_url, unescaped
from claude_code_proxy.errors import InvalidRequest
from claude_code_proxy.messages.media import PDF, media_type_of

Media: TypeAlias = messages.Image | messages.Document
Note: TypeAlias = Callable[[Adjustment], None]

_HTTPS = "https://"
_ANY_IMAGE = "image/*"
_TEXT = "text/plain"
_TEXT_TYPES = (
    "text/",
    "application/json",
    "application/xml",
    "application/yaml",
    "application/x-yaml",
    "application/javascript",
)
_TEXT_SUFFIXES = (
    *("txt", "md", "csv", "tsv", "log", "json", "jsonl", "xml", "yaml", "yml", "toml", "html", "css", "sql", "sh"),
    *("py", "js", "ts", "java", "cs", "go", "rs", "c", "h", "cpp", "ipynb"),
)
_BY_SUFFIX = {
    "pdf": PDF,
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "svg": "image/svg+xml",
    "heic": "image/heic",
    "heif": "image/heif",
    "avif": "image/avif",
    "bmp": "image/bmp",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    **dict.fromkeys(_TEXT_SUFFIXES, _TEXT),
}


class FileLabel(Struct, frozen=True):
    """What a client says of a file beside its data: a name, and a media type or suffix; "" where it says nothing."""

    name: str = ""
    declared: str = ""

    @property
    def title(self) -> str | None:
        return self.name or None

    @property
    def media_type(self) -> str:
        """The declared type in lower case and without parameters; clients also send a bare suffix."""
        declared = self.declared.partition(";")[0].strip().lower()
        return declared if "/" in declared else _BY_SUFFIX.get(declared, "")


def to_image(url: str, *, at: str, note: Note) -> Media:
    """Return the block of an image, or of the document that the media type or the address says it is.

    Raise `InvalidRequest` with `at` as its param.
    """
    scheme = url[: len(_HTTPS)].lower()
    if scheme.startswith("data:"):
        data = split_data_url(url, at)
        if data.media_type == PDF or data.media_type.startswith(_TEXT_TYPES):
            return to_file(url, FileLabel(), at=at, note=note)
        return messages.Image(messages.Base64Source(data.media_type, data.payload))
    if scheme == _HTTPS:
        return _by_url(url, FileLabel(), otherwise=_ANY_IMAGE)
    if scheme.startswith("http://"):
        raise _invalid_url("Claude fetches images over https only; send an https URL or a data URL.", at)
    raise _invalid_url("An image must be an https URL or a data URL.", at)


def to_stored_file(file_id: str, label: FileLabel) -> Media:
    """Return the block of a file that is stored upstream: an image if its declared type or its name says so."""
    source = messages.FileSource(file_id)
    if (label.media_type or _type_by_name(label.name)).startswith("image/"):
        return messages.Image(source)
    return messages.Document(source, title=label.title)


def to_file(data: str, label: FileLabel, *, at: str, note: Note) -> Media:
    """Return the block of a file, of which `data` is a data URL, an https URL or base64. Raise `InvalidRequest`."""
    if data[: len(_HTTPS)].lower() == _HTTPS:
        return _by_url(data, label, otherwise=PDF)
    declared, charset = label.media_type, ""
    if data[:5].lower() == "data:":
        url = split_data_url(data, at)
        declared, charset, data = url.media_type, url.charset, url.payload
    data = unescaped(data)
    media_type = _media_type(data, name=label.name, declared=declared)
    if media_type == PDF:
        return messages.Document(messages.Base64Source(PDF, data), title=label.title)
    if media_type.startswith("image/"):
        return messages.Image(messages.Base64Source(media_type, data))
    if media_type.startswith(_TEXT_TYPES):
        return messages.Document(messages.TextSource(_text(data, charset, at=at, note=note)), title=label.title)
    raise InvalidRequest(
        f"Claude reads PDF, text and image files; this one is {media_type or 'of an unknown type'}.",
        param=at,
        code="unsupported_file",
    )


def _by_url(url: str, label: FileLabel, *, otherwise: str) -> Media:
    """Return the block of an https URL: an image or a PDF by its declared type, the suffix of its path, or its name."""
    source = messages.UrlSource(_HTTPS + url[len(_HTTPS) :])
    path = unquote(url.partition("#")[0].partition("?")[0])
    types = (label.media_type, _type_by_name(path), _type_by_name(label.name))
    found = next((each for each in types if each == PDF or each.startswith("image/")), otherwise)
    return messages.Document(source, title=label.title) if found == PDF else messages.Image(source)


def _media_type(data: str, *, name: str, declared: str) -> str:
    """Return PDF if the bytes say so; else the declared type, if Claude reads it; else that of the name or bytes."""
    found = media_type_of(data)
    if found == PDF or declared.startswith((PDF, "image/", *_TEXT_TYPES)):
        return found if found == PDF else declared
    return _type_by_name(name) or found or declared


def _type_by_name(name: str) -> str:
    return _BY_SUFFIX.get(name.rpartition(".")[2].lower(), "")


def _text(data: str, charset: str, *, at: str, note: Note) -> str:
    decoded = decode_text(decode_base64(data, at), charset)
    if decoded is None:
        raise InvalidRequest(
            "This text file is not UTF-8 and its charset is unknown: send it as UTF-8, or name its charset in a data "
            "URL.",
            param=at,
            code="invalid_value",
        )
    if not decoded.text.strip():
        raise InvalidRequest("This text file is empty.", param=at, code="invalid_value")
    if decoded.guess:
        note(Adjustment(at, Action.MAPPED, f"it is not UTF-8 and names no charset, so it was read as {decoded.guess}"))
    return decoded.text


def _invalid_url(message: str, at: str) -> InvalidRequest:
    return InvalidRequest(message, param=at, code="invalid_image_url")
