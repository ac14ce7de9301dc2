"""Names, addresses, TLS and proxies: how a connection comes about, and what is said when it does not."""

import asyncio
import os
import socket
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from claude_code_proxy.http1.client.address import parse_origin, parse_proxy
from claude_code_proxy.http1.client.dial import CannotConnect, NetworkRoute, default_tls, dial
from claude_code_proxy.http1.client.limits import ClientLimits
from tests.http1.client import certificates
from tests.http1.client.scripted_server import (
    OK,
    Peer,
    Script,
    Server,
    answering,
    connected,
    eventually,
    serving,
    slots,
)


async def get(server: Server | str, **options: Any) -> bytes:
    async with connected(server, **options) as transport:
        return await (await transport.request(b"GET", b"/x")).read()


# Addresses


class Names:
    """An event loop on which names and addresses behave as told; the rest is left to the real one."""

    def __init__(self, addresses: list[str], fates: dict[str, float | Exception | asyncio.Event]) -> None:
        self._loop = asyncio.get_running_loop()
        self._addresses = addresses
        self._fates = fates
        self.tried: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)

    async def getaddrinfo(self, host: str, port: int, **hints: Any) -> list[tuple[Any, ...]]:
        assert hints == {"type": socket.SOCK_STREAM, "proto": socket.IPPROTO_TCP}
        found = []
        for address in self._addresses:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            found.append((family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port)))
        return found

    async def sock_connect(self, sock: socket.socket, target: tuple[str, int]) -> None:
        self.tried.append(target[0])
        fate = self._fates.get(target[0], 0.0)
        if isinstance(fate, Exception):
            raise fate
        sock.close()  # the connection is really made to this machine, whichever the address is
        sock.__init__(socket.AF_INET, socket.SOCK_STREAM)  # type: ignore[misc]
        sock.setblocking(False)
        await self._loop.sock_connect(sock, ("127.0.0.1", target[1]))
        await (fate.wait() if isinstance(fate, asyncio.Event) else asyncio.sleep(fate))


async def reach(server: Server, names: Names, url: str = "http://upstream.test") -> float:
    """Dials as far as the connection; the seconds that it took."""
    loop: Any = names
    started = loop.time()
    made: asyncio.Future[None] = loop.create_future()

    class Once(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = transport
            made.set_result(None)

    tls = certificates.client_context() if url.startswith("https") else None
    protocol = await dial(loop, NetworkRoute(parse_origin(f"{url}:{server.port}"), tls), factory=Once)
    await made
    taken: float = loop.time() - started
    protocol.transport.close()
    return taken


async def test_the_families_take_turns_and_each_has_a_head_start() -> None:
    six, four = ["2001:db8::1", "2001:db8::2"], ["192.0.2.1", "192.0.2.2"]
    async with serving(answering(OK)) as server:
        names = Names([*six, *four], {"2001:db8::1": 9, "192.0.2.1": 9, "2001:db8::2": 0})
        assert 0.4 < await reach(server, names) < 8
        assert names.tried == ["2001:db8::1", "192.0.2.1", "2001:db8::2"]


async def test_when_one_fails_the_next_starts_at_once() -> None:
    async with serving(answering(OK)) as server:
        names = Names(["2001:db8::1", "192.0.2.1"], {"2001:db8::1": OSError(101, "unreachable")})
        assert min([await reach(server, names) for _ in range(5)]) < 0.2  # sooner than the head start
        assert names.tried == ["2001:db8::1", "192.0.2.1"] * 5


async def test_a_late_first_may_still_win() -> None:
    async with serving(answering(OK)) as server:
        names = Names(["2001:db8::1", "192.0.2.1"], {"2001:db8::1": 0.3, "192.0.2.1": 9})
        assert await reach(server, names) < 8
        assert names.tried == ["2001:db8::1", "192.0.2.1"]


async def test_of_two_that_win_at_once_one_is_closed() -> None:
    async with serving(answering(OK)) as server:
        both = asyncio.Event()
        names = Names(["2001:db8::1", "192.0.2.1"], {"2001:db8::1": both, "192.0.2.1": both})
        reaching = asyncio.create_task(reach(server, names))
        await eventually(lambda: server.accepted == 2)
        both.set()
        await reaching
        await eventually(lambda: server.open == 0)


async def test_when_all_fail_the_preferred_ones_failure_is_told() -> None:
    async with serving(answering(OK)) as server:
        names = Names(
            ["2001:db8::1", "192.0.2.1"],
            {"2001:db8::1": OSError(101, "x"), "192.0.2.1": ConnectionRefusedError(111, "y")},
        )
        with pytest.raises(CannotConnect, match=rf"^Cannot connect to upstream.test:\d+: {os.strerror(101)}\.$"):
            await reach(server, names)


async def test_a_race_that_is_given_up_leaves_no_socket() -> None:
    async with serving(answering(OK)) as server:
        for delay in (0.0, 0.1, 0.3):
            names = Names(["2001:db8::1", "192.0.2.1"], {"2001:db8::1": 0.3, "192.0.2.1": 0.05})
            task = asyncio.create_task(reach(server, names))
            await asyncio.sleep(delay)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await eventually(lambda: server.open == 0)


async def test_a_connection_that_is_lost_as_it_is_made() -> None:
    class Losing(Names):
        async def create_connection(self, *args: Any, **options: Any) -> Any:
            transport, protocol = await self._loop.create_connection(*args, **options)
            transport.abort()
            return transport, protocol

    async with serving(answering(OK)) as server:
        with pytest.raises(CannotConnect, match=r"upstream.test:\d+ closed the connection at once\."):
            await reach(server, Losing(["192.0.2.1"], {}))


class NoNames(Names):
    async def getaddrinfo(self, host: str, port: int, **hints: Any) -> list[tuple[Any, ...]]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


async def test_a_name_that_cannot_be_resolved() -> None:
    async with serving(answering(OK)) as server:
        with pytest.raises(CannotConnect) as failure:
            await reach(server, NoNames([], {}))
    assert failure.value.message == "The address of upstream.test cannot be found: Name or service not known."
    assert isinstance(failure.value.__cause__, socket.gaierror)


async def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(CannotConnect) as failure:
        await get(f"http://127.0.0.1:{port}")
    assert failure.value.message == f"Cannot connect to 127.0.0.1:{port}: Connection refused."


async def test_ipv6() -> None:
    if not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    heads: list[bytes] = []

    async def script(peer: Peer) -> None:
        heads.append(await peer.request())
        await peer.send(OK)

    async with serving(script, host="::1") as server:
        assert await get(server) == b"ok"
        assert b"\r\nhost: [::1]:%d\r\n" % server.port in heads[0]


async def test_the_socket_sends_at_once_and_notices_a_dead_peer() -> None:
    async with serving(answering(OK)) as server, connected(server) as transport:
        await (await transport.request(b"GET", b"/")).read()
        (connection,) = transport._connections
        sock = connection._transport.get_extra_info("socket")
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) != 0


# TLS


async def test_tls_with_a_certificate_that_is_trusted() -> None:
    async with serving(answering(OK), tls=certificates.server_context()) as server, connected(server) as transport:
        for _ in range(3):
            assert await (await transport.request(b"GET", b"/")).read() == b"ok"
        assert (server.accepted, slots(transport)) == (1, (0, 1, 0))


async def test_tls_tells_the_server_which_name_is_meant() -> None:
    names: list[str | None] = []
    context = certificates.server_context()
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    async with serving(answering(OK), tls=context) as server:
        assert await get(f"https://localhost:{server.port}") == b"ok"
        await reach(server, Names(["192.0.2.1"], {}), "https://LocalHost.")
    assert names == ["localhost", "localhost"]


@pytest.mark.parametrize(
    ("certificate", "words"),
    [
        (certificates.ELSEWHERE, "IP address mismatch"),
        (certificates.EXPIRED, "certificate has expired"),
    ],
)
async def test_tls_with_a_certificate_that_is_not_good(certificate: str, words: str) -> None:
    async with serving(answering(OK), tls=certificates.server_context(certificate)) as server:
        with pytest.raises(CannotConnect) as failure:
            await get(server)
        await eventually(lambda: server.open == 0)
    assert failure.value.message.startswith("The certificate of 127.0.0.1 is not trusted: ")
    assert words in failure.value.message
    assert "SSL_CERT_FILE" in failure.value.message
    assert failure.value.should_retry is False
    assert isinstance(failure.value.__cause__, ssl.SSLCertVerificationError)


async def test_tls_with_an_authority_that_nobody_knows() -> None:
    async with serving(answering(OK), tls=certificates.server_context()) as server:
        route = NetworkRoute(parse_origin(server.url), default_tls())
        with pytest.raises(CannotConnect, match="is not trusted: unable to get local issuer certificate"):
            await dial(asyncio.get_running_loop(), route, factory=asyncio.Protocol)


async def test_tls_offers_http_1_alone() -> None:
    server_side, ours = certificates.server_context(), default_tls()
    server_side.set_alpn_protocols(["h2", "http/1.1"])
    ours.load_verify_locations(cadata=certificates.authority_pem())
    chosen: list[str | None] = []

    async def script(peer: Peer) -> None:
        chosen.append(peer.writer.get_extra_info("ssl_object").selected_alpn_protocol())
        await peer.gone()

    async with serving(script, tls=server_side) as server:
        await dial(asyncio.get_running_loop(), NetworkRoute(parse_origin(server.url), ours), factory=Closing)
        await eventually(lambda: chosen == ["http/1.1"])


class Closing(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        asyncio.get_running_loop().call_later(0.05, transport.close)


async def test_tls_where_plain_http_is_spoken() -> None:
    async def script(peer: Peer) -> None:
        await peer.reader.read(1)
        await peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with serving(script) as server:
        with pytest.raises(CannotConnect, match=r"TLS with 127\.0\.0\.1:\d+ failed: (wrong version|record layer)"):
            await get(f"https://127.0.0.1:{server.port}")


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
async def test_tls_that_ends_in_the_handshake(reset: bool) -> None:
    async def script(peer: Peer) -> None:
        await peer.reader.read(1)
        if reset:
            peer.reset()

    async with serving(script) as server:
        with pytest.raises(CannotConnect, match=r"^TLS with 127\.0\.0\.1:\d+ failed: .+\.$"):
            await get(f"https://127.0.0.1:{server.port}", limits=ClientLimits(max_connections=1))


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_the_default_authorities_are_openssls(variable: str, tmp_path: Path) -> None:
    file = tmp_path / "authority.pem"
    file.write_text(certificates.authority_pem(), encoding="ascii")
    program = (
        "from claude_code_proxy.http1.client.dial import default_tls; import ssl;"
        "paths = ssl.get_default_verify_paths(); context = default_tls();"
        "print(context.verify_mode.name, context.check_hostname, context.cert_store_stats()['x509_ca'],"
        " paths.cafile, paths.capath)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    environment |= {
        "SSL_CERT_FILE": "",
        "SSL_CERT_DIR": "",
        variable: str(file if variable.endswith("FILE") else tmp_path),
    }
    command = [sys.executable, "-c", program]
    printed = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split()
    if variable == "SSL_CERT_FILE":
        assert printed == ["CERT_REQUIRED", "True", "1", str(file), "None"]
    else:
        assert printed == ["CERT_REQUIRED", "True", "0", "None", str(tmp_path)]


# Proxies


def relaying(seen: list[bytes], answer: bytes = b"HTTP/1.1 200 Connection established\r\n\r\n") -> Script:
    """Serve as a web proxy that connects to any address on this machine."""

    async def script(peer: Peer) -> None:
        head = await peer.head()
        seen.append(head)
        await peer.send(answer)
        port = int(head.split()[1].rpartition(b":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        ways = [asyncio.create_task(pump(peer.reader, writer)), asyncio.create_task(pump(reader, peer.writer))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            writer.close()

    return script


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


async def test_a_proxy_is_asked_for_a_tunnel_to_a_tls_upstream() -> None:
    seen: list[bytes] = []
    async with serving(answering(OK), tls=certificates.server_context()) as server, serving(relaying(seen)) as relay:
        url = f"https://localhost:{server.port}"
        async with connected(url, proxy=f"http://us%65r:sk%2Fx@127.0.0.1:{relay.port}") as transport:
            for _ in range(2):
                assert await (await transport.request(b"GET", b"/")).read() == b"ok"
        endpoint = b"localhost:%d" % server.port
    assert seen == [
        b"CONNECT %b HTTP/1.1\r\nhost: %b\r\nproxy-authorization: Basic dXNlcjpzay94\r\n\r\n" % (endpoint, endpoint)
    ]


async def test_a_proxy_that_wants_no_password_gets_none() -> None:
    seen: list[bytes] = []
    async with serving(answering(OK), tls=certificates.server_context()) as server, serving(relaying(seen)) as relay:
        assert await get(server, proxy=relay.url) == b"ok"
    assert b"authorization" not in seen[0]


async def test_the_proxys_consent_may_come_in_pieces() -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        for byte in b"HTTP/1.0 200 \r\nx: y\r\n\r\n":
            await peer.send(bytes([byte]))
            await asyncio.sleep(0)
        assert (await peer.reader.read(3))[:1] == b"\x16"  # TLS begins

    async with serving(script) as relay:
        with pytest.raises(CannotConnect, match=r"TLS with 127\.0\.0\.1:9 \(by way of 127\.0\.0\.1:\d+\) failed"):
            await get("https://127.0.0.1:9", proxy=relay.url)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 2\r\n\r\nno", "407; set its user name"),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", "the proxy answered 403."),
        (b"HTTP/1.1 100 Continue\r\n\r\n", "the proxy answered 100."),
        (b"SSH-2.0-x\r\n\r\n", "did not answer in HTTP"),
        (b"HTTP/1.1 2000 OK\r\n\r\n", "did not answer in HTTP"),
        (b"HTTP/1.1 200 OK\r\n", "did not answer in HTTP"),
        (b"", "did not answer in HTTP"),
        (b"HTTP/1.1 200 OK\r\nx: " + b"y" * 20_000, "did not answer in HTTP"),
    ],
)
async def test_a_proxy_that_refuses(answer: bytes, words: str) -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(answer)

    async with serving(script) as relay:
        with pytest.raises(CannotConnect) as failure:
            await get("https://upstream.test", proxy=f"http://user:secret@127.0.0.1:{relay.port}")
    expected = f"Cannot connect to upstream.test:443 (by way of 127.0.0.1:{relay.port}): "
    assert failure.value.message.startswith(expected)
    assert words in failure.value.message
    assert "secret" not in failure.value.message


async def test_a_proxy_that_never_comes_to_an_end() -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(b"HTTP/1.1 200 OK\r\nx: " + b"y" * 20_000)
        await peer.gone()

    async with serving(script) as relay:
        with pytest.raises(CannotConnect, match="did not answer in HTTP"):
            await get("https://upstream.test", proxy=relay.url)


async def test_a_proxy_that_resets() -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        peer.reset()

    async with serving(script) as relay:
        with pytest.raises(CannotConnect, match="Connection reset by peer"):
            await get("https://upstream.test", proxy=relay.url)


async def test_a_proxy_that_is_not_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(CannotConnect, match=rf"Cannot connect to 127\.0\.0\.1:{port}: Connection refused"):
        await get("https://upstream.test", proxy=f"127.0.0.1:{port}")


async def test_the_tunnel_keeps_the_certificate_check() -> None:
    seen: list[bytes] = []
    context = certificates.server_context(certificates.ELSEWHERE)
    async with serving(answering(OK), tls=context) as server, serving(relaying(seen)) as relay:
        with pytest.raises(CannotConnect, match=r"The certificate of 127\.0\.0\.1 is not trusted"):
            await get(server, proxy=relay.url)


async def test_a_proxy_is_asked_for_plain_http_by_the_whole_url() -> None:
    seen: list[bytes] = []

    async def script(peer: Peer) -> None:
        for _ in range(2):
            seen.append(await peer.request())
            await peer.send(OK)
        await peer.gone()

    async with (
        serving(script) as relay,
        connected("http://up.test:81/base", proxy=f"http://u:p@127.0.0.1:{relay.port}") as transport,
    ):
        for _ in range(2):
            response = await transport.request(b"POST", b"/v1?a=b", headers=[(b"a", b"b")], body=b"x")
            assert await response.read() == b"ok"
    request = (
        b"POST http://up.test:81/base/v1?a=b HTTP/1.1\r\nhost: up.test:81\r\nproxy-authorization: Basic dTpw\r\n"
        b"a: b\r\ncontent-length: 1\r\n\r\nx"
    )
    assert seen == [request, request]


def test_a_route_is_named_without_secrets() -> None:
    origin = parse_origin("https://api.example/x")
    assert NetworkRoute(origin).name == "api.example:443"
    route = NetworkRoute(origin, proxy=parse_proxy("http://u:secret@p:1"))
    assert route.name == "api.example:443 (by way of p:1)"
    assert "secret" not in repr(route)
