"""Content parts of items -> content blocks.

What a user sends and Claude cannot read is an error. In the output of a call it becomes text that names it: the client
keeps the output in its history, so an error would end the conversation for good.
"""

from collections.abc import Sequence
from typing import TypeAlias, assert_never

from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adjustment import Action, Adjustment
from claude_code_proxy.endpoints.openai.files import FileLabel, Media, Note, to_file, to_image, to_stored_file
from claude_code_proxy.endpoints.responses import items
from claude_code_proxy.endpoints.responses.support import PARTS
from claude_code_proxy.endpoints.support import ignored
from claude_code_proxy.errors import InvalidRequest
from claude_code_proxy.messages.json_text import is_given

_HAS_TTL = b'"ttl"'  # 30m or 12h: an entry lives 5 minutes or an hour, so that any longer wish is an hour

ContentBlock: TypeAlias = messages.Text | messages.Image | messages.Document

_ADDRESSES = ("https://", "http://", "data:")  # which clients also put where the id of a file belongs
_NO_LEVELS = {None, "auto"}


def to_blocks(content: items.Content, at: str, *, note: Note) -> tuple[ContentBlock, ...]:
    """Translate the content of a user's message. Raise `InvalidRequest` for what Claude cannot read.

    `at` is the path of the content, such as `input[2].content`.
    """
    if isinstance(content, str):
        return (messages.Text(content),) if content else ()
    return tuple(_to_block(part, f"{at}[{index}]", note=note) for index, part in enumerate(content or ()))


def to_result_blocks(content: items.Content, at: str, *, note: Note) -> tuple[ContentBlock, ...]:
    """Translate the output of a call, with text in place of what Claude cannot read."""
    if isinstance(content, str):
        return (messages.Text(content),) if content else ()
    return tuple(_readable(part, f"{at}[{index}]", note=note) for index, part in enumerate(content or ()))


def to_texts(content: items.Content, at: str, *, role: str) -> tuple[messages.Text, ...]:
    """Translate content that may hold only text: that of all roles but the user's. Raise `InvalidRequest`."""
    if isinstance(content, str):
        return (messages.Text(content),) if content else ()
    return tuple(_only_text(part, f"{at}[{index}]", role=role) for index, part in enumerate(content or ()))


def _to_block(part: items.Part, at: str, *, note: Note) -> ContentBlock:
    match part:
        case items.InputText() | items.PlainText() | items.OutputTextInput() | items.RefusalInput():
            return _text(part)
        case items.InputImage():
            return _marked(_image(part, at, note=note), part)
        case items.InputFile():
            return _marked(_file(part, at, note=note), part)
        case items.InputAudio():
            raise InvalidRequest(PARTS["input_audio"].reason, param=at, code="unsupported_content_type")
        case unreachable:
            assert_never(unreachable)


def _readable(part: items.Part, at: str, *, note: Note) -> ContentBlock:
    try:
        return _to_block(part, at, note=note)
    except InvalidRequest as error:
        reason = f"text stands in place of what Claude cannot read: {error.message}"
        note(Adjustment(at, Action.DROPPED, reason, changes_meaning=True))
        return messages.Text(_stand_in(part))


def _stand_in(part: items.Part) -> str:
    match part:
        case items.InputImage():
            return "(an image that cannot be shown here)"
        case items.InputFile(filename=str(name)):
            return f"(the file {name}, which cannot be read here)"
        case items.InputAudio():
            return "(audio, which cannot be heard here)"
        case _:
            return "(a file that cannot be read here)"


def _only_text(part: items.Part, at: str, *, role: str) -> messages.Text:
    if isinstance(part, items.InputText | items.PlainText | items.OutputTextInput | items.RefusalInput):
        return _text(part)
    raise InvalidRequest(
        f"A message of role '{role}' can hold only text; put images and files into a user message.",
        param=at,
        code="invalid_value",
    )


def _text(part: items.InputText | items.PlainText | items.OutputTextInput | items.RefusalInput) -> messages.Text:
    if isinstance(part, items.RefusalInput):
        return messages.Text(part.refusal)
    return messages.Text(part.text, cache_control=_cache_control(part))


def _image(part: items.InputImage, at: str, *, note: Note) -> Media:
    if part.detail not in _NO_LEVELS:
        note(ignored(f"{at}.detail", PARTS["input_image.detail"]))
    if part.image_url:
        return to_image(part.image_url, at=f"{at}.image_url", note=note)
    if not part.file_id:
        raise InvalidRequest("An image needs `image_url` or `file_id`.", param=at, code="missing_required_parameter")
    if part.file_id.lower().startswith(_ADDRESSES):
        return to_image(part.file_id, at=f"{at}.file_id", note=note)
    return messages.Image(messages.FileSource(part.file_id))


def _file(part: items.InputFile, at: str, *, note: Note) -> Media:
    if part.detail not in _NO_LEVELS:
        note(ignored(f"{at}.detail", PARTS["input_file.detail"]))
    label = FileLabel(part.filename or "")
    if part.file_data:
        return to_file(part.file_data, label, at=f"{at}.file_data", note=note)
    if part.file_url:
        return to_file(part.file_url, label, at=f"{at}.file_url", note=note)
    if not part.file_id:
        raise InvalidRequest(
            "A file needs `file_data`, `file_url` or `file_id`.", param=at, code="missing_required_parameter"
        )
    if part.file_id.lower().startswith(_ADDRESSES):
        return to_file(part.file_id, label, at=f"{at}.file_id", note=note)
    return to_stored_file(part.file_id, label)


def _marked(block: Media, part: items.InputImage | items.InputFile) -> Media:
    mark = _cache_control(part)
    return block if mark is None else replace(block, cache_control=mark)


def _cache_control(
    part: items.InputText | items.PlainText | items.OutputTextInput | items.InputImage | items.InputFile,
) -> messages.CacheControl | None:
    mark = part.prompt_cache_breakpoint
    if not is_given(mark):
        return None
    return messages.CacheControl(ttl="1h" if _HAS_TTL in bytes(mark) else None)


def only_text_of(blocks: Sequence[messages.Block]) -> str:
    """Return the text of blocks, joined by line ends."""
    return "\n".join(block.text for block in blocks if isinstance(block, messages.Text))
