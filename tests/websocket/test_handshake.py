"""The handshake: what is accepted, and what is refused with words."""

import pytest

from claude_code_proxy.websocket.handshake import shake_hands

OFFER = {
    b"host": b"proxy",
    b"connection": b"Upgrade",
    b"upgrade": b"websocket",
    b"sec-websocket-version": b"13",
    b"sec-websocket-key": b"dGhlIHNhbXBsZSBub25jZQ==",
}


def test_an_upgrade_is_accepted() -> None:
    shaken = shake_hands("/v1/responses", OFFER.items(), most_bytes=1000)
    assert shaken.status == 101
    assert dict(shaken.headers)[b"sec-websocket-accept"] == b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="  # RFC 6455, 1.3
    assert shaken.protocol.extensions == []


def test_compression_is_agreed_on_where_it_is_offered() -> None:
    shaken = shake_hands("/", (OFFER | {b"sec-websocket-extensions": b"permessage-deflate"}).items(), most_bytes=1000)
    assert dict(shaken.headers)[b"sec-websocket-extensions"].startswith(b"permessage-deflate")
    assert len(shaken.protocol.extensions) == 1


@pytest.mark.parametrize(
    "change",
    [
        {b"sec-websocket-version": b"8"},
        {b"sec-websocket-key": b"short"},
        {b"upgrade": b"h2c"},
        {b"connection": b"close"},
    ],
)
def test_a_bad_offer_is_refused(change: dict[bytes, bytes]) -> None:
    shaken = shake_hands("/", (OFFER | change).items(), most_bytes=1000)
    assert shaken.status in {400, 426}
    assert shaken.reason
