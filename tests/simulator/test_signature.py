"""Seals: made here, known here, and broken by any change."""

from hypothesis import given
from hypothesis import strategies as st

from claude_code_proxy.simulator.signature import (
    BoundPrefix,
    SignedThinking,
    fingerprint,
    is_sealed_text,
    prefix_of_answer,
    seal,
    seal_text,
    unseal,
)
from tests.simulator.requests import CLOCK, WEATHER, Json, accept, assistant, make_request, text, user

SECRET = b"secret"
BOUND = SignedThinking("claude-opus-5-5", "rsp_1", fingerprint("thought"), "prefix", "previous")


def test_there_and_back() -> None:
    assert unseal(seal(BOUND, SECRET), SECRET) == BOUND
    assert unseal(seal(BOUND, SECRET), b"other") is None


@given(st.integers(0, 10_000), st.characters(codec="ascii"))
def test_any_change_breaks_it(at: int, put: str) -> None:
    whole = seal(BOUND, SECRET)
    at %= len(whole)
    changed = whole[:at] + put + whole[at + 1 :]
    assert unseal(changed, SECRET) == (BOUND if changed == whole else None)


@given(st.text())
def test_what_was_never_sealed(words: str) -> None:
    assert unseal(words, SECRET) is None
    assert not is_sealed_text(words, SECRET)
    assert is_sealed_text(seal_text(words, SECRET), SECRET)


def digest(body: Json) -> str:
    return prefix_of_answer(accept(body))[0]


def test_a_prefix_is_its_content_and_not_its_form() -> None:
    plain = digest(make_request("a", assistant("b"), "c", "d", system="s", tools=[WEATHER, CLOCK]))
    marked = text("s", cache_control={"type": "ephemeral"})
    assert plain == digest(
        make_request("a", assistant("b"), user(text("c"), text("d")), system=[marked], tools=[CLOCK, WEATHER])
    )
    assert plain != digest(make_request("a", assistant("b"), "c d", system="s", tools=[WEATHER, CLOCK]))


def test_roles_are_part_of_it() -> None:
    request = accept(make_request("a"))
    one, other = BoundPrefix(request), BoundPrefix(request)
    one.enter("user")
    other.enter("assistant")
    for prefix in (one, other):
        prefix.add(text("a"))
    assert one.digest() != other.digest()
