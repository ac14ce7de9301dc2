"""The pages about responses that are made in the background: their state now, their events, and their end."""

from collections.abc import Mapping
from urllib.parse import parse_qs

import msgspec

from claude_code_proxy.endpoints.responses.background import QUEUED, RUNNING, is_background, status_of, with_status
from claude_code_proxy.errors import InvalidRequest
from claude_code_proxy.http1.server.request import Request
from claude_code_proxy.http1.server.responder import Responder
from claude_code_proxy.server.background.service import BackgroundService
from claude_code_proxy.server.background.stream import follow
from claude_code_proxy.server.exchange.reply.headers import EVENT_STREAM, JSON
from claude_code_proxy.server.routes import Page, Reply, StreamedPage
from claude_code_proxy.server.state_access import or_unavailable
from claude_code_proxy.server.stored_replies import StoredReplies


class BackgroundPages:
    """`silence` is after how many seconds a stream without events sends a comment; 0 means never."""

    def __init__(self, service: BackgroundService, replies: StoredReplies, *, silence: float) -> None:
        self._service = service
        self._replies = replies
        self._silence = silence

    def pages(self) -> Mapping[str, Page | StreamedPage]:
        return {
            "GET /responses/{id}": StreamedPage(self._get, wants_stream, self._stream),
            "DELETE /responses/{id}": self._delete,
            "POST /responses/{id}/cancel": self._cancel,
        }

    async def _get(self, request: Request, parameters: Mapping[str, str]) -> Reply:
        return 200, [JSON], await self._current(parameters["id"], request)

    async def _stream(self, request: Request, parameters: Mapping[str, str], *, responder: Responder) -> None:
        id, after = parameters["id"], starting_after(request)
        owner = self._service.owner_of(request)
        await self._replies.response(id, owner)
        if await or_unavailable(self._service.progress(id, owner=owner)) is None:
            raise InvalidRequest(
                f"Response with id '{id}' cannot be streamed: only what is made in the background can, for an hour.",
                param="stream",
                status=404,
            )
        await follow(
            responder,
            lambda number: self._service.progress(id, owner=owner, after=number),
            after=after,
            head=lambda: EVENT_STREAM,
            silence=self._silence,
        )

    async def _delete(self, request: Request, parameters: Mapping[str, str]) -> Reply:
        id, owner = parameters["id"], self._service.owner_of(request)
        await self._replies.response(id, owner)
        await or_unavailable(self._replies.forget(id, owner))
        await self._service.cancel(id, owner)
        return 200, [JSON], msgspec.json.encode({"id": id, "object": "response", "deleted": True})

    async def _cancel(self, request: Request, parameters: Mapping[str, str]) -> Reply:
        id, owner = parameters["id"], self._service.owner_of(request)
        if not is_background((await self._replies.response(id, owner)).reply):
            raise InvalidRequest("Only responses that were created with 'background' set to true can be cancelled.")
        await self._service.cancel(id, owner)
        return 200, [JSON], await self._current(id, request)

    async def _current(self, id: str, request: Request) -> bytes:
        owner = self._service.owner_of(request)
        reply = (await self._replies.response(id, owner)).reply
        if not is_background(reply) or status_of(reply) != QUEUED:
            return reply
        progress = await or_unavailable(self._service.progress(id, owner=owner))
        return with_status(reply, RUNNING) if progress is not None and progress.state == "running" else reply


def wants_stream(request: Request) -> bool:
    """Whether the events are wanted, and not the response."""
    return parse_qs(request.query).get("stream", [""])[-1].lower() == "true"


def starting_after(request: Request) -> int:
    """Return the number of the last event that a client has. Raise `InvalidRequest`."""
    text = parse_qs(request.query).get("starting_after", ["-1"])[-1]
    try:
        return int(text)
    except ValueError:
        raise InvalidRequest(
            "'starting_after' must be the number of an event.", param="starting_after", code="invalid_value"
        ) from None
