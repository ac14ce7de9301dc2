"""Which field of the client's an error is about, where it is about one block of the conversation.

Between the client's words and what is sent, messages are merged, ordered and mended. A block is known again by what it
holds; where two might be meant, none is named.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from claude_code_proxy import messages
from claude_code_proxy.adaptation.conversation import images
from claude_code_proxy.errors import InvalidRequest, UpstreamRejected

_Place: TypeAlias = tuple[int, ...]  # a message, a block in it, perhaps one within that
PathOf: TypeAlias = Callable[[_Place], str | None]
_NAMED = re.compile(r"`?messages\.(\d+)\.content\.(\d+)(?:\.(?:tool_result\.)?content\.(\d+))?\b")


def point_at_media(error: InvalidRequest, asked: messages.MessagesRequest, *, path_of: PathOf) -> None:
    """Where adaptation refused an image or a file: it is the first of which it says the same."""
    if error.param != "messages":
        return
    for place, block in _blocks(asked.messages):
        if isinstance(block, messages.Image | messages.Document) and _refusal_of(block) == error.message:
            error.param = path_of(place) or error.param
            return


def point_at_block(
    error: UpstreamRejected,
    asked: messages.MessagesRequest,
    *,
    sent: messages.MessagesRequest,
    path_of: PathOf,
) -> None:
    """The upstream names a block of what was sent."""
    found = _NAMED.match(error.message)
    if found is None:
        return
    named = tuple(int(number) for number in found.groups() if number is not None)
    meant = [block for place, block in _blocks(sent.messages) if place == named]
    places = [place for place, block in _blocks(asked.messages) if meant and _is_same(block, meant[0])]
    if len(places) == 1:
        error.param = path_of(places[0]) or error.param


def _blocks(conversation: Sequence[messages.InputMessage]) -> Iterator[tuple[_Place, messages.Block]]:
    for number, message in enumerate(conversation):
        for index, block in enumerate(message.content):
            yield (number, index), block
            if isinstance(block, messages.ToolResult):
                yield from (((number, index, inner), each) for inner, each in enumerate(block.content))


def _refusal_of(block: messages.Image | messages.Document) -> str | None:
    try:
        if not images.is_sound(block):
            images.mended(block, notes=[])
    except InvalidRequest as error:
        return error.message
    return None


def _is_same(one: messages.Block, other: messages.Block) -> bool:
    """The very same, also when it has got a breakpoint or a truer media type since."""
    return one is other or (_held(one) is _held(other) is not None)


def _held(block: messages.Block) -> object:
    match block:
        case messages.Text():
            return block.text
        case messages.ToolResult():
            return block.content or None
        case messages.Image(source=source) | messages.Document(source=source):
            return _payload(source)
        case _:
            return None


def _payload(source: object) -> object:
    match source:
        case messages.Base64Source(data=data) | messages.TextSource(data=data):
            return data
        case messages.UrlSource(url=url):
            return url
        case messages.FileSource(file_id=file_id):
            return file_id
        case _:
            return source
