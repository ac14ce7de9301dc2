"""What a browser is told, and that it is told nothing unless the owner said so."""

import pytest

from claude_code_proxy.http1.server.request import Request
from claude_code_proxy.server.access.cors import Cors
from tests.server.running import running
from tests.server.scripted_upstream import STREAM_HEAD, ScriptedUpstream, breaking_off, refusal

PAGE = "https://chat.example"
ALLOWED = "access-control-allow-origin"


def asking(origin: str = PAGE, **headers: str) -> Request:
    request_headers = {b"origin": origin.encode(), b"access-control-request-method": b"POST"}
    request_headers |= {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
    return Request("OPTIONS", "/v1/chat/completions", headers=request_headers)


def test_an_origin_of_the_list_is_told_its_own_name() -> None:
    cors = Cors(["https://other.example", "https://Chat.example/"])
    headers = dict(cors.headers(asking()))
    assert headers[b"access-control-allow-origin"] == PAGE.encode()
    assert headers[b"vary"] == b"origin"
    assert headers[b"access-control-expose-headers"] == b"*"


@pytest.mark.parametrize("origin", ["https://evil.example", "https://chat.example.evil", "http://chat.example", "null"])
def test_another_origin_is_told_nothing(origin: str) -> None:
    cors = Cors([PAGE])
    assert dict(cors.headers(asking(origin))) == {b"vary": b"origin"}
    preflight = cors.preflight(asking(origin))
    assert preflight is not None
    assert b"access-control-allow-origin" not in dict(preflight)


def test_a_star_is_everybody() -> None:
    assert dict(Cors(["*"]).headers(Request("GET", "/v1/models")))[b"access-control-allow-origin"] == b"*"


def test_the_preflight_allows_what_is_asked_for() -> None:
    preflight = Cors([PAGE]).preflight(asking(access_control_request_headers="authorization,x-stainless-os"))
    assert preflight is not None
    headers = dict(preflight)
    assert headers[b"access-control-allow-headers"] == b"authorization,x-stainless-os"
    assert headers[b"access-control-allow-methods"] == b"GET, HEAD, POST"
    assert b"access-control-allow-private-network" not in headers


def test_a_page_from_outside_may_ask_for_the_private_network() -> None:
    preflight = Cors([PAGE]).preflight(asking(access_control_request_private_network="true"))
    assert preflight is not None
    assert dict(preflight)[b"access-control-allow-private-network"] == b"true"


LOCAL_PAGES = ["http://localhost:3000", "https://127.0.0.1:5173", "http://[::1]", "http://app.localhost:8000"]
OTHER_PAGES = ["https://evil.example", "http://localhost.evil.example", "http://192.168.1.5:3000", "null", "file://"]


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/models", "/health"])
@pytest.mark.parametrize(("origin", "allowed"), [(page, page in LOCAL_PAGES) for page in LOCAL_PAGES + OTHER_PAGES])
def test_on_a_loopback_address_the_pages_of_this_machine_may_call(path: str, origin: str, allowed: bool) -> None:
    cors = Cors([], local_pages=True)
    request = Request("OPTIONS", path, headers={**asking(origin).headers, b"host": b"localhost:8080"})
    shown = dict(cors.headers(request)).get(ALLOWED.encode())
    assert shown == (origin.encode() if allowed else None)
    assert (cors.preflight(request) is not None) is allowed
    assert Cors([]).preflight(request) is None


def test_a_name_that_a_stranger_pointed_here_is_answered_to_no_page() -> None:
    cors = Cors([], local_pages=True)
    request = Request("GET", "/v1/models", headers={b"origin": b"http://localhost:3000", b"host": b"evil.example:8080"})
    assert dict(cors.headers(request)) == {b"vary": b"origin"}


@pytest.mark.parametrize("cors", [Cors([], local_pages=True), Cors(["*"]), Cors(["http://localhost:3000"])])
@pytest.mark.parametrize(
    "path",
    ["/metrics", "/v1/metrics", "//api/v1//metrics/", "/admin", "/admin/keys", "/dashboard/", "/v1/organization/x"],
)
def test_what_is_the_owners_alone_is_shown_to_no_page(cors: Cors, path: str) -> None:
    request = Request("OPTIONS", path, headers={**asking("http://localhost:3000").headers, b"host": b"localhost:8080"})
    assert ALLOWED.encode() not in dict(cors.headers(request))
    assert cors.preflight(request) is None


@pytest.mark.parametrize(
    "request_",
    [
        Request("POST", "/", headers={b"origin": b"x", b"access-control-request-method": b"POST"}),
        Request("OPTIONS", "/", headers={b"origin": b"x"}),
        Request("OPTIONS", "/", headers={b"access-control-request-method": b"POST"}),
    ],
)
def test_other_requests_are_no_preflight(request_: Request) -> None:
    assert Cors(["*"]).preflight(request_) is None


async def test_every_reply_carries_the_headers(upstream: ScriptedUpstream) -> None:
    origin = {"origin": PAGE}
    async with running(upstream.url, cors_origins=(PAGE,)) as proxy:
        replies = [await proxy.ask(headers=origin), await proxy.ask(headers=origin, stream=True)]
        upstream.answers(refusal(400, "invalid_request_error", "no"))
        replies += [await proxy.ask(headers=origin), await proxy.ask(headers=origin, messages=[])]
        upstream.answers(breaking_off(STREAM_HEAD))
        replies += [
            await proxy.get("/v1/models", headers=origin),
            await proxy.get("/v1/models/nobody", headers=origin),
            await proxy.get("/nowhere", headers=origin),
            await proxy.get("/health", headers=origin),
        ]
    assert [reply.status for reply in replies] == [200, 200, 400, 400, 200, 404, 404, 200]
    assert {reply.headers[ALLOWED] for reply in replies} == {PAGE}
    assert {reply.headers["vary"] for reply in replies} == {"origin"}


async def test_a_preflight_needs_no_key_and_what_follows_does(upstream: ScriptedUpstream) -> None:
    from claude_code_proxy.secret import Secret

    preflight = {"origin": PAGE, "access-control-request-method": "POST"}
    async with running(upstream.url, cors_origins=("*",), proxy_api_key=(Secret("key"),)) as proxy:
        reply = await proxy.get("/v1/chat/completions", method="OPTIONS", headers=preflight)
        assert (reply.status, reply.body, reply.headers[ALLOWED]) == (204, b"", "*")
        refused = await proxy.ask(headers={"origin": PAGE})
        assert (refused.status, refused.headers[ALLOWED]) == (401, "*")
        assert (await proxy.ask(headers={"origin": PAGE, "authorization": "Bearer key"})).status == 200


async def test_it_is_off_unless_set(upstream: ScriptedUpstream) -> None:
    preflight = {"origin": PAGE, "access-control-request-method": "POST"}
    async with running(upstream.url) as proxy:
        reply = await proxy.get("/v1/chat/completions", method="OPTIONS", headers=preflight)
        assert reply.status == 403
        assert not [name for name in (await proxy.ask(headers=preflight)).headers if name.startswith("access-control")]


async def test_a_page_of_this_machine_needs_no_setting(upstream: ScriptedUpstream) -> None:
    page = {"origin": "http://localhost:3000"}
    preflight = {**page, "access-control-request-method": "POST"}
    async with running(upstream.url) as proxy:
        reply = await proxy.get("/v1/chat/completions", method="OPTIONS", headers=preflight)
        assert (reply.status, reply.headers[ALLOWED]) == (204, page["origin"])
        whole, streamed = await proxy.ask(headers=page), await proxy.ask(headers=page, stream=True)
        for answer in (whole, streamed, await proxy.get("/v1/models", headers=page)):
            assert (answer.status, answer.headers[ALLOWED]) == (200, page["origin"])
        shown = await proxy.get("/metrics", headers=page)
        assert ALLOWED not in shown.headers
        assert (await proxy.get("/metrics", method="OPTIONS", headers=preflight)).status == 405
        assert not [name for name in (await proxy.ask()).headers if name in {"vary", ALLOWED}]


async def test_on_another_address_a_page_of_this_machine_is_one_like_any_other(upstream: ScriptedUpstream) -> None:
    page = {"origin": "http://localhost:3000", "access-control-request-method": "POST"}
    async with running(upstream.url, host="0.0.0.0") as proxy:
        reply = await proxy.get("/v1/chat/completions", method="OPTIONS", headers=page)
        assert (reply.status, ALLOWED in reply.headers) == (405, False)
