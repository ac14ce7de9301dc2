"""The bytes of a reply's head."""

import pytest

from claude_code_proxy.http1.server.reply import Openings, render_head


def test_a_head() -> None:
    opening = Openings(784111777)[200]
    assert render_head(opening, [(b"a", b"b"), (b"c", b"d")], framing=b"content-length: 2\r\n") == (
        b"HTTP/1.1 200 OK\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\na: b\r\nc: d\r\ncontent-length: 2\r\n\r\n"
    )


def test_a_head_without_headers() -> None:
    assert render_head(Openings(0)[404], [], framing=b"") == (
        b"HTTP/1.1 404 Not Found\r\ndate: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\n"
    )


def test_a_status_that_nobody_named_has_no_phrase() -> None:
    assert Openings(0)[529].startswith(b"HTTP/1.1 529 \r\n")


@pytest.mark.parametrize("bad", [b"x\r\ny: z", b"x\n", b"x\r", b"\r\n"])
@pytest.mark.parametrize("where", [0, 1])
def test_a_header_cannot_smuggle_in_another(bad: bytes, where: int) -> None:
    header = [b"a", b"b"]
    header[where] = bad
    with pytest.raises(ValueError, match="line break"):
        render_head(Openings(0)[200], [(b"c", b"d"), (header[0], header[1])], framing=b"")


def test_the_date_is_kept_for_its_second() -> None:
    openings = Openings(10.0)
    first = openings[200]
    openings.refresh(10.9)
    assert openings[200] is first
    openings.refresh(11.0)
    assert b"00:00:11" in openings[200]
