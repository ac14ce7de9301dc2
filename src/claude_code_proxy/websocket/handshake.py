"""The handshake: the headers of a request -> the headers of the reply, and a protocol that is open; or a refusal."""

from collections.abc import Iterable

from msgspec import Struct
from websockets.datastructures import Headers
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.http11 import Request
from websockets.protocol import Protocol, Side, State
from websockets.server import ServerProtocol

_MADE_BY_SERVER = frozenset({"date", "server", "content-length", "content-type"})


class Handshake(Struct, frozen=True):
    """`status` is 101 with an open `protocol`, or that of a refusal, whose `reason` tells the client why."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    reason: str
    protocol: Protocol


def shake_hands(path: str, headers: Iterable[tuple[bytes, bytes]], *, most_bytes: int) -> Handshake:
    """Answer an upgrade. Messages of more than `most_bytes`, after they are inflated, will end the connection."""
    request = Request(path, Headers([(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]))
    offer = ServerProtocol(extensions=[ServerPerMessageDeflateFactory()])
    response = offer.accept(request)
    protocol = Protocol(Side.SERVER, state=State.OPEN, max_size=most_bytes)  # the HTTP server has read the request
    protocol.extensions = offer.extensions
    made = tuple(
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in response.headers.raw_items()
        if name.lower() not in _MADE_BY_SERVER
    )
    return Handshake(response.status_code, made, (response.body or b"").decode(errors="replace").strip(), protocol)
