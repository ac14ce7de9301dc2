"""Takes upgrades to a WebSocket, and ends the connections that are open when the server shuts down."""

from typing import TYPE_CHECKING

from msgspec import Struct

from claude_code_proxy.endpoints.endpoint import Endpoint
from claude_code_proxy.errors import InvalidRequest
from claude_code_proxy.http1.server.request import Request
from claude_code_proxy.http1.server.responder import Responder
from claude_code_proxy.server.app_state import AppState

if TYPE_CHECKING:
    from claude_code_proxy.server.sockets.lanes import SocketSession


class SocketLimits(Struct, frozen=True):
    """What one connection may have at once, and how many seconds it may last: the limits that OpenAI documents."""

    lanes: int = 32
    running: int = 16
    seconds: float = 3600.0


_REQUIRED = [(b"upgrade", b"websocket"), (b"content-type", b"application/json")]


class SocketService:
    """`endpoint` serves each `response.create`; `most_bytes` bounds a message."""

    def __init__(self, state: AppState, endpoint: Endpoint, *, most_bytes: int) -> None:
        self._state = state
        self._endpoint = endpoint
        self._most_bytes = most_bytes
        self.limits = SocketLimits()
        self._sessions: set[SocketSession] = set()
        self._draining = False

    async def serve(self, request: Request, responder: Responder) -> None:
        """Serve a connection until its end. Anything but an upgrade to a WebSocket gets a 426."""
        if self._draining or request.headers.get(b"upgrade", b"").lower() != b"websocket":
            self._refuse(responder, "Ask for an upgrade to a WebSocket here, or send a POST.")
            return
        from claude_code_proxy.server.sockets.lanes import SocketSession  # noqa: PLC0415 - few clients upgrade
        from claude_code_proxy.websocket.connection import WebSocket  # noqa: PLC0415
        from claude_code_proxy.websocket.handshake import shake_hands  # noqa: PLC0415

        shaken = shake_hands(request.path, request.headers.items(), most_bytes=self._most_bytes)
        if shaken.status != 101:
            self._refuse(responder, shaken.reason)
            return
        stream = responder.upgrade(shaken.headers)
        session = SocketSession(
            self._state, self._endpoint, request=request, socket=WebSocket(stream, shaken.protocol), limits=self.limits
        )
        self._sessions.add(session)
        try:
            await session.run()
        finally:
            self._sessions.discard(session)

    def drain(self) -> None:
        """Take no more connections, and close each one when what runs on it is done."""
        self._draining = True
        for session in self._sessions:
            session.drain()

    def _refuse(self, responder: Responder, message: str) -> None:
        reply = self._endpoint.envelope.render_error(InvalidRequest(message, code="upgrade_required", status=426), "")
        responder.send(426, [*_REQUIRED, *reply.headers], reply.body)
