"""The caller's key: each place it may stand in."""

import pytest

from claude_code_proxy.errors import Unauthenticated
from claude_code_proxy.secret import Secret
from claude_code_proxy.server.access.api_keys import ApiKeys, keys_in
from claude_code_proxy.server.access.browser_guard import BrowserGuard, Forbidden

PAGES = BrowserGuard([], loopback_only=True)
KEYS = ApiKeys([Secret("first-key"), Secret("second-key")], PAGES)


@pytest.mark.parametrize(
    "headers",
    [
        {b"authorization": b"Bearer first-key"},
        {b"authorization": b"bearer second-key"},
        {b"authorization": b"BEARER   first-key  "},
        {b"x-api-key": b"second-key"},
        {b"api-key": b"first-key"},
        {b"authorization": b"Bearer wrong", b"x-api-key": b"first-key"},
        {b"authorization": b"Basic Zmlyc3Qta2V5", b"api-key": b"first-key"},
    ],
)
def test_the_right_key(headers: dict[bytes, bytes]) -> None:
    KEYS.check(headers)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {b"authorization": b""},
        {b"authorization": b"Bearer"},
        {b"authorization": b"Bearer "},
        {b"x-api-key": b""},
    ],
)
def test_no_key(headers: dict[bytes, bytes]) -> None:
    with pytest.raises(Unauthenticated, match="asks for an API key") as caught:
        KEYS.check(headers)
    assert caught.value.code == "invalid_api_key"


@pytest.mark.parametrize(
    "headers",
    [
        {b"authorization": b"Bearer first-ke"},
        {b"authorization": b"Bearer first-key2"},
        {b"authorization": b"Bearer FIRST-KEY"},
        {b"authorization": b"Bearer first-key, Bearer second-key"},
        {b"x-api-key": b"\xff\xfe"},
        {b"api-key": b"first-key second-key"},
    ],
)
def test_a_wrong_key(headers: dict[bytes, bytes]) -> None:
    with pytest.raises(Unauthenticated, match="Incorrect API key") as caught:
        KEYS.check(headers)
    assert "key2" not in caught.value.message


def test_without_keys_all_are_served() -> None:
    ApiKeys([], PAGES).check({})
    ApiKeys([], PAGES).check({b"authorization": b"Bearer anything"})


def test_a_web_page_needs_the_key_and_without_keys_a_leave() -> None:
    page = {b"host": b"127.0.0.1:8080", b"origin": b"https://evil.example"}
    KEYS.check({**page, b"authorization": b"Bearer first-key"})
    with pytest.raises(Forbidden):
        ApiKeys([], PAGES).check(page)


@pytest.mark.parametrize(
    ("offered", "shown"),
    [
        (b"realtime, openai-insecure-api-key.first-key", [b"first-key"]),
        (b"openai-insecure-api-key.first-key,openai-insecure-api-key.x", [b"first-key", b"x"]),
        (b"openai-insecure-api-key.", []),
        (b"realtime", []),
    ],
)
def test_a_web_socket_may_show_its_key_as_a_protocol(offered: bytes, shown: list[bytes]) -> None:
    assert keys_in({b"sec-websocket-protocol": offered}) == shown


def test_new_keys_hold_from_now_on() -> None:
    keys = ApiKeys([Secret("old-key")], PAGES)
    keys.use([Secret("new-key")])
    assert keys.check({b"x-api-key": b"new-key"})
    with pytest.raises(Unauthenticated):
        keys.check({b"x-api-key": b"old-key"})


def test_without_a_key_a_page_is_checked_and_with_one_it_is_asked_for_nothing_here() -> None:
    page = {b"host": b"127.0.0.1:8080", b"origin": b"https://evil.example"}
    KEYS.check_page(page)
    with pytest.raises(Forbidden):
        ApiKeys([], PAGES).check_page(page)
