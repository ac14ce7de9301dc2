"""Whole events, cut from a stream wherever its pieces end."""

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_code_proxy.errors import UpstreamBroke
from claude_code_proxy.secret import Secret
from claude_code_proxy.upstreams.anthropic.forwarded_reply import TransportReply, WholeEventPieces
from claude_code_proxy.upstreams.upstream import CallStats

EVENTS = [b"event: a\ndata: 1\n\n", b": c\n\n", b"data: 2\r\n\r\n", b"data: 3\r\r", b"data: x\ndata: y\n\n", b"\n\n"]


@given(st.lists(st.sampled_from(EVENTS), max_size=8), st.data())
def test_pieces_end_where_events_do_and_nothing_is_lost(events: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(events)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(stream)))))
    splitter = WholeEventPieces()
    edges = [0, *cuts, len(stream)]
    pieces = [splitter.feed(stream[a:b]) for a, b in itertools.pairwise(edges)]
    assert b"".join(pieces) == stream
    assert all(piece.endswith((b"\n\n", b"\r\n\r\n", b"\r\r", b"\n", b"")) for piece in pieces)


def test_what_has_no_end_is_held_back() -> None:
    splitter = WholeEventPieces()
    assert splitter.feed(b"data: 1\n\ndata: ") == b"data: 1\n\n"
    assert splitter.feed(b"2\n") == b""
    assert splitter.feed(b"\ndata: 3") == b"data: 2\n\n"


@pytest.mark.parametrize(
    ("held", "rest"),
    [
        (b'data: {"a":1}', b'data: {"a":1}\n\n'),
        (b'data: {"a":1}\n', b'data: {"a":1}\n\n\n'),
        (b'data: {"a"', b""),
        (b"", b""),
    ],
)
def test_at_the_end_only_a_blank_line_may_be_missing(held: bytes, rest: bytes) -> None:
    splitter = WholeEventPieces()
    splitter.feed(held)
    assert splitter.rest() == rest


def test_an_event_without_end_is_not_collected_for_ever() -> None:
    splitter = WholeEventPieces()
    splitter.feed(b"x" * (1 << 25))
    with pytest.raises(UpstreamBroke, match="64 MB"):
        splitter.feed(b"x" * ((1 << 25) + 1))


SECRET = Secret("sk-ant-test-of-the-proxy")
WORDS = (
    b'data: {"type":"content_block_delta","delta":{"text":"sk-ant-test-of-the-proxy \\"type\\":\\"error\\" error"}}\n\n'
)


class Pieces:
    """A response of these pieces, one for each read."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = list(pieces)

    async def chunk(self) -> bytes | None:
        return self._pieces.pop(0) if self._pieces else None


async def test_the_credential_is_masked_in_an_error_event_and_nowhere_else() -> None:
    error = (
        b'event: error\ndata: {"type":"error","error":{"type":"api_error","message":"sk-ant-test-of-the-proxy"}}\n\n'
    )
    response: Any = Pieces(WORDS + error, error)
    reply = TransportReply(response, CallStats(), is_stream=True, secret=SECRET)
    masked = error.replace(SECRET.reveal().encode(), b"****")
    assert [await reply.events() for _ in range(3)] == [WORDS + masked, masked, None]
