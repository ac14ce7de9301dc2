"""Compressed bodies: decoded in pieces, bounded by what comes out, and refused where they are damaged."""

import asyncio
import gzip
import sys
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_code_proxy.http1.server import ServerLimits
from claude_code_proxy.http1.server.content_coding import CODINGS, ContentDecoder
from claude_code_proxy.http1.server.request import RejectedRequest
from tests.http1.server.conftest import Serve
from tests.http1.server.wire import CHUNKED, QUICK, Client, Echo, chunked, eventually, get, post

MEGABYTE = 1 << 20
Compress = Callable[[bytes], bytes]


def _bare(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush()


def _members(data: bytes) -> bytes:
    half = len(data) // 2
    return gzip.compress(data[:half]) + gzip.compress(data[half:])


CASES: list[tuple[str, Compress]] = [
    ("gzip", gzip.compress),
    ("GZIP", _members),
    ("x-gzip", gzip.compress),
    ("deflate", zlib.compress),
    ("deflate", _bare),
]
if sys.version_info >= (3, 14):
    from compression import zstd

    CASES.append(("zstd", zstd.compress))
coded = pytest.mark.parametrize(
    ("coding", "compress"), [pytest.param(*case, id=f"{case[0]}-{case[1].__name__}") for case in CASES]
)


def decoded(coding: bytes, *pieces: bytes) -> bytes:
    written: list[bytes] = []
    decoder = ContentDecoder(coding, written.append)
    for piece in pieces:
        decoder.feed(piece)
    decoder.close()
    return b"".join(written)


def limits(*, largest: int = MEGABYTE, memory: int = sys.maxsize) -> ServerLimits:
    return ServerLimits(body_bytes=largest, body_memory=memory, sweep_seconds=QUICK)


def send(client: Client, packed: bytes, coding: str, *, framing: str) -> None:
    name = f"Content-Encoding: {coding}"
    if framing == "counted":
        client.send(post(packed, name))
    else:
        middle = len(packed) // 2
        client.send(get("/", CHUNKED, name, method="POST"), chunked(packed[:middle], packed[middle:]))


@coded
@given(data=st.binary(min_size=1), piece=st.integers(1, 40))
def test_the_bytes_come_back_however_they_arrive(coding: str, compress: Compress, data: bytes, piece: int) -> None:
    packed = compress(data)
    pieces = [packed[start : start + piece] for start in range(0, len(packed), piece)]
    assert decoded(coding.lower().encode(), *pieces) == data


@coded
def test_large_bodies_come_back(coding: str, compress: Compress) -> None:
    data = b"".join(b"%d," % number for number in range(200_000)) + bytes(300_000)
    assert decoded(coding.lower().encode(), compress(data)) == data


@coded
@pytest.mark.parametrize("framing", ["counted", "chunked"])
def test_over_the_wire(serve: Serve, coding: str, compress: Compress, framing: str) -> None:
    """Whole in one read, and in pieces; the connection goes on behind it."""
    handler = Echo()
    running = serve(handler, limits=limits())
    client = running.connect()
    for data in (b"small", bytes(900_000) + b"large"):
        send(client, compress(data), coding, framing=framing)
        assert client.reply().body == data
    client.send(post(b"plain"))
    assert client.reply().body == b"plain"
    assert all(b"content-encoding" not in request.headers for request in handler.requests)
    eventually(lambda: running.server.memory.used == 0)


@coded
@pytest.mark.parametrize("framing", ["counted", "chunked"])
@pytest.mark.parametrize("damage", ["truncated", "corrupt"])
def test_damaged_bodies_are_refused(serve: Serve, coding: str, compress: Compress, framing: str, damage: str) -> None:
    packed = compress(b"some words, and some more words")
    packed = packed[:-3] if damage == "truncated" else b"\xff" * len(packed)
    running = serve(Echo(), limits=limits())
    client = running.connect()
    send(client, packed, coding, framing=framing)
    reply = client.reply()
    assert (reply.status, reply["connection"]) == (400, "close")
    eventually(lambda: running.server.memory.used == 0)


@coded
@pytest.mark.parametrize("framing", ["counted", "chunked"])
def test_a_bomb_is_refused_before_it_has_taken_more_than_the_limit(
    serve: Serve, coding: str, compress: Compress, framing: str
) -> None:
    running = serve(Echo(), limits=limits())
    client = running.connect()
    send(client, compress(bytes(64 * MEGABYTE)), coding, framing=framing)
    assert client.reply().status == 413
    eventually(lambda: running.server.memory.used == 0)


def test_no_piece_is_larger_than_a_few_kilobytes() -> None:
    """A refusal of the first one leaves the rest compressed."""
    sizes: list[int] = []

    def refuse(piece: bytes) -> None:
        sizes.append(len(piece))
        raise RejectedRequest(413, "too large")

    with pytest.raises(RejectedRequest):
        ContentDecoder(b"gzip", refuse).feed(gzip.compress(bytes(64 * MEGABYTE)))
    assert sizes == [65536]


def test_many_empty_streams_take_little_time() -> None:
    assert decoded(b"gzip", gzip.compress(b"") * 100_000) == b""


def test_what_comes_out_counts_as_memory(serve: Serve) -> None:
    """The compressed length is reserved at the head; what it becomes has to be free, too."""
    release = asyncio.Event()

    async def hold(request: object, responder: object) -> None:
        await release.wait()
        raise RuntimeError("the test has ended")

    running = serve(hold, limits=limits(memory=5 * MEGABYTE // 2))
    first, second = running.connect(), running.connect()
    packed = gzip.compress(bytes(MEGABYTE))
    first.send(post(packed, "Content-Encoding: gzip"))
    eventually(lambda: running.server.memory.used == 2 * MEGABYTE)
    second.send(post(packed, "Content-Encoding: gzip"))
    assert second.reply().status == 503
    running.soon(release.set)
    assert first.reply().status == 500
    eventually(lambda: running.server.memory.used == 0)
    running.errors.clear()


def test_an_empty_body_needs_no_coding(serve: Serve) -> None:
    client = serve(Echo()).connect()
    client.send(post(b"", "Content-Encoding: gzip"))
    assert client.reply().status == 200
    client.send(get("/", CHUNKED, "Content-Encoding: gzip", method="POST"), chunked())
    assert client.reply().status == 200


def test_zstandard_is_there_where_python_has_it() -> None:
    assert (b"zstd" in CODINGS) is (sys.version_info >= (3, 14))
