"""URLs of settings: what they mean, what is refused, and when a proxy is gone around."""

import pytest

from claude_code_proxy.errors import Misconfigured
from claude_code_proxy.http1.client.address import Origin, Proxy, parse_origin, parse_proxy, proxy_for


@pytest.mark.parametrize(
    ("url", "origin", "authority", "endpoint"),
    [
        ("https://api.anthropic.com", Origin(True, "api.anthropic.com", 443), "api.anthropic.com", ":443"),
        ("http://LOCALHOST/", Origin(False, "localhost", 80), "localhost", ":80"),
        ("https://h:8443/a/b//", Origin(True, "h", 8443, "/a/b"), "h:8443", ""),
        ("http://h:443", Origin(False, "h", 443), "h:443", ""),
        ("https://[::1]", Origin(True, "::1", 443), "[::1]", ":443"),
        ("http://[fe80::2]:81/x", Origin(False, "fe80::2", 81, "/x"), "[fe80::2]:81", ""),
        (" https://bücher.example ", Origin(True, "xn--bcher-kva.example", 443), "xn--bcher-kva.example", ":443"),
    ],
)
def test_an_origin_is_read(url: str, origin: Origin, authority: str, endpoint: str) -> None:
    assert parse_origin(url) == origin
    assert origin.authority == authority
    assert origin.endpoint == authority + endpoint


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.anthropic.com",
        "ftp://h",
        "https://",
        "https://user:secret@h",
        "https://secret@h",
        "https://h?secret=1",
        "https://h#secret",
        "https://h:secret",
        "https://h:0",
        "https://h:99999",
        "https://a b/secret",
        "https://h/se cret",
        "https://[::1/secret",
        f"https://{'x' * 64}.example/secret",
    ],
)
def test_an_origin_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(Misconfigured) as refusal:
        parse_origin(url)
    assert refusal.value.message.startswith("The base URL ")
    assert "secret" not in refusal.value.message


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("http://proxy:3128", Proxy("proxy", 3128)),
        ("proxy:3128", Proxy("proxy", 3128)),
        ("http://proxy", Proxy("proxy", 80)),
        ("http://[::1]:3128/", Proxy("::1", 3128)),
        ("http://u:p@proxy:1", Proxy("proxy", 1, "Basic dTpw")),
        ("http://u%40x:p%3A%2F@proxy", Proxy("proxy", 80, "Basic dUB4OnA6Lw==")),
        ("http://u@proxy", Proxy("proxy", 80, "Basic dTo=")),
    ],
)
def test_a_proxy_is_read(url: str, proxy: Proxy) -> None:
    assert parse_proxy(url) == proxy


def test_a_proxy_does_not_show_its_password() -> None:
    proxy = parse_proxy("http://u:p@proxy:3128")
    assert "dTpw" not in repr(proxy)
    assert proxy.endpoint == "proxy:3128"
    assert parse_proxy("http://[::1]:3128").endpoint == "[::1]:3128"


@pytest.mark.parametrize("url", ["https://u:secret@proxy", "socks5://secret@proxy", "http://", "http://u:secret@:1"])
def test_a_proxy_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(Misconfigured) as refusal:
        parse_proxy(url)
    assert "secret" not in refusal.value.message


def test_a_refused_kind_of_proxy_is_named() -> None:
    with pytest.raises(Misconfigured, match=r"begin with http://, not socks5h://"):
        parse_proxy("socks5h://proxy")


def test_the_scheme_decides_which_proxy() -> None:
    secure, plain = parse_origin("https://h.example"), parse_origin("http://h.example")
    assert proxy_for(secure, https_proxy="s", http_proxy="p") == "s"
    assert proxy_for(plain, https_proxy="s", http_proxy="p") == "p"
    assert proxy_for(plain, https_proxy="s") is None
    assert proxy_for(secure, https_proxy="") is None


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "[::1]"])
def test_loopback_needs_no_proxy(host: str) -> None:
    assert proxy_for(parse_origin(f"http://{host}:9"), http_proxy="p") is None


@pytest.mark.parametrize(
    ("url", "no_proxy"),
    [
        ("https://api.anthropic.com", "*"),
        ("https://api.anthropic.com", "anthropic.com"),
        ("https://api.anthropic.com", "example.com, .anthropic.com"),
        ("https://api.anthropic.com", "example.com *.Anthropic.com"),
        ("https://api.anthropic.com", "api.anthropic.com"),
        ("https://api.anthropic.com.", "api.anthropic.com"),
        ("https://api.anthropic.com", "api.anthropic.com:443"),
        ("https://anthropic.com", ".anthropic.com"),
        ("http://10.1.2.3:8000", "10.0.0.0/8"),
        ("http://10.1.2.3:8000", "10.1.2.3"),
        ("http://10.1.2.3:8000", "10.1.2.3:8000"),
        ("http://[fd00::7]", "fd00::/8"),
        ("http://[fd00::7]", "fd00::7"),
        ("http://[fd00::7]", "[fd00::7]"),
        ("http://[fd00::7]:81", "[fd00::7]:81"),
        ("http://gateway", "gateway"),
    ],
)
def test_no_proxy_covers(url: str, no_proxy: str) -> None:
    assert proxy_for(parse_origin(url), https_proxy="p", http_proxy="p", no_proxy=no_proxy) is None


@pytest.mark.parametrize(
    ("url", "no_proxy"),
    [
        ("https://api.anthropic.com", ""),
        ("https://api.anthropic.com", " , ,"),
        ("https://api.anthropic.com", "."),
        ("https://api.anthropic.com", "pi.anthropic.com"),
        ("https://api.anthropic.com", "api.anthropic.com:8443"),
        ("https://notanthropic.com", "anthropic.com"),
        ("https://api.anthropic.com", "10.0.0.0/8"),
        ("http://11.1.2.3:8000", "10.0.0.0/8"),
        ("http://10.1.2.3:8000", "10.1.2.3:8001"),
        ("http://10.1.2.3", "2.3"),
        ("http://10.1.2.3", "fd00::/8"),
        ("http://[fd00::7]", "[fd00::7]:81"),
    ],
)
def test_no_proxy_does_not_cover(url: str, no_proxy: str) -> None:
    assert proxy_for(parse_origin(url), https_proxy="p", http_proxy="p", no_proxy=no_proxy) == "p"
