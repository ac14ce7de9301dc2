"""The connection ends after every single byte of an answer, closed or reset: an error each time, and nothing leaks."""

import pytest

from claude_code_proxy.errors import UpstreamBroke, UpstreamUnavailable
from claude_code_proxy.http1.client.transport import Transport
from tests.http1.client.certificates import server_context
from tests.http1.client.scripted_server import CHUNKED, OK, Peer, connected, serving, slots

ANSWERS = {
    "counted": b"HTTP/1.1 200 OK\r\nrequest-id: r1\r\ncontent-length: 7\r\n\r\nmessage",
    "chunked": b"HTTP/1.1 100 Continue\r\n\r\n" + CHUNKED + b"5\r\nhello\r\n3;a=b\r\n!!!\r\n0\r\n\r\n",
}


async def outcome(transport: Transport) -> tuple[bytes, type[Exception] | None]:
    """Return the body that was read, and the error that ended it."""
    body = b""
    try:
        response = await transport.request(b"POST", b"/", body=b"x")
        while (data := await response.chunk()) is not None:
            body += data
    except (UpstreamBroke, UpstreamUnavailable) as error:
        return body, type(error)
    return body, None


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize("kind", ANSWERS)
async def test_an_answer_cut_anywhere_is_never_taken_for_a_whole_one(kind: str, reset: bool, tls: bool) -> None:
    answer = ANSWERS[kind]
    length = 0

    async def cut(peer: Peer) -> None:
        await peer.request()
        await peer.send(answer[:length])
        if reset:
            peer.reset()

    whole = b"message" if kind == "counted" else b"hello!!!"
    end_of_head = answer.index(b"\r\n\r\n", answer.index(b" 200 ")) + 4
    async with serving(cut, tls=server_context() if tls else None) as server, connected(server) as transport:
        for length in range(len(answer)):
            body, error = await outcome(transport)
            assert whole.startswith(body)
            if reset:  # overtakes what was sent before it, or not
                assert error in {UpstreamUnavailable, UpstreamBroke}
            else:
                assert error is (UpstreamUnavailable if length < end_of_head else UpstreamBroke)
            assert slots(transport) == (0, 0, 0)
        assert server.accepted == len(answer)


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
async def test_a_body_without_a_length_ends_with_the_connection(tls: bool) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\n\r\nhello")

    async with serving(script, tls=server_context() if tls else None) as server, connected(server) as transport:
        assert await outcome(transport) == (b"hello", None)
        assert slots(transport) == (0, 0, 0)


@pytest.mark.asyncio(loop_factories=["uvloop"])
async def test_over_tls_such_a_body_must_end_with_a_farewell() -> None:
    """Without a close_notify anybody on the way could have cut it. Only uvloop tells the two endings apart."""

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\n\r\nhello")
        peer.writer.transport.abort()

    async with serving(script, tls=server_context()) as server, connected(server) as transport:
        assert await outcome(transport) == (b"hello", UpstreamBroke)


async def test_a_reset_of_a_resting_connection_goes_unnoticed() -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK)
        peer.reset()

    async with serving(script) as server, connected(server) as transport:
        for _ in range(5):
            assert (await outcome(transport))[1] in {None, UpstreamBroke}
        assert server.accepted == 5
