"""Which images of a request Claude takes only in another form or size, and the request with them converted.

The conversion itself is no work for the pure half; whoever does it gets base64 and returns a `Conversion`.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adaptation.conversation import images
from claude_code_proxy.adjustment import Action, Adjustment
from claude_code_proxy.errors import InvalidRequest
from claude_code_proxy.messages.image_size import image_size
from claude_code_proxy.messages.media import IMAGE_TYPES, media_type_of

MAX_SIDE = 8000
MAX_SIDE_OF_MANY = 2000
MANY = 20
"""A request of more images than this takes only smaller ones."""

CONVERTED_TYPES = frozenset({"image/avif", "image/bmp", "image/heic", "image/tiff"})

_Inner: TypeAlias = messages.Text | messages.Image | messages.Document | messages.SearchResult


class Conversion(Struct, frozen=True):
    """An image in a form that Claude takes, or why there is none; `frames` is how many pictures the file held."""

    source: messages.Base64Source | None = None
    frames: int = 1
    problem: str = ""


def find_unfit(request: messages.MessagesRequest) -> tuple[str, ...]:
    """Return the base64 of each image that must be converted, as it stands in the request."""
    found = _images(request.messages)
    if not found:
        return ()
    side = MAX_SIDE_OF_MANY if len(found) > MANY else MAX_SIDE
    sources = (block.source for block in found)
    unfit = (each.data for each in sources if isinstance(each, messages.Base64Source) and _is_unfit(each.data, side))
    return tuple(dict.fromkeys(unfit))


def with_conversions(
    request: messages.MessagesRequest, conversions: Mapping[str, Conversion], *, notes: list[Adjustment]
) -> messages.MessagesRequest:
    """Return the request with each image whose data is a key of `conversions` in its new form.

    Raise `InvalidRequest` for one that has none; in a tool result a text takes its place, since the client's history
    keeps the result and every later request would be refused.
    """
    changed = _Conversions(conversions, notes)
    conversation = (changed.message(message, f"messages[{index}]") for index, message in enumerate(request.messages))
    return replace(request, messages=tuple(conversation))


def _images(conversation: Sequence[messages.InputMessage]) -> list[messages.Image]:
    """Return all images of a conversation. This runs for every request, so it calls nothing."""
    found: list[messages.Image] = []
    for message in conversation:
        for block in message.content:
            if type(block) is messages.Image:
                found.append(block)
            elif type(block) is messages.ToolResult:
                found += [inner for inner in block.content if type(inner) is messages.Image]
    return found


def _is_unfit(data: str, side: int) -> bool:
    media_type = media_type_of(data)
    if media_type not in IMAGE_TYPES:
        return media_type in CONVERTED_TYPES
    size = image_size(data)
    return len(data) > images.MAX_IMAGE_BASE64 or (size is not None and max(size) > side)


class _Conversions(Struct, frozen=True):
    known: Mapping[str, Conversion]
    notes: list[Adjustment]

    def message(self, message: messages.InputMessage, at: str) -> messages.InputMessage:
        content = (self._block(block, f"{at}.content[{index}]") for index, block in enumerate(message.content))
        return replace(message, content=tuple(content))

    def _block(self, block: messages.Block, at: str) -> messages.Block:
        match block:
            case messages.Image():
                return self._image(block, at)
            case messages.ToolResult():
                inner = (self._inner(each, f"{at}.content[{index}]") for index, each in enumerate(block.content))
                return replace(block, content=tuple(inner))
            case _:
                return block

    def _inner(self, block: _Inner, at: str) -> _Inner:
        if not isinstance(block, messages.Image):
            return block
        try:
            return self._image(block, at)
        except InvalidRequest as error:
            text, note = images.stand_in("an image", error, at=at)
            self.notes.append(note)
            return text

    def _image(self, image: messages.Image, at: str) -> messages.Image:
        source = image.source
        conversion = self.known.get(source.data) if isinstance(source, messages.Base64Source) else None
        if conversion is None:
            return image
        if conversion.source is None:
            raise InvalidRequest(conversion.problem, path=at)
        self._note(conversion, at)
        return replace(image, source=conversion.source)

    def _note(self, conversion: Conversion, at: str) -> None:
        reason = "the image was converted, since Claude does not take it in this format or size"
        if conversion.frames > 1:
            reason += f"; it is the first of {conversion.frames} in its file"
        self.notes.append(Adjustment(at, Action.MAPPED, reason, changes_meaning=conversion.frames > 1))
