"""Bodies in pieces: whole at the end, the same for every split, and refused where their framing is in doubt."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_code_proxy.http1.server.body import ChunkedBody, CountedBody
from claude_code_proxy.http1.server.request import RejectedRequest


def ignore(_: bytes) -> None:
    """Take a body that nobody looks at."""


def feed_all(body: CountedBody | ChunkedBody, data: bytes, size: int) -> bytes | None:
    """Feed the reader in pieces of that size. Return the bytes after the body; None if it never ended."""
    for start in range(0, len(data), size):
        rest = body.feed(data[start : start + size])
        if rest is not None:
            return rest + data[start + size :]
    return None


@pytest.mark.parametrize("size", [1, 2, 3, 5, 6, 7, 100])
def test_a_counted_body(size: int) -> None:
    written: list[bytes] = []
    body = CountedBody(6, written.append)
    assert feed_all(body, b"abcdefGET", size) == b"GET"
    assert b"".join(written) == b"abcdef"
    assert body.size == 6


def test_a_counted_body_that_is_short_does_not_end() -> None:
    body = CountedBody(6, ignore)
    assert feed_all(body, b"abcde", 2) is None
    assert body.size == 5


CHUNKS = b'3\r\nabc\r\n0A\r\n0123456789\r\n1;a=b;c="d" \r\n.\r\n0\r\n'


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 11, 1000])
@pytest.mark.parametrize("trailers", [b"", b"A: b\r\n", b"A: b\r\nC:\r\n"])
@pytest.mark.parametrize("rest", [b"", b"GET / HTTP/1.1\r\n\r\n", b"\r\n\r\n"])
def test_a_chunked_body(size: int, trailers: bytes, rest: bytes) -> None:
    written: list[bytes] = []
    body = ChunkedBody(14, written.append)
    assert feed_all(body, CHUNKS + trailers + b"\r\n" + rest, size) == rest
    assert b"".join(written) == b"abc0123456789."
    assert body.size == 14


def test_an_empty_chunked_body() -> None:
    written: list[bytes] = []
    assert ChunkedBody(0, written.append).feed(b"0\r\n\r\n") == b""
    assert written == []


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize(
    ("status", "data"),
    [
        (400, b"x\r\nabc\r\n"),
        (400, b"\r\n"),
        (400, b"-3\r\nabc\r\n"),
        (400, b"+3\r\nabc\r\n"),
        (400, b"0x3\r\nabc\r\n"),
        (400, b" 3\r\nabc\r\n"),
        (400, b"3 \r\nabc\r\n"),
        (400, b"3\nabc\r\n"),
        (400, b"3\rabc\r\n\n"),
        (400, b"3;a\nb\r\nabc\r\n"),
        (400, b"3;a\x00\r\nabc\r\n"),
        (400, b"3 a\r\nabc\r\n"),
        (400, b"3\r\nabcd\r\n"),
        (400, b"3\r\nabc\n0\r\n"),
        (400, b"3\r\nabc\r0\r\n"),
        (400, b"3\r\nabc0\r\n\r\n"),
        (400, b"3;" + b"x" * 2000),
        (400, b"3;" + b"x" * 2000 + b"\r\nabc\r\n0\r\n\r\n"),
        (400, b"1" * 2000),
        (400, b"0000000000000000\r\n\r\n"),
        (400, b"0\r\nno colon\r\n\r\n"),
        (400, b"0\r\nA : b\r\n\r\n"),
        (400, b"0\r\nA: b\nC: d\r\n\r\n"),
        (400, b"0\r\nA: b\n\nC: d"),
        (400, b"0\r\nA: b\x00\r\n\r\n"),
        (400, b"0\r\n folded\r\n\r\n"),
        (431, b"0\r\nA: " + b"x" * 9000),
        (431, b"0\r\nA: " + b"x" * 9000 + b"\r\n\r\n"),
        (431, b"0\r\n" + b"A: b\r\n" * 2000 + b"\r\n"),
        (413, b"6\r\n"),
        (413, b"3\r\nabc\r\n3\r\nab"),
        (413, b"fffffffffffffff\r\n"),
    ],
)
def test_a_chunked_body_that_is_refused(status: int, data: bytes, size: int) -> None:
    with pytest.raises(RejectedRequest) as refused:
        feed_all(ChunkedBody(5, ignore), data, size)
    assert refused.value.status == status


@given(
    chunks=st.lists(st.binary(min_size=1, max_size=40), max_size=8),
    extension=st.sampled_from([b"", b";a", b" ; a=b"]),
    trailers=st.sampled_from([b"", b"X: y\r\n"]),
    cuts=st.lists(st.integers(0, 500), max_size=8),
    rest=st.binary(max_size=20),
)
def test_any_split_gives_the_same_body(
    chunks: list[bytes], extension: bytes, trailers: bytes, cuts: list[int], rest: bytes
) -> None:
    data = b"".join(b"%x%b\r\n%b\r\n" % (len(chunk), extension, chunk) for chunk in chunks)
    data += b"0\r\n" + trailers + b"\r\n" + rest
    written: list[bytes] = []
    body = ChunkedBody(1000, written.append)
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    followed: bytes | None = None
    for start, end in pairwise(edges):
        followed = body.feed(data[start:end]) if followed is None else followed + data[start:end]
    assert followed == rest
    assert b"".join(written) == b"".join(chunks)
