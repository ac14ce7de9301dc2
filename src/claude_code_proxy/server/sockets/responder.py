"""What an exchange sends -> messages of a WebSocket: the data of each event, or an error as an event."""

from typing import Protocol, cast

import msgspec
from msgspec import Raw, Struct

from claude_code_proxy.http1.server.request import Request
from claude_code_proxy.http1.server.responder import Headers, Outlet, Responder

_DATA = b"\ndata: "
_SHOWN = (b"retry-after", b"x-request-id", b"x-should-retry")


class MessageSink(Protocol):
    """Where messages go."""

    def send(self, text: bytes) -> None:
        """Send one message."""

    async def drain(self) -> None:
        """Wait while the client does not keep up."""


class _ErrorBody(Struct, frozen=True):
    error: Raw


_decode_error = msgspec.json.Decoder(_ErrorBody).decode


class SocketResponder(Responder):
    """A `Responder` whose client reads messages. `stream_id` names the lane, and is told in each of them."""

    __slots__ = ("_sink", "_suffix")

    def __init__(self, sink: MessageSink, request: Request, *, stream_id: str | None) -> None:
        super().__init__(cast("Outlet", None), request)  # which every method that would use it replaces
        self._sink = sink
        self._suffix = b"}" if stream_id is None else b',"stream_id":%b}' % msgspec.json.encode(stream_id)

    def send(self, status: int, headers: Headers, *body: bytes) -> None:
        """Send a refusal as an event of type `error`."""
        self.started = self.finished = True
        error = _decode_error(b"".join(body)).error
        shown = {name.decode(): value.decode() for name, value in headers if name in _SHOWN}
        event = {"type": "error", "status": status, "error": error, "headers": shown}
        self._message(msgspec.json.encode(event))

    def start(self, status: int, headers: Headers, *, length: int | None = None) -> None:
        del status, headers, length
        self.started = True

    def write(self, data: bytes) -> None:
        if not self.gone:
            for frame in data.split(b"\n\n"):
                _, found, event = frame.partition(_DATA)
                if found:  # comments only keep an HTTP connection alive
                    self._message(event)

    def write_end(self, data: bytes) -> None:
        self.write(data)
        self.finished = True

    def abort(self) -> None:
        """End the reply; the connection goes on."""
        self.started = self.finished = True

    async def drain(self) -> None:
        if not (self.gone or self.finished):
            await self._sink.drain()

    def _message(self, event: bytes) -> None:
        if not self.gone:
            event = event[:-1] + self._suffix
            self.bytes_sent += len(event)
            self._sink.send(event)


def error_message(status: int, code: str, *, message: str, stream_id: str | None, param: str | None = None) -> bytes:
    """Return an event of type `error` that no exchange makes."""
    error = {"type": "invalid_request_error", "code": code, "message": message, "param": param}
    event = {"type": "error", "status": status, "error": error}
    return msgspec.json.encode(event if stream_id is None else event | {"stream_id": stream_id})
