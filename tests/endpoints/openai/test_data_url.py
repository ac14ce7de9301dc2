"""`data:` URLs and the base64 in them."""

import base64

import pytest

from claude_code_proxy.endpoints.openai.data_url import DataUrl, decode_base64, split_data_url
from claude_code_proxy.errors import InvalidRequest


@pytest.mark.parametrize(
    ("url", "media_type", "content"),
    [
        ("data:image/png;base64,aGk=", "image/png", b"hi"),
        ("DATA:Image/PNG;BASE64,aGk=", "image/png", b"hi"),
        ("data:text/plain;charset=utf-8;base64,aGk=", "text/plain", b"hi"),
        ("data:text/plain; base64,aGk=", "text/plain", b"hi"),
        ("data:;base64,aGk=", "", b"hi"),
        ("data:,hi%20there", "", b"hi there"),
        ("data:text/plain;charset=utf-8,a,b", "text/plain", b"a,b"),
        ("data:text/plain,", "text/plain", b""),
    ],
)
def test_the_parts_of_a_data_url(url: str, media_type: str, content: bytes) -> None:
    found = split_data_url(url, "url")
    assert (found.media_type, found.payload) == (media_type, base64.b64encode(content).decode())


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("data:image/png;base64,aGk%3D", DataUrl("image/png", "", "aGk=")),
        ("data:image%2Fpng;base64,a%2B%2Fk%3d", DataUrl("image/png", "", "a+/k=")),
        ("data:text/csv;charset=Windows-1251;base64,aGk=", DataUrl("text/csv", "windows-1251", "aGk=")),
        ('data:text/csv; charset="UTF-16"; base64,aGk=', DataUrl("text/csv", "utf-16", "aGk=")),
        ("data:text/csv;base64;charset=latin1,aGk=", DataUrl("text/csv", "latin1", "aGk=")),
        ("data:text/plain;charset=iso-8859-1,%E9", DataUrl("text/plain", "iso-8859-1", "6Q==")),
    ],
)
def test_charsets_and_percent_escapes(url: str, expected: DataUrl) -> None:
    assert split_data_url(url, "url") == expected


def test_a_data_url_without_a_comma() -> None:
    with pytest.raises(InvalidRequest, match="no comma") as caught:
        split_data_url("data:image/png;base64", "the.url")
    assert caught.value.param == "the.url"


@pytest.mark.parametrize("payload", ["aGkh", "aG\nkh", " aGkh ", "aGk", "aGk="])
def test_line_breaks_and_padding_are_forgiven(payload: str) -> None:
    assert decode_base64(payload, "data").startswith(b"hi")


@pytest.mark.parametrize("payload", ["a", "aGk!", "%%%%", "äöü=", "aGk-", "https://example.com/a.pdf"])
def test_what_is_no_base64_is_the_callers_mistake(payload: str) -> None:
    with pytest.raises(InvalidRequest, match="not valid base64") as caught:
        decode_base64(payload, "the.data")
    assert caught.value.param == "the.data"
