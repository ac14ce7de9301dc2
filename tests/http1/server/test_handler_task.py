"""A handler as a task: it is always accounted for, and every request is answered."""

import asyncio

import pytest

from claude_code_proxy.http1.server.handler_task import HandlerTask
from claude_code_proxy.http1.server.request import RejectedRequest, Request
from claude_code_proxy.http1.server.responder import Responder
from claude_code_proxy.http1.server.service import Service
from claude_code_proxy.http1.server.types import Handler, ServerLimits, plain_error
from tests.http1.server.test_responder import RecordingOutlet


class Owner(RecordingOutlet):
    """A connection that counts the handlers that returned."""

    returned = 0

    def handler_returned(self) -> None:
        self.returned += 1


def run(handler: Handler) -> tuple[HandlerTask, Owner, list[Exception], Service]:
    errors: list[Exception] = []
    loop = asyncio.get_running_loop()
    service = Service(
        handler=handler,
        check_head=None,
        render_error=plain_error,
        on_error=errors.append,
        limits=ServerLimits(),
        loop=loop,
    )
    owner = Owner()
    return HandlerTask(owner, service, request=Request("GET", "/")), owner, errors, service


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("error", "status", "reported"),
    [
        (ValueError("a mistake"), b"500", 1),
        (None, b"500", 1),  # it returned without an answer
        (RejectedRequest(413, "too large"), b"413", 0),
    ],
)
async def test_every_request_is_answered(error: Exception | None, status: bytes, reported: int) -> None:
    async def handler(request: Request, responder: Responder) -> None:
        if error is not None:
            raise error

    _, owner, errors, service = run(handler)
    assert service.open_requests == 1
    await turns()
    (written,) = owner.wire.writes
    assert written.startswith(b"HTTP/1.1 " + status)
    assert (len(errors), owner.returned, service.open_requests) == (reported, 1, 0)


async def test_a_reply_that_has_begun_is_broken_off() -> None:
    async def handler(request: Request, responder: Responder) -> None:
        responder.start(200, [])
        responder.write(b"some")
        raise ValueError("a mistake")

    _, owner, errors, _ = run(handler)
    await turns()
    assert owner.ended == [False]
    assert not owner.wire.writes[-1].endswith(b"0\r\n\r\n")
    assert len(errors) == 1


async def endless(request: Request, responder: Responder) -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize("begun", [True, False])
async def test_a_client_that_leaves_cancels_it_once(begun: bool) -> None:
    task, owner, errors, service = run(endless)
    if begun:
        await turns()
    task.leave()
    task.leave()
    await turns()
    assert task.responder.gone
    assert (owner.returned, service.open_requests, errors, owner.wire.writes) == (1, 0, [], [])


async def test_after_its_reply_only_an_abort_cancels_it() -> None:
    async def handler(request: Request, responder: Responder) -> None:
        responder.send(200, [], b"")
        await asyncio.Event().wait()

    task, owner, _, service = run(handler)
    await turns()
    task.leave()
    await turns()
    assert (owner.returned, service.open_requests) == (0, 1)
    task.abort()
    await turns()
    assert (owner.returned, service.open_requests) == (1, 0)
