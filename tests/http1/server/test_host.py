"""The Host header: what it may be, and that everything else is refused rather than taken for another host."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_code_proxy.http1.server.host import Host, parse_host


@pytest.mark.parametrize(
    ("value", "host"),
    [
        (b"localhost", Host("localhost")),
        (b"LOCALHOST:8080", Host("localhost", 8080)),
        (b"Api.Example.com.:443", Host("api.example.com", 443)),
        (b"my_service-1:80", Host("my_service-1", 80)),
        (b"proxy:", Host("proxy")),
        (b"127.0.0.1:1", Host("127.0.0.1", 1, ip_address("127.0.0.1"))),
        (b"127.1", Host("127.1", None, ip_address("127.0.0.1"))),
        (b"0x7f.0.0.1", Host("0x7f.0.0.1", None, ip_address("127.0.0.1"))),
        (b"2130706433", Host("2130706433", None, ip_address("127.0.0.1"))),
        (b"[::1]:8080", Host("::1", 8080, ip_address("::1"))),
        (b"[0:0::1]", Host("::1", None, ip_address("::1"))),
        (b"[::ffff:127.0.0.1]", Host("::ffff:7f00:1", None, ip_address("::ffff:127.0.0.1"))),
        (b"3com.example", Host("3com.example")),
    ],
)
def test_a_host_and_its_port(value: bytes, host: Host) -> None:
    assert parse_host(value) == host


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"x y",
        b"x, y",
        b"x\ty",
        b"user@localhost",
        b"evil.example/.localhost",
        b"evil.example#.localhost",
        b"evil.example?.localhost",
        b"evil.example\\.localhost",
        b"evil.example;.localhost",
        b"evil.example%2f.localhost",
        b"localhost:evil.example",
        b"localhost:80:80",
        b"localhost:65536",
        b"localhost:123456",
        b"localhost:+80",
        b"[evil.example]",
        b"[::1].evil",
        b"[::1]evil",
        b"[::1]:evil",
        b"[::1",
        b"::1",
        b"[]",
        b"[127.0.0.1]",
        b"[::1%25lo]",
        b".localhost",
        b"a..localhost",
        b"evil.example.127",
        b"127.0.0.256",
        b"1.2.3.4.5",
        b"local\xffhost",
        b"a." * 130 + b"localhost",
    ],
)
def test_whatever_else_is_refused(value: bytes) -> None:
    for _ in range(2):
        with pytest.raises(ValueError, match=r"."):
            parse_host(value)


@given(st.text("localhst127.:[]/#@ x\xe9", max_size=12))
def test_what_is_taken_holds_nothing_that_could_end_a_host(text: str) -> None:
    value = text.encode("latin-1")
    try:
        host = parse_host(value)
    except ValueError:
        return
    assert not set(host.name) & set("/#@[] ?\\")
    assert host.name in value.decode().lower() or host.address is not None
