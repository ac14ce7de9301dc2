"""Where a request came from, and whom to believe about it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_code_proxy.http1.server.request import Request
from claude_code_proxy.server.access.peers import Peers


def origin(peer: str, forwarded: str | None = None, *trusted: str) -> str:
    headers = {} if forwarded is None else {b"x-forwarded-for": forwarded.encode()}
    return Peers(trusted).origin(Request("GET", "/", headers=headers, peer=peer))


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "address"),
    [
        ("203.0.113.9:5000", None, (), "203.0.113.9"),
        ("203.0.113.9:5000", "198.51.100.1", (), "203.0.113.9"),
        ("203.0.113.9:5000", "198.51.100.1", ("10.0.0.0/8",), "203.0.113.9"),
        ("10.1.2.3:5000", "198.51.100.1", ("10.0.0.0/8",), "198.51.100.1"),
        ("10.1.2.3:5000", None, ("10.0.0.0/8",), "10.1.2.3"),
        ("10.1.2.3:5000", "1.1.1.1, 198.51.100.1", ("10.0.0.0/8",), "198.51.100.1"),
        ("10.1.2.3:5000", "198.51.100.1,10.9.9.9", ("10.0.0.0/8",), "198.51.100.1"),
        ("10.1.2.3:5000", "1.1.1.1, nonsense, 10.9.9.9", ("10.0.0.0/8",), "10.9.9.9"),
        ("[2001:db8:1:2:3::4]:5000", None, (), "2001:db8:1:2::/64"),
        ("[::ffff:203.0.113.9]:5000", None, (), "203.0.113.9"),
        ("127.0.0.1:5000", "[2001:db8:1:2::9]", ("127.0.0.1",), "2001:db8:1:2::/64"),
        ("unix", None, (), "unix"),
        ("unix", "198.51.100.1", (), "unix"),
        ("unix", "198.51.100.1", ("unix",), "198.51.100.1"),
    ],
)
def test_whose_word_is_taken(peer: str, forwarded: str | None, trusted: tuple[str, ...], address: str) -> None:
    assert origin(peer, forwarded, *trusted) == address


@given(st.text(st.characters(max_codepoint=255, exclude_characters="\r\n")))
def test_whatever_stands_there_it_is_an_address(forwarded: str) -> None:
    headers = {b"x-forwarded-for": forwarded.encode("latin-1")}
    request = Request("GET", "/", headers=headers, peer="10.0.0.1:1")
    assert len(Peers(["10.0.0.0/8"]).origin(request)) <= 43
    assert Peers([]).origin(request) == "10.0.0.1"
