"""A request, and how its head is read: the bytes up to the blank line become a `Request`, or a `RejectedRequest`.

llhttp checks the tokens. What it leaves open, and what requests are smuggled with, is refused here: an uncertain end of
the body, more than one Host, an unknown version or transfer coding. Bodies are left to `body`.
"""

import re
from typing import TYPE_CHECKING

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from claude_code_proxy.http1.server.host import parse_host

if TYPE_CHECKING:
    from claude_code_proxy.http1.server.streams import InputStream

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_SINGLE = frozenset({b"host", b"content-length", b"transfer-encoding"})
# Methods for which llhttp has no rules of its own about the target or the protocol; any other is shown to it as GET.
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"})
_SHORTEST = len(b"a:\r\n")  # header line
_HTTP10 = "HTTP/1.0"
_HTTP11 = "HTTP/1.1"


class RejectedRequest(Exception):
    """A request that the server itself refuses, with the status and the message for the client."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Request:
    """One request. `body` is plain bytes, complete; b"" if there is none, while the head is checked, and for a stream.

    It lives as long as the handler runs; a handler that no longer needs a large body may set it to b"".
    """

    __slots__ = (
        "body",
        "caller",
        "headers",
        "http10",
        "keep_alive",
        "length",
        "method",
        "path",
        "peer",
        "query",
        "reserved",
        "stream",
        "stream_limit",
        "target",
    )

    def __init__(
        self, method: str, target: str, *, headers: dict[bytes, bytes] | None = None, body: bytes = b"", peer: str = ""
    ) -> None:
        self.method = method
        self.target = target  # as sent: percent-encoded, with the query
        path, _, self.query = target.partition("?")
        self.path = path if path.startswith("/") else _path_of(path)  # as sent, of an absolute target its path
        self.headers = {} if headers is None else headers  # lower-case names; duplicates joined with b", "
        self.body = body
        self.peer = peer  # "address:port", for logs
        self.caller = ""  # the name of the caller, which a head check may set
        self.http10 = False
        self.keep_alive = True  # whether the client lets the connection be used again
        self.length: int | None = len(body)  # announced bytes of body; None: chunked
        self.reserved = 0  # bytes of memory; see `body_memory`
        self.stream_limit: int | None = None
        self.stream: InputStream | None = None  # the body as it arrives, if `stream_body` was called

    def stream_body(self, limit: int) -> None:
        """Have the handler start at once and read the body, of up to `limit` bytes, from `stream`.

        For a head check to call.
        """
        self.stream_limit = limit


class _Fields(dict[bytes, bytes]):
    """The headers, as the protocol object that llhttp's parser calls for each of them."""

    __slots__ = ()

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        value = value.strip()
        if name in self:
            if name in _SINGLE:
                raise RejectedRequest(400, f"The header {name.decode()} appears more than once.")
            value = b"%b, %b" % (self[name], value)
        self[name] = value


def parse_head(head: bytes, *, peer: str = "", head_count: int = 128) -> Request:
    """Read a head, from its first byte to the end of its blank line; raise `RejectedRequest`."""
    try:
        method, target, version = head[: head.find(b"\r\n")].decode("ascii").split(" ")
    except ValueError:
        raise RejectedRequest(400, "The request line is malformed.") from None
    if version not in {_HTTP11, _HTTP10}:
        raise _wrong_version(version)
    if len(head) > head_count * _SHORTEST and head.count(b"\n") > head_count + 2:
        raise RejectedRequest(431, f"The request has more than {head_count} header lines.")
    if method not in _METHODS:
        head = _shown_as_get(method, head)
    request = Request(method, target, headers=_read_fields(head), peer=peer)
    if version == _HTTP10:
        request.http10 = True
    _check_host(request)
    request.length = _body_length(request)
    request.keep_alive = _keeps_alive(request)
    return request


def _path_of(target: str) -> str:
    """Return the path of a target in absolute form; `*` stays as it is."""
    _, scheme, rest = target.partition("://")
    if not scheme:
        return target
    _, slash, path = rest.partition("/")
    return slash + path or "/"


def _wrong_version(version: str) -> RejectedRequest:
    if version.startswith("HTTP/"):
        return RejectedRequest(505, "This server supports HTTP/1.1 and HTTP/1.0.")
    return RejectedRequest(400, "The request line is malformed.")


def _shown_as_get(method: str, head: bytes) -> bytes:
    if method == "CONNECT":
        raise RejectedRequest(501, "This server does not support CONNECT.")
    if not _TOKEN.fullmatch(method):
        raise RejectedRequest(400, "The request line is malformed.")
    return b"GET" + head[len(method) :]


def _read_fields(head: bytes) -> dict[bytes, bytes]:
    fields = _Fields()
    try:
        HttpRequestParser(fields).feed_data(head)
    except HttpParserUpgrade:
        pass  # an upgrade that the client offers is not taken; the request itself is complete
    except HttpParserError as error:
        if isinstance(error.__context__, RejectedRequest):
            raise error.__context__ from None
        raise RejectedRequest(400, f"The request is malformed: {error}.") from None
    return fields


def _check_host(request: Request) -> None:
    host = request.headers.get(b"host")
    if host:
        try:
            parse_host(host)
        except ValueError:
            raise RejectedRequest(400, "The Host header is not a host name or address with an optional port.") from None
    elif host is None and not request.http10:
        raise RejectedRequest(400, "The request has no Host header.")


def _body_length(request: Request) -> int | None:
    headers = request.headers
    coding = headers.get(b"transfer-encoding")
    if coding is None:
        length = headers.get(b"content-length")
        return 0 if length is None else _counted(length)
    if request.http10 or b"content-length" in headers:
        raise RejectedRequest(
            400, "Send Content-Length or Transfer-Encoding, not both; HTTP/1.0 has no Transfer-Encoding."
        )
    if coding.lower() != b"chunked":
        raise RejectedRequest(501, "The only Transfer-Encoding that this server supports is chunked.")
    return None


def _counted(length: bytes) -> int:
    if not length.isdigit() or len(length) > 18:
        raise RejectedRequest(400, "The Content-Length is not a number.")
    return int(length)


def _keeps_alive(request: Request) -> bool:
    connection = request.headers.get(b"connection")
    if connection is None:
        return not request.http10
    if connection == b"keep-alive":
        return True
    options = [option.strip() for option in connection.lower().split(b",")]
    if b"close" in options:
        return False
    return not request.http10 or b"keep-alive" in options
