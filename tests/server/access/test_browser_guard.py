"""Which web pages may use a proxy without an API key: none that the owner did not name, and whatever is no web page."""

import json

import pytest

from claude_code_proxy.secret import Secret
from claude_code_proxy.server.access.browser_guard import BrowserGuard, Forbidden
from tests.server.running import ASKED, CHAT, KEY, Client, Reply, Running, running
from tests.server.scripted_upstream import ScriptedUpstream

HERE = b"127.0.0.1:8080"
EVIL = "https://evil.example"
BAD_HOSTS = [
    "x y",
    "evil.example/.localhost",
    "evil.example#.localhost",
    "localhost:evil.example",
    "[evil.example]",
    "[::1].evil",
]


def check(pages: BrowserGuard, origin: str | None = None, host: bytes = HERE) -> None:
    pages.check({b"host": host} | ({} if origin is None else {b"origin": origin.encode()}))


class TestOrigins:
    @pytest.mark.parametrize("loopback_only", [True, False])
    @pytest.mark.parametrize(
        "origin",
        [
            EVIL,
            "http://evil.example:8080",
            "HTTPS://EVIL.example",
            "http://localhost.evil.example",
            "http://127.0.0.1.evil.example",
            "http://192.168.1.7",
            "http://[fe80::1]:8080",
            "http://evil.example/.localhost",
            "http://evil.example#.localhost",
            "http://localhost:evil.example",
            "http://[evil.example]",
            "http://[::1].evil",
            "http://127.evil",
            "null",  # any page can make one: a frame in a sandbox
        ],
    )
    def test_a_foreign_page_is_refused_with_what_to_set(self, origin: str, *, loopback_only: bool) -> None:
        with pytest.raises(Forbidden) as caught:
            check(BrowserGuard([], loopback_only=loopback_only), origin)
        error = caught.value
        assert (error.status, error.kind, error.code) == (403, "permission_error", "forbidden_origin")
        assert origin.lower() in error.message
        assert "CORS_ORIGINS" in error.message
        assert "PROXY_API_KEY" in error.message

    @pytest.mark.parametrize(
        "origin",
        [
            "vscode-webview://1a2b3c",
            "vscode-file://vscode-app",
            "app://obsidian.md",
            "file://",
            "tauri://localhost",
            "http://tauri.localhost",
            "chrome-extension://abcdef",
            "moz-extension://abcdef",
        ],
    )
    def test_editors_apps_and_extensions_are_no_web_pages(self, origin: str) -> None:
        check(BrowserGuard([], loopback_only=True), origin)

    @pytest.mark.parametrize(
        "origin",
        [
            "http://127.0.0.1:8080",
            "http://localhost:5173",
            "https://localhost",
            "http://[::1]:3000",
            "http://127.9.9.9",
        ],
    )
    def test_pages_of_this_machine_may(self, origin: str) -> None:
        check(BrowserGuard([], loopback_only=True), origin)

    def test_pages_of_its_own_address_may(self) -> None:
        pages = BrowserGuard([], loopback_only=False)
        check(pages, "http://192.168.1.5:8080", b"192.168.1.5:8080")
        check(pages, "http://Proxy:8080", b"proxy:8080")
        with pytest.raises(Forbidden):
            check(pages, "http://192.168.1.5:3000", b"192.168.1.5:8080")

    def test_a_name_of_its_own_does_not_make_a_page_the_proxys(self) -> None:
        with pytest.raises(Forbidden, match="evil"):
            check(BrowserGuard([], loopback_only=False), "http://evil.example:8080", b"evil.example:8080")

    def test_those_that_are_named_may(self) -> None:
        pages = BrowserGuard(["https://Chat.example/", "null"], loopback_only=True)
        check(pages, "https://chat.example")
        check(pages, "null")
        for other in ("http://chat.example", "https://chat.example:8443", EVIL):
            with pytest.raises(Forbidden):
                check(pages, other)

    def test_a_star_is_everybody(self) -> None:
        check(BrowserGuard(["*"], loopback_only=True), EVIL, b"evil.example")

    def test_what_a_page_is_called_is_shown_cleaned_and_cut(self) -> None:
        with pytest.raises(Forbidden) as caught:
            BrowserGuard([], loopback_only=True).check({b"origin": b"http://\x1b[2J\xff" + b"x" * 5000})
        assert caught.value.message.isascii()
        assert caught.value.message.isprintable()
        assert len(caught.value.message) < 700


class TestHosts:
    @pytest.mark.parametrize(
        "host",
        [
            b"evil.example",
            b"evil.example:8080",
            b"EVIL.EXAMPLE.",
            b"localhost.evil.example",
            b"127.0.0.1.evil.example",
            b"router.local",
            b"evil.example/.localhost",
            b"evil.example#.localhost",
            b"localhost:evil.example",
            b"[evil.example]",
            b"[::1].evil",
            b"127.evil",
            b"evil.127",
        ],
    )
    def test_on_this_machine_alone_other_names_are_refused(self, host: bytes) -> None:
        pages = BrowserGuard([], loopback_only=True)
        for _ in range(2):
            with pytest.raises(Forbidden, match="PROXY_API_KEY") as caught:
                check(pages, host=host)
            assert (caught.value.status, caught.value.code) == (403, "forbidden_host")
        check(BrowserGuard([], loopback_only=False), host=host)

    @pytest.mark.parametrize(
        "host",
        [
            b"localhost",
            b"LOCALHOST:8080",
            b"localhost.:8080",
            b"127.0.0.1:8080",
            b"127.1",
            b"[::1]:8080",
            b"192.168.1.5:8080",
            b"[fe80::1]",
            b"proxy:8080",  # of a container, or of /etc/hosts
            b"api.localhost:8080",
            b"host.docker.internal:8080",
            b"proxy.test",
            b"",
        ],
    )
    def test_names_that_no_stranger_can_point_here(self, host: bytes) -> None:
        check(BrowserGuard([], loopback_only=True), host=host)

    def test_a_host_that_was_right_does_not_open_the_door_to_others(self) -> None:
        pages = BrowserGuard([], loopback_only=True)
        check(pages)
        check(pages)
        with pytest.raises(Forbidden):
            check(pages, host=b"evil.example")
        with pytest.raises(Forbidden):
            check(pages, EVIL)

    def test_a_name_that_the_owner_gave(self) -> None:
        check(BrowserGuard(["https://claude.example.com"], loopback_only=True), host=b"claude.example.com:8080")

    def test_http_1_0_may_have_none(self) -> None:
        BrowserGuard([], loopback_only=True).check({})


async def simple_post(proxy: Running, host: str, *, path: str = CHAT, **headers: str) -> Reply:
    """As a browser sends it for any page without asking first."""
    async with proxy.client() as client:
        return await _simple_post(client, host, path, headers)


async def _simple_post(client: Client, host: str, path: str, headers: dict[str, str]) -> Reply:
    body = json.dumps(ASKED).encode()
    fields = {"host": host, "content-type": "text/plain;charset=UTF-8", "content-length": str(len(body)), **headers}
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
    await client.send("\r\n".join(lines).encode() + body)
    return await client.reply()


@pytest.mark.parametrize("path", [CHAT, "/v1/completions", "/v1/translate", "//v1/chat/completions/"])
@pytest.mark.parametrize(
    ("host", "headers"),
    [
        ("evil.example", {"origin": "http://evil.example"}),
        ("127.0.0.1:8080", {"origin": EVIL}),
        ("127.0.0.1:8080", {"origin": "null"}),
        ("evil.example:8080", {}),
    ],
)
async def test_a_web_page_cannot_spend_the_owners_money(
    upstream: ScriptedUpstream, path: str, host: str, headers: dict[str, str]
) -> None:
    async with running(upstream.url) as proxy:
        reply = await simple_post(proxy, host, path=path, **headers)
        record = await proxy.record()
    assert (reply.status, reply.error["type"]) == (403, "permission_error")
    assert not upstream.calls
    assert not [name for name in reply.headers if name.startswith("access-control")]
    assert (record.status, record.error_kind) == (403, "permission_error")


@pytest.mark.parametrize("host", BAD_HOSTS)
async def test_a_host_that_is_none_is_a_bad_request(upstream: ScriptedUpstream, host: str) -> None:
    async with running(upstream.url) as proxy:
        reply = await simple_post(proxy, host)
    assert (reply.status, reply.error["type"]) == (400, "invalid_request_error")
    assert not upstream.calls


async def get_as(proxy: Running, host: str, path: str) -> int:
    """Return the status of a read by a page whose host name points at this machine; no Origin is sent."""
    async with proxy.client() as client:
        await client.send(f"GET {path} HTTP/1.1\r\nhost: {host}\r\n\r\n".encode())
        return (await client.reply()).status


async def test_it_cannot_read_models_or_metrics_either_but_health_stays_open(upstream: ScriptedUpstream) -> None:
    rebound = "evil.example:8080"
    async with running(upstream.url) as proxy:
        for path in ("/v1/models", "/", "/metrics", "/v1/metrics", "//metrics/"):
            assert (await proxy.get(path, headers={"origin": EVIL})).status == 403
            assert await get_as(proxy, rebound, path) == 403
        for path in ("/health", "/health/ready"):
            assert (await proxy.get(path, headers={"origin": EVIL})).status == 200
            assert await get_as(proxy, rebound, path) == 200
        assert await get_as(proxy, "localhost:8080", "/metrics") == 200


async def test_with_a_key_or_a_named_host_the_metrics_are_open_to_who_scrapes_them(upstream: ScriptedUpstream) -> None:
    public = "claude.example"
    async with running(upstream.url, proxy_api_key=(Secret(KEY),)) as proxy:
        assert await get_as(proxy, public, "/metrics") == 200
    async with running(upstream.url, cors_origins=(f"https://{public}",)) as proxy:
        assert await get_as(proxy, public, "/metrics") == 200


async def test_a_page_that_is_allowed_or_shows_a_key_is_served(upstream: ScriptedUpstream) -> None:
    async with running(upstream.url, cors_origins=(EVIL,)) as proxy:
        assert (await simple_post(proxy, "127.0.0.1", origin=EVIL)).status == 200
    async with running(upstream.url, proxy_api_key=(Secret(KEY),)) as proxy:
        assert (await simple_post(proxy, "evil.example", origin=EVIL, authorization=f"Bearer {KEY}")).status == 200


async def test_an_editor_is_served(upstream: ScriptedUpstream) -> None:
    async with running(upstream.url) as proxy:
        assert (await simple_post(proxy, "localhost:8080", origin="vscode-webview://1a2b")).status == 200
