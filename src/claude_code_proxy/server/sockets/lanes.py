"""The messages of one WebSocket: each `response.create` is an exchange, in its lane one after another.

https://platform.openai.com/docs/guides/websocket-mode. Lanes run beside each other; within one, requests wait for the
one before them. A connection has an hour, 16 responses that run at once, and 32 lanes.
"""

import asyncio
import re
from collections import deque
from collections.abc import Callable
from typing import TypeAlias

import msgspec
from msgspec import Raw, Struct

from claude_code_proxy.endpoints.endpoint import Endpoint
from claude_code_proxy.http1.server.request import Request
from claude_code_proxy.server.app_state import AppState
from claude_code_proxy.server.exchange.translated import TranslatedExchange
from claude_code_proxy.server.sockets.local_replies import LocalReplies
from claude_code_proxy.server.sockets.responder import SocketResponder, error_message
from claude_code_proxy.server.sockets.service import SocketLimits
from claude_code_proxy.server.sockets.warm_up import WarmUpExchange
from claude_code_proxy.websocket.connection import WebSocket

_GOING_AWAY = 1001
_STREAM_ID = re.compile(r"[A-Za-z0-9_.-]{1,256}")
_OWN_FIELDS = ("type", "stream_id", "stream", "background")
_Fields: TypeAlias = dict[str, Raw]


class _SocketMessage(Struct, frozen=True):
    type: str = ""
    stream_id: str | None = None
    generate: bool | None = None
    previous_response_id: str | None = None


class _LaneJob(Struct, frozen=True):
    body: bytes
    generates: bool
    previous: str | None


_decode_message = msgspec.json.Decoder(_SocketMessage).decode
_decode_fields: Callable[[str], _Fields] = msgspec.json.Decoder(_Fields).decode


class SocketSession:
    """One connection from its upgrade to its end. `request` is the upgrade, whose headers count for every exchange."""

    def __init__(
        self, state: AppState, endpoint: Endpoint, *, request: Request, socket: WebSocket, limits: SocketLimits
    ) -> None:
        self._limits = limits
        self._replies = LocalReplies(state.replies)
        self._state = state
        self._endpoint = endpoint
        self._request = request
        self._socket = socket
        self._lanes: dict[str | None, deque[_LaneJob]] = {}
        self._tasks: dict[str | None, asyncio.Task[None]] = {}
        self._draining = False
        self._started = asyncio.get_running_loop().time()

    async def run(self) -> None:
        """Serve until the client has gone."""
        try:
            while (text := await self._socket.receive()) is not None:
                self._take(text)
        finally:
            tasks = list(self._tasks.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def drain(self) -> None:
        """Take no more requests, and close when those that run are done."""
        self._draining = True
        if not self._tasks:
            self._socket.close(_GOING_AWAY, "The server shuts down.")

    def _take(self, text: str) -> None:
        try:
            message = _decode_message(text)
            fields = _decode_fields(text)
        except (msgspec.DecodeError, RecursionError):
            self._refuse(400, "invalid_json", message="A message must be a JSON object with a type.", lane=None)
            return
        lane = message.stream_id
        match message.type:
            case "response.create":
                self._create(message, fields)
            case "response.steer":
                error = {"code": "steering_not_supported", "message": "A response cannot be steered here."}
                event = {"type": "response.steer.failed", "error": error}
                self._socket.send(msgspec.json.encode(event if lane is None else event | {"stream_id": lane}))
            case "response.processed":
                pass  # the client has read a response: nothing is held back for it
            case _:
                self._refuse(400, "invalid_value", message=f"There is no event of type '{message.type}'.", lane=lane)

    def _create(self, message: _SocketMessage, fields: _Fields) -> None:
        lane = message.stream_id
        refusal = self._refusal(lane)
        if refusal is not None:
            status, code, words = refusal
            self._refuse(status, code, message=words, lane=lane)
            return
        for name in _OWN_FIELDS:
            fields.pop(name, None)
        fields["stream"] = Raw(b"true")
        job = _LaneJob(msgspec.json.encode(fields), message.generate is not False, message.previous_response_id)
        self._lanes.setdefault(lane, deque()).append(job)
        if lane not in self._tasks:
            self._tasks[lane] = asyncio.create_task(self._run_lane(lane))

    def _refusal(self, lane: str | None) -> tuple[int, str, str] | None:
        """Return status, code and words where a request cannot be taken."""
        if self._draining:
            return 503, "server_shutting_down", "The server shuts down. Connect again."
        if asyncio.get_running_loop().time() - self._started > self._limits.seconds:
            return (
                400,
                "websocket_connection_limit_reached",
                "A connection has 60 minutes, which are over. Connect again.",
            )
        if lane is not None and not _STREAM_ID.fullmatch(lane):
            return 400, "invalid_stream_id", "'stream_id' must be 1 to 256 letters, digits or any of _ . -"
        if lane not in self._lanes and len(self._lanes) >= self._limits.lanes:
            return 429, "websocket_stream_limit_reached", f"A connection has at most {self._limits.lanes} streams."
        if lane not in self._tasks and len(self._tasks) >= self._limits.running:
            return 429, "websocket_stream_limit_reached", f"At most {self._limits.running} responses can run at once."
        return None

    async def _run_lane(self, lane: str | None) -> None:
        try:
            jobs = self._lanes[lane]
            while jobs:
                await self._serve(jobs.popleft(), lane)
        finally:
            self._tasks.pop(lane, None)
            if self._draining and not self._tasks:
                self._socket.close(_GOING_AWAY, "The server shuts down.")

    async def _serve(self, job: _LaneJob, lane: str | None) -> None:
        request = Request("POST", self._request.target)
        request.headers, request.body = self._request.headers, job.body
        responder = SocketResponder(self._socket, request, stream_id=lane)
        kind = TranslatedExchange if job.generates else WarmUpExchange
        exchange = kind(self._state, self._endpoint, request=request, responder=responder)
        exchange.replies = self._replies
        exchange.record.key = self._request.caller
        await exchange.run()
        if exchange.record.outcome != "answered" and job.previous is not None:
            self._replies.forget(job.previous)

    def _refuse(self, status: int, code: str, *, message: str, lane: str | None) -> None:
        self._socket.send(error_message(status, code, message=message, stream_id=lane))
