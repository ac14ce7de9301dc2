"""Makes the responses that are to be made in the background: those of this process, and those that another one left.

A response that was not begun when its process ended is made by the next one; one that was begun has failed, and says
so. A process that makes responses beats every second; after ten seconds of silence it counts as dead.
"""

import asyncio
import logging
import secrets
import time
from dataclasses import replace

import msgspec
from msgspec import Struct

from claude_code_proxy.endpoints.endpoint import Endpoint, KeptReply
from claude_code_proxy.endpoints.responses.background import (
    CANCELLED,
    FAILED,
    QUEUED,
    RUNNING,
    as_streamed,
    status_of,
    with_status,
)
from claude_code_proxy.errors import Overloaded
from claude_code_proxy.http1.server.request import Request
from claude_code_proxy.server.app_state import AppState
from claude_code_proxy.server.background.responder import StoringResponder
from claude_code_proxy.server.exchange.translated import TranslatedExchange
from claude_code_proxy.server.state_access import or_unavailable
from claude_code_proxy.server.stored_replies import StoredReplies
from claude_code_proxy.state.background_store import BackgroundJob, BackgroundStore, JobProgress
from claude_code_proxy.state.reply_store import StoreFailed

_log = logging.getLogger(__name__)
_MOST_RUNNING = 16  # in one process
_BEAT_SECONDS, _IDLE_SECONDS, _DEAD_SECONDS = 1.0, 5.0, 10.0
_CANCEL_LOOKS, _CANCEL_PAUSE = 50, 0.1
_KEEP_SECONDS = 3600.0  # for which the events of a response can be streamed again
_PASSED_ON = (b"anthropic-beta",)
_LEFT = "The server was stopped while this response was being made. Send the request again."
_UNREADABLE = "The request cannot be read again: what it was sealed with (STATE_KEY) is no longer known."
_BROKEN = "The response could not be made; the log of the server says why."


class _KeptRequest(Struct, frozen=True):
    target: str
    headers: dict[str, str]
    body: bytes


class _RunningJob(Struct):
    task: asyncio.Task[None]
    cancelled: bool = False


_decode_request = msgspec.msgpack.Decoder(_KeptRequest).decode


class BackgroundService:
    """`endpoint` makes the responses. `run` has to run as long as the server does; `close` ends what runs."""

    def __init__(self, state: AppState, endpoint: Endpoint, *, replies: StoredReplies, store: BackgroundStore) -> None:
        self._state = state
        self._endpoint = endpoint
        self._replies = replies
        self._store = store
        self._worker = secrets.token_hex(8)
        self._running: dict[str, _RunningJob] = {}
        self._wake = asyncio.Event()
        self._draining = False

    async def submit(self, kept: KeptReply, request: Request) -> None:
        """Queue a response. Raise `Overloaded` or `StateUnavailable`."""
        owner, now = self._replies.owner_of(request.headers), time.time()
        found = {name: request.headers[name] for name in _PASSED_ON if name in request.headers}
        headers = {name.decode(): value.decode("latin-1") for name, value in found.items()}
        content = msgspec.msgpack.encode(_KeptRequest(request.target, headers, as_streamed(request.body)))
        job = BackgroundJob(kept.id, owner, request.caller, now, now + _KEEP_SECONDS, content)
        await or_unavailable(self._replies.put(kept, owner))
        if not await or_unavailable(self._store.add(job)):
            await or_unavailable(self._replies.forget(kept.id, owner))
            raise Overloaded("Too many responses are waiting in the background. Try again later.")
        self._wake.set()

    async def run(self) -> None:
        """Take jobs, beat, and end what a dead process left."""
        while True:
            try:
                await self._round()
            except StoreFailed as error:
                _log.warning("responses in the background cannot be taken up just now: %s", error)
            self._wake.clear()
            seconds = _BEAT_SECONDS if self._running else _IDLE_SECONDS
            try:
                await asyncio.wait_for(self._wake.wait(), seconds)
            except TimeoutError:
                continue

    def owner_of(self, request: Request) -> str:
        return self._replies.owner_of(request.headers)

    async def progress(self, id: str, *, owner: str, after: int = -1) -> JobProgress | None:
        """Return the state of a response and its events after a number. Raise `StoreFailed`."""
        return await self._store.progress(id, owner=owner, after=after)

    async def cancel(self, id: str, owner: str) -> None:
        """Have a response cancelled that has not ended. Raise `StateUnavailable`."""
        before = await or_unavailable(self._store.cancel(id, owner=owner))
        if before == "queued":
            await or_unavailable(self._settle((id, owner), CANCELLED))
        elif id in self._running:
            await self._stop(id)
        elif before == "running":
            await self._wait_for_end(id, owner)

    async def drain(self, seconds: float) -> None:
        """Begin no more responses, and wait that long for those that are being made."""
        self._draining = True
        if self._running:
            await asyncio.wait([running.task for running in self._running.values()], timeout=seconds)

    async def close(self) -> None:
        """End what is being made; it has failed."""
        self._draining = True
        tasks = [running.task for running in self._running.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _wait_for_end(self, id: str, owner: str) -> None:
        """Wait until the process that makes a response has ended it, at most for a few seconds."""
        for _ in range(_CANCEL_LOOKS):
            progress = await or_unavailable(self.progress(id, owner=owner))
            if progress is None or progress.state == "ended":
                return
            await asyncio.sleep(_CANCEL_PAUSE)

    async def _round(self) -> None:
        now = time.time()
        if self._running:
            for id in await self._store.beat(self._worker, now=now):
                if id in self._running:
                    await self._stop(id)
        for left in await self._store.abandoned(silent_since=now - _DEAD_SECONDS):
            await self._settle((left.id, left.owner), FAILED, words=_LEFT)
        while not self._draining and len(self._running) < _MOST_RUNNING:
            job = await self._store.take(self._worker, now=now)
            if job is None:
                break
            task = asyncio.create_task(self._make(job))
            self._running[job.id] = _RunningJob(task)

    async def _stop(self, id: str) -> None:
        running = self._running[id]
        running.cancelled = True
        running.task.cancel()
        await asyncio.wait([running.task])

    async def _make(self, job: BackgroundJob) -> None:
        """Make a response, and say how it ended, whatever happens."""
        responder: StoringResponder | None = None
        status, words = FAILED, _BROKEN
        try:
            kept = _decode_request(job.request)
            request = Request("POST", kept.target, body=kept.body)
            request.headers = {name.encode(): value.encode("latin-1") for name, value in kept.headers.items()}
            responder = StoringResponder(self._store, job.id, request=request)
            await self._exchange(job, request, responder=responder).run()
        except asyncio.CancelledError:
            status, words = (CANCELLED, "") if self._running[job.id].cancelled else (FAILED, _LEFT)
        except msgspec.DecodeError:
            words = _UNREADABLE
        try:
            await self._finish(job, responder, status=status, words=words)
        except StoreFailed as error:
            _log.warning("the end of a response in the background could not be kept: %s", error)
        finally:
            del self._running[job.id]
            self._wake.set()

    def _exchange(self, job: BackgroundJob, request: Request, *, responder: StoringResponder) -> TranslatedExchange:
        state = replace(self._state, replies=self._replies.of(job.owner))
        exchange = TranslatedExchange(state, self._endpoint, request=request, responder=responder)
        record = exchange.record
        record.id, record.status, record.key = job.id.removeprefix(self._endpoint.id_prefix), 200, job.caller
        return exchange

    async def _finish(self, job: BackgroundJob, responder: StoringResponder | None, *, status: str, words: str) -> None:
        """Keep the events and the state of a response that has ended; a complete one has been kept already."""
        if responder is not None:
            await responder.flush()
        response = responder.response if responder is not None and status == FAILED else None
        await self._settle((job.id, job.owner), response or status, words=words)
        await self._store.end(job.id)

    async def _settle(self, job: tuple[str, str], end: bytes | str, *, words: str = "") -> None:
        """Keep the last state of a response, unless it is kept: the response as it ended, or a status.

        `job` is its id and its owner.
        """
        id, owner = job
        kept = await self._replies.read(id, owner)
        if kept is None or status_of(kept.reply) not in {QUEUED, RUNNING}:
            return
        reply = end if isinstance(end, bytes) else with_status(kept.reply, end, words=words)
        await self._replies.write(msgspec.structs.replace(kept, reply=reply))
