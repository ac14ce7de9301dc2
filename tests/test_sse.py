"""The decoder against the format as it is written down, however the stream is cut; frames as they are sent."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from claude_code_proxy import sse
from claude_code_proxy.errors import UpstreamBroke

LINES = st.sampled_from([
    "data: a",
    "data:b",
    "data",
    "data: ",
    "data:  c",
    "event: x",
    ": ping",
    "id: 1",
    "retry: 5",
    "datax: 1",
    "",
    "é",
])
ENDS = st.sampled_from(["\n", "\r\n", "\r"])
STREAM = st.lists(st.tuples(LINES, ENDS), max_size=20).map(lambda lines: "".join(map("".join, lines)).encode())


def as_specified(stream: bytes) -> list[bytes]:
    """Return the interpretation of the HTML standard, line by line, for streams that are whole."""
    events: list[bytes] = []
    data: list[bytes] = []
    for line in stream.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")[:-1]:
        name, _, value = line.partition(b":")
        if line == b"":
            events.append(b"\n".join(data))
            data = []
        elif name == b"data":
            data.append(value.removeprefix(b" "))
    return [event for event in events if event]


def cut(stream: bytes, places: list[int]) -> list[bytes]:
    ends = sorted(place % (len(stream) + 1) for place in places)
    return [stream[start:end] for start, end in zip([0, *ends], [*ends, len(stream)], strict=True)]


@given(STREAM, st.lists(st.integers(0), max_size=8))
@example(b"data: a\r\n\r\ndata: b\n\n", [8, 9, 9, 10])
@example(b"data:a\ndata: b\n\n", [])
@example(b"\xef\xbb\xbfdata: a\n\n", [1, 2])
def test_any_stream_in_any_pieces_gives_the_events_of_the_standard(stream: bytes, places: list[int]) -> None:
    decoder = sse.Decoder()
    events = [event for piece in cut(stream, places) for event in decoder.feed(piece)]
    assert events == as_specified(stream)


def test_an_event_counts_once_its_blank_line_has_come() -> None:
    decoder = sse.Decoder()
    assert decoder.feed(b'event: ping\ndata: {"type":"ping"}') == []
    assert decoder.feed(b"\n") == []
    assert decoder.feed(b"\ndata: next") == [b'{"type":"ping"}']


def test_a_byte_order_mark_is_no_part_of_the_first_line() -> None:
    decoder = sse.Decoder()
    assert decoder.feed(b"\xef") + decoder.feed(b"\xbb") + decoder.feed(b"\xbfdata: a\n\n") == [b"a"]
    assert decoder.feed(b"\xef\xbb\xbfdata: b\n\n") == []


def test_an_event_without_end_is_not_collected_for_ever() -> None:
    decoder = sse.Decoder()
    piece = b"x" * (1 << 25)
    assert decoder.feed(piece) == []
    with pytest.raises(UpstreamBroke, match="64 MB"):
        decoder.feed(piece + b"x")


def test_what_is_encoded_is_decoded() -> None:
    frames = sse.encode(b'{"a":1}') + sse.comment(b"keep-alive")
    assert frames == b'data: {"a":1}\n\n: keep-alive\n\n'
    assert sse.Decoder().feed(frames) == [b'{"a":1}']


def test_a_large_event_in_many_pieces_costs_no_more_than_its_length() -> None:
    """Twice the length takes about twice the time; joining all that is held at each piece takes four times."""

    def seconds(pieces: int) -> float:
        decoder = sse.Decoder()
        piece = b"x" * 4096
        started = time.process_time()
        decoder.feed(b"data: ")
        for _ in range(pieces):
            assert decoder.feed(piece) == []
        (event,) = decoder.feed(b"\n\n")
        assert len(event) == pieces * len(piece)
        return time.process_time() - started

    assert min(seconds(8000) for _ in range(3)) < 1.0


def test_an_event_that_ends_between_two_pieces() -> None:
    decoder = sse.Decoder()
    assert [decoder.feed(piece) for piece in (b"data: a", b"b\n", b"\ndata: c\n", b"", b"\n")] == [
        [],
        [],
        [b"ab"],
        [],
        [b"c"],
    ]
