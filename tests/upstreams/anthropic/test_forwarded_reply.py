"""Whole events, cut from a stream wherever its pieces end."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_code_proxy.errors import UpstreamBroke
from claude_code_proxy.upstreams.anthropic.forwarded_reply import WholeEventPieces

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
