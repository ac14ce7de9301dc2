"""Images and files as OpenAI's clients send them -> blocks. Nothing is fetched: an https URL is passed on.

Here only images, PDFs and texts are told apart; adaptation looks at the bytes of an image for its real type.
"""

from claude_code_proxy import messages
from claude_code_proxy.endpoints.openai.data_url import decode_base64, split_data_url
from claude_code_proxy.errors import InvalidRequest
from claude_code_proxy.messages.media import PDF, media_type_of

_HTTPS = "https://"
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
    **dict.fromkeys(_TEXT_SUFFIXES, _TEXT),
}


def to_image(url: str, *, at: str) -> messages.Image:
    """Return an image block. Raise `InvalidRequest` with `at` as its param."""
    scheme = url[: len(_HTTPS)].lower()
    if scheme.startswith("data:"):
        return messages.Image(messages.Base64Source(*split_data_url(url, at)))
    if scheme == _HTTPS:
        return messages.Image(messages.UrlSource(_HTTPS + url[len(_HTTPS) :]))
    if scheme.startswith("http://"):
        raise _invalid_url("Claude fetches images over https only; send an https URL or a data URL.", at)
    raise _invalid_url("An image must be an https URL or a data URL.", at)


def to_stored_file(file_id: str, *, name: str | None) -> messages.Image | messages.Document:
    """Return the block of a file that is stored upstream."""
    source = messages.FileSource(file_id)
    if _type_by_name(name).startswith("image/"):
        return messages.Image(source)
    return messages.Document(source, title=name)


def to_file(data: str, *, name: str | None, declared: str, at: str) -> messages.Image | messages.Document:
    """Return the block of a file: `data` is a data URL, an https URL or plain base64, `declared` a media type or "".

    Raise `InvalidRequest`.
    """
    if data[: len(_HTTPS)].lower() == _HTTPS:
        return messages.Document(messages.UrlSource(_HTTPS + data[len(_HTTPS) :]), title=name)
    if data[:5].lower() == "data:":
        declared, data = split_data_url(data, at)
    media_type = _media_type(data, name=name, declared=declared)
    if media_type == PDF:
        return messages.Document(messages.Base64Source(PDF, data), title=name)
    if media_type.startswith("image/"):
        return messages.Image(messages.Base64Source(media_type, data))
    if media_type.startswith(_TEXT_TYPES):
        return messages.Document(messages.TextSource(_text(data, at)), title=name)
    raise InvalidRequest(
        f"Claude reads PDF, text and image files; this one is {media_type or 'of no type that can be told'}.",
        param=at,
        code="unsupported_file",
    )


def _media_type(data: str, *, name: str | None, declared: str) -> str:
    """Return PDF if the bytes say so; else the declared type, if Claude reads it; else that of the name or bytes."""
    found = media_type_of(data)
    if found == PDF or declared.startswith((PDF, "image/", *_TEXT_TYPES)):
        return found if found == PDF else declared
    return _type_by_name(name) or found or declared


def _type_by_name(name: str | None) -> str:
    return _BY_SUFFIX.get(name.rpartition(".")[2].lower(), "") if name else ""


def _text(data: str, at: str) -> str:
    text = decode_base64(data, at).decode("utf-8-sig", errors="replace")
    if not text.strip():
        raise InvalidRequest("This text file is empty.", param=at, code="invalid_value")
    return text


def _invalid_url(message: str, at: str) -> InvalidRequest:
    return InvalidRequest(message, param=at, code="invalid_image_url")
