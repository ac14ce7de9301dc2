"""However a stream of pipelined requests is cut, the handler sees the same requests and the client the same replies."""

import asyncio
import re
from dataclasses import dataclass
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from claude_code_proxy.http1.server.connection import ServerConnection
from claude_code_proxy.http1.server.request import Request
from claude_code_proxy.http1.server.responder import Responder
from claude_code_proxy.http1.server.service import Service
from claude_code_proxy.http1.server.types import ServerLimits, plain_error
from tests.http1.server.wire import CHUNKED, Sink, chunked, get, post

Seen = tuple[str, str, dict[bytes, bytes], bytes]


@dataclass
class Outcome:
    seen: list[Seen]
    written: bytes
    ended: bool


def converse(pieces: list[bytes], *, patient: bool) -> Outcome:
    """Feed the pieces to a connection; with `patience`, wait until each is handled before the next."""
    seen: list[Seen] = []

    async def handler(request: Request, responder: Responder) -> None:
        seen.append((request.method, request.target, request.headers, request.body))
        if len(seen) % 2:
            await asyncio.sleep(0)
        responder.send(200, [], request.body)

    async def settle() -> None:
        for _ in range(60):
            await asyncio.sleep(0)

    async def feed() -> Sink:
        loop = asyncio.get_running_loop()
        errors: list[BaseException] = []
        service = Service(
            handler=handler, check_head=None, render_error=plain_error, on_error=errors.append, limits=LIMITS, loop=loop
        )
        wire = Sink()
        connection = ServerConnection(service)
        connection.connection_made(wire)
        for piece in pieces:
            connection.data_received(piece)
            if patient:
                await settle()
        await settle()
        assert errors == []
        assert service.open_requests == 0
        return wire

    wire = asyncio.run(feed())
    return Outcome(seen, re.sub(rb"date: [^\r]*\r\n", b"", wire.written), wire.ended)


LIMITS = ServerLimits(body_bytes=200, head_bytes=400, head_count=8)
bodies = st.binary(max_size=120)
requests = st.one_of(
    st.builds(get, st.sampled_from(["/", "/a?b", "http://x/y"]), method=st.sampled_from(["GET", "HEAD", "BREW"])),
    st.builds(post, bodies),
    st.builds(lambda body: post(body, "Expect: 200-ok"), bodies),
    st.builds(
        lambda parts: get("/c", CHUNKED, method="POST") + chunked(*parts),
        st.lists(st.binary(min_size=1, max_size=40), max_size=4),
    ),
    st.builds(
        lambda body: get("/c", CHUNKED, method="POST") + chunked(body)[:-2] + b"X: y\r\n\r\n",
        st.binary(min_size=1, max_size=40),
    ),
    st.just(b"\r\n"),
)
endings = st.sampled_from([
    b"",
    b"",
    b"GET / HT",
    b"garbage\r\n\r\n",
    b"GET / HTTP/1.1\nHost: a\n\n",
    get("/last", "Connection: close") + get("/never"),
    get("/", "X: " + "y" * 400),
    get("/", "Content-Length: 201", method="POST"),  # that its body is never whole is the same for every split
    get("/", CHUNKED, method="POST") + b"ff\r\n",
    get("/", CHUNKED, method="POST") + b"3\r\nabcd\r\n",
])


@settings(max_examples=150, deadline=None)
@given(
    parts=st.lists(requests, min_size=1, max_size=5),
    ending=endings,
    cuts=st.lists(st.integers(1, 1500), max_size=12),
    patient=st.booleans(),
)
def test_any_split_gives_the_same_conversation(
    parts: list[bytes], ending: bytes, cuts: list[int], patient: bool
) -> None:
    data = b"".join(parts) + ending
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    pieces = [data[start:end] for start, end in pairwise(edges)]
    whole = converse([data], patient=True)
    assert converse(pieces, patient=patient) == whole
    asked = [part for part in parts if part != b"\r\n"]
    assert len(whole.seen) - (ending.startswith(b"GET /last")) == len(asked)


@settings(max_examples=40, deadline=None)
@given(parts=st.lists(requests, min_size=1, max_size=3), ending=endings, patient=st.booleans())
def test_byte_by_byte_gives_the_same_conversation(parts: list[bytes], ending: bytes, patient: bool) -> None:
    data = b"".join(parts) + ending
    whole = converse([data], patient=True)
    assert converse([data[at : at + 1] for at in range(len(data))], patient=patient and len(data) < 300) == whole
