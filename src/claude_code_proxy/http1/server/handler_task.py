"""One request's handler as a task: it makes sure that every request is answered, and ends with its client."""

import asyncio
from typing import Protocol

from claude_code_proxy.http1.server.request import RejectedRequest, Request
from claude_code_proxy.http1.server.responder import Outlet, Responder
from claude_code_proxy.http1.server.service import OUR_FAULT, STOPPING, Service


class HandlerOwner(Outlet, Protocol):
    """The connection that the handler answers on."""

    def handler_returned(self) -> None:
        """Go on: the handler has returned, and its reply is complete or broken off."""


class HandlerTask:
    """A handler at work. It is cancelled when the client leaves, unless its reply is complete."""

    __slots__ = ("_owner", "_returned", "_service", "_stopped", "_task", "responder")

    def __init__(self, owner: HandlerOwner, service: Service, *, request: Request) -> None:
        self._owner = owner
        self._service = service
        self._returned = False
        self._stopped = False  # by a shutdown
        self.responder = Responder(owner, request)
        service.open_requests += 1
        self._task = service.loop.create_task(self._run(request))

    def leave(self) -> None:
        """Note that the client has gone: nobody waits for the reply any more."""
        responder = self.responder
        if not responder.gone:
            responder.gone = True
            if not responder.finished:
                self._cancel()

    def abort(self) -> None:
        """End the handler, whether or not its reply is complete."""
        finished = self.responder.finished
        self.leave()
        if finished:
            self._cancel()

    def stop(self) -> None:
        """Cancel the handler, which may still tell its client; if it does not, a whole reply becomes a 503."""
        if self.responder.upgraded or self.responder.finished:
            self.abort()
        else:
            self._stopped = True
            self._cancel()

    def _cancel(self) -> None:
        self._task.cancel()
        self._task.add_done_callback(self._cancelled)

    async def _run(self, request: Request) -> None:
        try:
            await self._service.handler(request, self.responder)
        except asyncio.CancelledError:
            self._end(None)
            raise
        except Exception as error:  # noqa: BLE001 - the client gets an answer, and on_error gets the error
            self._end(error)
        else:
            self._end(None)

    def _end(self, error: Exception | None) -> None:
        self._returned = True
        self._service.open_requests -= 1
        responder = self.responder
        if not responder.gone and not responder.finished:
            error = self._finish(responder, error)
        self._owner.handler_returned()
        if error is not None:
            self._service.on_error(error)

    def _finish(self, responder: Responder, error: Exception | None) -> Exception | None:
        """End a reply that the handler left unfinished; return the error to report."""
        if responder.upgraded:
            return error
        if responder.started:
            responder.abort()
        elif self._stopped:
            responder.send(*self._service.render(503, STOPPING, request=responder.request))
        elif isinstance(error, RejectedRequest):
            responder.send(*self._service.render(error.status, error.message, request=responder.request))
            return None
        else:
            responder.send(*self._service.render(500, OUR_FAULT, request=responder.request))
        return None if self._stopped else error or RuntimeError("the handler returned without having answered")

    def _cancelled(self, _: asyncio.Task[None]) -> None:
        """Account for a task that was cancelled before its first step."""
        if not self._returned:
            self._returned = True
            self._service.open_requests -= 1
            if self._stopped and not self.responder.gone:
                self._finish(self.responder, None)
            self._owner.handler_returned()
