"""Heads: what is read out of them, and what is refused."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_code_proxy.http1.server.request import RejectedRequest, Request, parse_head


def head(*lines: str) -> bytes:
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def test_a_request_is_read() -> None:
    request = parse_head(
        head("POST /v1/chat%2Fx?a=1&b=%20 HTTP/1.1", "Host: here", "Content-Length: 12", "X-Y:z"), peer="127.0.0.1:9"
    )
    assert request.method == "POST"
    assert request.target == "/v1/chat%2Fx?a=1&b=%20"
    assert request.path == "/v1/chat%2Fx"
    assert request.query == "a=1&b=%20"
    assert request.headers == {b"host": b"here", b"content-length": b"12", b"x-y": b"z"}
    assert request.length == 12
    assert request.body == b""
    assert request.peer == "127.0.0.1:9"
    assert request.keep_alive
    assert not request.http10


def test_without_a_body_the_length_is_zero() -> None:
    assert parse_head(head("GET / HTTP/1.1", "Host: a")).length == 0


def test_a_chunked_body_has_no_length() -> None:
    assert parse_head(head("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: Chunked")).length is None


def test_names_are_lowered_values_trimmed_and_duplicates_joined() -> None:
    request = parse_head(head("GET / HTTP/1.1", "HOST: a", "Accept:  x \t ", "X: ", "accept: y", "Accept:\tz"))
    assert request.headers == {b"host": b"a", b"accept": b"x, y, z", b"x": b""}


def test_values_may_hold_bytes_beyond_ascii() -> None:
    assert parse_head(head("GET / HTTP/1.1", "Host: a", "X: \xe4")).headers[b"x"] == b"\xe4"


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        ("/", "/", ""),
        ("/a?", "/a", ""),
        ("/a?b?c", "/a", "b?c"),
        ("//a/b", "//a/b", ""),
        ("http://host:80/a/b?c=d", "/a/b", "c=d"),
        ("https://host/a", "/a", ""),
        ("http://host", "/", ""),
        ("http://host?q=/x", "/", "q=/x"),
        ("*", "*", ""),
    ],
)
def test_targets(target: str, path: str, query: str) -> None:
    request = parse_head(head(f"OPTIONS {target} HTTP/1.1", "Host: host"))
    assert (request.target, request.path, request.query) == (target, path, query)


@pytest.mark.parametrize(
    "method", ["HEAD", "PROPFIND", "FROBNICATE", "get", "M-SEARCH", "PRI", "DESCRIBE", "X!#$%&'*+.^_`|~1"]
)
def test_every_method_that_is_a_token_is_passed_on(method: str) -> None:
    assert parse_head(head(f"{method} /a HTTP/1.1", "Host: a")).method == method


def test_an_offered_upgrade_is_an_ordinary_request() -> None:
    request = parse_head(head("POST / HTTP/1.1", "Host: a", "Upgrade: h2c", "Connection: Upgrade", "Content-Length: 3"))
    assert request.length == 3
    assert request.keep_alive


@pytest.mark.parametrize(
    ("version", "connection", "keeps"),
    [
        ("1.1", None, True),
        ("1.1", "keep-alive", True),
        ("1.1", "close", False),
        ("1.1", "Close", False),
        ("1.1", "TE, close", False),
        ("1.1", "closed", True),
        ("1.0", None, False),
        ("1.0", "keep-alive", True),
        ("1.0", "Keep-Alive, TE", True),
        ("1.0", "keep-alive, close", False),
        ("1.0", "upgrade", False),
    ],
)
def test_keep_alive(version: str, connection: str | None, keeps: bool) -> None:
    headers = [] if connection is None else [f"Connection: {connection}"]
    assert parse_head(head(f"GET / HTTP/{version}", "Host: a", *headers)).keep_alive is keeps


def test_http_1_0_needs_no_host() -> None:
    assert parse_head(head("GET / HTTP/1.0")).http10


@pytest.mark.parametrize(
    ("status", "lines"),
    [
        (400, ["GET /"]),
        (400, ["GET / HTTP/1.1", "Host: x y"]),
        (400, ["GET / HTTP/1.1", "Host: [evil.example]"]),
        (400, ["GET / HTTP/1.0", "Host: localhost:evil.example"]),
        (400, ["GET / HTTP/1.1 x", "Host: a"]),
        (400, ["GET  / HTTP/1.1", "Host: a"]),
        (400, [" GET / HTTP/1.1", "Host: a"]),
        (400, ["GET /\xe4 HTTP/1.1", "Host: a"]),
        (400, ["GET /a\x00b HTTP/1.1", "Host: a"]),
        (400, ["GET /a\tb HTTP/1.1", "Host: a"]),
        (400, ["GET /a\nb HTTP/1.1", "Host: a"]),
        (400, ["GET a/b HTTP/1.1", "Host: a"]),
        (400, ["G(T / HTTP/1.1", "Host: a"]),
        (400, ["GET / FTP/1.1", "Host: a"]),
        (400, ["GET / http/1.1", "Host: a"]),
        (505, ["GET / HTTP/2.0", "Host: a"]),
        (505, ["GET / HTTP/1.2", "Host: a"]),
        (505, ["GET / HTTP/0.9", "Host: a"]),
        (505, ["PRI * HTTP/2.0"]),
        (501, ["CONNECT a:443 HTTP/1.1", "Host: a"]),
        # where a request ends, and whose it is, must be beyond doubt
        (400, ["GET / HTTP/1.1"]),
        (400, ["GET / HTTP/1.1", "Host: a", "Host: a"]),
        (400, ["GET / HTTP/1.1", "Host: a", "Content-Length: 1", "Content-Length: 1"]),
        (400, ["GET / HTTP/1.1", "Host: a", "Content-Length: 1", "Content-Length: 2"]),
        (400, ["GET / HTTP/1.1", "Host: a", "Content-Length: 1, 1"]),
        (400, ["GET / HTTP/1.1", "Host: a", "Content-Length: +1"]),
        (400, ["GET / HTTP/1.1", "Host: a", "Content-Length: -1"]),
        (400, ["GET / HTTP/1.1", "Host: a", "Content-Length: 0x1"]),
        (400, ["GET / HTTP/1.1", "Host: a", "Content-Length: 1_0"]),
        (400, ["GET / HTTP/1.1", "Host: a", "Content-Length: 1 0"]),
        (400, ["GET / HTTP/1.1", "Host: a", "Content-Length: \xb2"]),
        (400, ["GET / HTTP/1.1", "Host: a", "Content-Length:"]),
        (400, ["GET / HTTP/1.1", "Host: a", "Content-Length: 9999999999999999999"]),
        (400, ["GET / HTTP/1.1", "Host: a", "Content-Length: " + "9" * 5000]),
        (400, ["GET / HTTP/1.1", "Host: a", "Content-Length: 4", "Transfer-Encoding: chunked"]),
        (400, ["GET / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked", "Content-Length: 4"]),
        (400, ["GET / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"]),
        (400, ["GET / HTTP/1.1", "Host: a", "Transfer-Encoding: identity"]),
        (400, ["GET / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked, gzip"]),
        (400, ["GET / HTTP/1.1", "Host: a", "Transfer-Encoding: xchunked"]),
        (400, ["GET / HTTP/1.1", "Host: a", "Transfer-Encoding: \x0bchunked"]),
        (400, ["GET / HTTP/1.0", "Transfer-Encoding: chunked"]),
        (501, ["GET / HTTP/1.1", "Host: a", "Transfer-Encoding: gzip, chunked"]),
        (400, ["GET / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked, chunked"]),
        # fields
        (400, ["GET / HTTP/1.1", "Host: a", "A: b", " folded"]),
        (400, ["GET / HTTP/1.1", "Host: a", "A: b", "\tfolded"]),
        (400, ["GET / HTTP/1.1", " Host: a"]),
        (400, ["GET / HTTP/1.1", "Host: a", "A : b"]),
        (400, ["GET / HTTP/1.1", "Host: a", "A\t: b"]),
        (400, ["GET / HTTP/1.1", "Host: a", ": b"]),
        (400, ["GET / HTTP/1.1", "Host: a", "A"]),
        (400, ["GET / HTTP/1.1", "Host: a", "A\xe4: b"]),
        (400, ["GET / HTTP/1.1", "Host: a", "A(: b"]),
        (400, ["GET / HTTP/1.1", "Host: a", "A: b\x00c"]),
        (400, ["GET / HTTP/1.1", "Host: a", "A\x00: b"]),
        (400, ["GET / HTTP/1.1", "Host: a", "A: b\rc"]),
        (400, ["GET / HTTP/1.1", "Host: a", "A: b\nC: d"]),
        (400, ["GET / HTTP/1.1", "Host: a", "A: \x7f"]),
        (400, ["GET / HTTP/1.1", "Host: a", "A: \x1b"]),
        (400, ["GET / HTTP/1.1\nHost: a"]),
    ],
)
def test_refusals(status: int, lines: list[str]) -> None:
    with pytest.raises(RejectedRequest) as refused:
        parse_head(head(*lines))
    assert refused.value.status == status
    assert refused.value.message == str(refused.value)
    assert refused.value.message.isascii()
    assert refused.value.message.endswith(".")


def test_the_number_of_lines_is_limited() -> None:
    def with_headers(count: int) -> bytes:
        return head("GET / HTTP/1.1", "Host: a", *[f"x{number}: y" for number in range(count - 1)])

    assert len(parse_head(with_headers(5), head_count=5).headers) == 5
    with pytest.raises(RejectedRequest) as refused:
        parse_head(with_headers(6), head_count=5)
    assert refused.value.status == 431


def test_the_shortest_lines_are_counted_too() -> None:
    lines = [f"{letter}:" for letter in "abcdefghijklmnopqrstuvw"]
    assert parse_head(head("GET / HTTP/1.0", *lines), head_count=len(lines)).headers.keys() == {
        letter.rstrip(":").encode() for letter in lines
    }
    with pytest.raises(RejectedRequest) as refused:
        parse_head(head("GET / HTTP/1.0", *lines), head_count=len(lines) - 1)
    assert refused.value.status == 431


def test_a_request_may_be_made_by_hand() -> None:
    request = Request("POST", "/a?b", headers={b"x": b"y"}, body=b"12", peer="p")
    assert (request.path, request.query, request.length, request.keep_alive) == ("/a", "b", 2, True)
    assert Request("GET", "/").headers == {}


# A second opinion, from the grammar of RFC 9112 alone.
LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*((?:[^\x00-\x08\x0a-\x1f\x7f]*[^\x00-\x20\x7f])?)[ \t]*\r\n")
REQUEST_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([!-~]+) HTTP/1\.[01]\r\n")


def fields(data: bytes) -> dict[bytes, bytes] | None:
    start = REQUEST_LINE.match(data)
    if start is None:
        return None
    found: dict[bytes, bytes] = {}
    at = start.end()
    while data[at:] != b"\r\n":
        line = LINE.match(data, at)
        if line is None:
            return None
        name = line[1].lower()
        found[name] = b", ".join([found[name], line[2]] if name in found else [line[2]])
        at = line.end()
    return found


names = st.sampled_from([
    "Host",
    "A",
    "a",
    "Accept",
    "Connection",
    "Expect",
    "Content-Length",
    "Transfer-Encoding",
    "X Y",
    "",
])
values = st.one_of(
    st.sampled_from(["", "a", "chunked", "close", "0", "5", "keep-alive", " a ", "a\tb"]),
    st.text(st.characters(max_codepoint=255), max_size=12),
)
separators = st.sampled_from([": ", ":", ": ", ":\t", " :", ""])
endings = st.sampled_from(["\r\n", "\r\n", "\r\n", "\r\n", "\n", "\r", "\r\n "])
lines = st.builds(lambda *parts: "".join(parts), names, separators, values, endings)
starts = st.sampled_from([
    "GET / HTTP/1.1\r\n",
    "POST /a?b HTTP/1.1\r\n",
    "GET / HTTP/1.0\r\n",
    "NEW * HTTP/1.1\r\n",
    "GET /a b HTTP/1.1\r\n",
])


@given(start=starts, host=st.sampled_from(["", "Host: a\r\n"]), some=st.lists(lines, max_size=5))
def test_whatever_is_accepted_reads_the_same_by_the_grammar(start: str, host: str, some: list[str]) -> None:
    data = (start + host + "".join(some) + "\r\n\r\n").encode("latin-1")
    data = data[: data.index(b"\r\n\r\n") + 4]
    try:
        request = parse_head(data)
    except RejectedRequest:
        return
    assert request.headers == fields(data)


@given(st.binary(max_size=60))
def test_no_bytes_crash_it(data: bytes) -> None:
    with pytest.raises(RejectedRequest):
        parse_head(data.replace(b"\r\n\r\n", b"") + b"\r\n\r\n")
