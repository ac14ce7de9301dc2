"""A stream follows what is stored until its end, says so when it is quiet, and ends with its client."""

from typing import Any, cast

from claude_code_proxy.http1.server.request import Request
from claude_code_proxy.http1.server.responder import Headers, Outlet, Responder
from claude_code_proxy.server.background.stream import follow
from claude_code_proxy.state.background_store import JobProgress


class Collector(Responder):
    __slots__ = ("data", "leaves_after")

    def __init__(self, leaves_after: int = 100) -> None:
        super().__init__(cast("Outlet", None), Request("GET", "/v1/responses/resp_1?stream=true"))
        self.data: list[bytes] = []
        self.leaves_after = leaves_after

    def start(self, status: int, headers: Headers, *, length: int | None = None) -> None:
        del status, headers, length
        self.started = True

    def write(self, data: bytes) -> None:
        self.data.append(data)
        self.gone = len(self.data) >= self.leaves_after

    def end(self) -> None:
        self.finished = True

    async def drain(self) -> None: ...


async def followed(responder: Collector, *steps: JobProgress | None, silence: float = 0.0) -> list[int]:
    """Return after which numbers it has asked."""
    asked: list[int] = []

    async def read(after: int) -> JobProgress | None:
        asked.append(after)
        return steps[min(len(asked), len(steps)) - 1]

    await follow(responder, read, after=4, head=lambda: cast("Any", ()), silence=silence)
    return asked


def running(*events: tuple[int, bytes]) -> JobProgress:
    return JobProgress("running", events)


async def test_events_follow_each_other_to_the_end() -> None:
    responder = Collector()
    asked = await followed(responder, running((5, b"a"), (6, b"b")), JobProgress("ended", [(7, b"c")]))
    assert (asked, responder.data, responder.finished) == ([4, 6], [b"ab", b"c"], True)


async def test_silence_is_filled() -> None:
    responder = Collector()
    await followed(responder, running(), running(), JobProgress("ended"), silence=0.2)
    assert responder.data == [b": keep-alive\n\n"]


async def test_a_client_that_leaves_ends_its_stream() -> None:
    responder = Collector(leaves_after=1)
    asked = await followed(responder, running((5, b"a")))
    assert (asked, responder.finished) == ([4], False)


async def test_a_response_that_is_deleted_ends_the_stream() -> None:
    responder = Collector()
    assert await followed(responder, None) == [4]
    assert responder.finished
