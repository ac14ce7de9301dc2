"""Each caller's key has an owner of its own, and a store that fails is an error of ours."""

import pytest

from claude_code_proxy.server.state_access import StateUnavailable, or_unavailable, owner_by_key
from claude_code_proxy.state.reply_store import StoreFailed


@pytest.mark.parametrize("name", [b"x-api-key", b"api-key"])
def test_an_owner_is_a_digest_of_the_key(name: bytes) -> None:
    assert owner_by_key({name: b"ada-key"}) == owner_by_key({b"authorization": b"Bearer ada-key"})
    assert owner_by_key({name: b"ada-key"}) != owner_by_key({name: b"bob-key"})
    assert "ada" not in owner_by_key({name: b"ada-key"})
    assert owner_by_key({}) == ""


async def test_a_store_that_fails_is_unavailable() -> None:
    async def fail() -> None:
        raise StoreFailed("it is locked")

    with pytest.raises(StateUnavailable, match="it is locked"):
        await or_unavailable(fail())
