"""Which place of a Messages request an error is about, so that the endpoint can name the client's field.

Between the request as it was translated and what is sent, messages are merged, reordered and repaired. A block is
recognised by what it holds; where two could be meant, none is named.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from claude_code_proxy import messages
from claude_code_proxy.adaptation.conversation import images
from claude_code_proxy.errors import InvalidRequest, ProxyError, UpstreamRejected

_Place: TypeAlias = tuple[int, ...]  # a message, a block in it, perhaps one within that


def client_field(
    error: ProxyError,
    request: messages.MessagesRequest,
    *,
    sent: messages.MessagesRequest | None = None,
    field_name: Callable[[str], str],
) -> str | None:
    """Return the client's name of the field that the error is about; None if it is about no field.

    `request` is what the endpoint made, `sent` what went upstream.
    """
    if error.param is not None:
        return error.param
    path = _path(error, request, sent=sent)
    return None if path is None else field_name(path)


def _path(error: ProxyError, request: messages.MessagesRequest, *, sent: messages.MessagesRequest | None) -> str | None:
    if isinstance(error, UpstreamRejected):
        block = _refused_block(error, request, sent=sent) if sent is not None else None
        return block or _top(error.diagnosis.field)
    if error.path == "messages":
        return _refused_media(error, request) or error.path
    return error.path


def _top(path: str | None) -> str | None:
    """Return the field of the request alone: an index in what was sent is not one in what the client sent."""
    if path is None:
        return None
    first, *others = path.partition("[")[0].split(".")
    return ".".join((first, *others[:1])) if first == "output_config" else first


def _refused_block(
    error: UpstreamRejected, request: messages.MessagesRequest, *, sent: messages.MessagesRequest
) -> str | None:
    """Return the path in `request` of the block of `sent` that the upstream names."""
    named = error.diagnosis.block
    if not named:
        return None
    named_blocks = [block for place, block in _blocks(sent.messages) if place == named]
    places = [place for place, block in _blocks(request.messages) if named_blocks and _is_same(block, named_blocks[0])]
    return _rendered(places[0]) if len(places) == 1 else None


def _refused_media(error: ProxyError, request: messages.MessagesRequest) -> str | None:
    """Return the path of the first image or file that adaptation refuses in the same words."""
    for place, block in _blocks(request.messages):
        if isinstance(block, messages.Image | messages.Document) and _refusal_of(block) == error.message:
            return _rendered(place)
    return None


def _rendered(place: _Place) -> str:
    message, *blocks = place
    return f"messages[{message}]" + "".join(f".content[{block}]" for block in blocks)


def _blocks(conversation: Sequence[messages.InputMessage]) -> Iterator[tuple[_Place, messages.Block]]:
    for number, message in enumerate(conversation):
        for index, block in enumerate(message.content):
            yield (number, index), block
            if isinstance(block, messages.ToolResult):
                yield from (((number, index, inner), each) for inner, each in enumerate(block.content))


def _refusal_of(block: messages.Image | messages.Document) -> str | None:
    try:
        if not images.is_sound(block):
            images.normalize_media(block, notes=[])
    except InvalidRequest as error:
        return error.message
    return None


def _is_same(one: messages.Block, other: messages.Block) -> bool:
    """Whether they are one block, which may have got a breakpoint or a truer media type since."""
    return one is other or (_identity(one) is _identity(other) is not None)


def _identity(block: messages.Block) -> object:
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
