"""The coarse clock, and the list of connections."""

import asyncio

from claude_code_proxy.http1.server.request import Request
from claude_code_proxy.http1.server.responder import Responder
from claude_code_proxy.http1.server.service import Service
from claude_code_proxy.http1.server.types import ServerLimits, plain_error


class Visitor:
    """A connection that leaves as soon as it is swept."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.swept: list[float] = []

    def expire(self, now: float) -> None:
        self.swept.append(now)
        self.service.leave(self)

    def close_if_idle(self) -> None:
        pass

    def stop(self) -> None:
        pass

    def abort(self) -> None:
        pass


async def nobody(request: Request, responder: Responder) -> None:
    pass


def service() -> Service:
    return Service(
        handler=nobody,
        check_head=None,
        render_error=plain_error,
        on_error=print,
        limits=ServerLimits(),
        loop=asyncio.get_running_loop(),
    )


async def test_a_sweep_moves_the_clocks_and_visits_every_connection() -> None:
    ours = service()
    visitors = [Visitor(ours) for _ in range(3)]
    for visitor in visitors:
        ours.join(visitor)
    began = ours.now
    ours.openings[200] = b"stale"
    ours.openings.refresh(0)
    await asyncio.sleep(0.01)
    ours.sweep()
    assert ours.now > began
    assert b"1970" not in ours.openings[200]
    assert [visitor.swept for visitor in visitors] == [[ours.now]] * 3


async def test_it_knows_when_everybody_has_left() -> None:
    ours = service()
    first, second = Visitor(ours), Visitor(ours)
    assert ours.deserted.is_set()
    ours.join(first)
    ours.join(second)
    assert not ours.deserted.is_set()
    ours.leave(first)
    assert not ours.deserted.is_set()
    ours.leave(second)
    ours.leave(second)
    assert ours.deserted.is_set()
