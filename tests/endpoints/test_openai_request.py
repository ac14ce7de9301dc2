"""Fields that mean the same in every OpenAI-shaped request."""

import hashlib
from typing import Any

import pytest

from claude_code_proxy.endpoints.openai_request import check_range, to_max_tokens, to_metadata, to_stop_sequences
from claude_code_proxy.errors import InvalidRequest


@pytest.mark.parametrize("value", [None, 0, 0.5, 2])
def test_a_value_in_its_range(value: float | None) -> None:
    check_range("temperature", value, least=0, most=2)


@pytest.mark.parametrize("value", [-0.1, 2.1, float("inf")])
def test_a_value_out_of_its_range(value: float) -> None:
    with pytest.raises(InvalidRequest, match="'temperature' must be 0 to 2") as caught:
        check_range("temperature", value, least=0, most=2)
    assert caught.value.param == "temperature"


@pytest.mark.parametrize(("value", "expected"), [(None, 0), (0, 0), (-1, 0), (7, 7), (10**30, 2**53)])
def test_a_limit_or_none(value: int | None, expected: int) -> None:
    assert to_max_tokens("max_tokens", value) == expected


def test_a_limit_below_nothing() -> None:
    with pytest.raises(InvalidRequest) as caught:
        to_max_tokens("max_tokens", -2)
    assert caught.value.param == "max_tokens"


@pytest.mark.parametrize(
    ("stop", "expected"),
    [(None, ()), ("", ()), ([], ()), ("a", ("a",)), (["b", "", "a", "b", " "], ("b", "a", " "))],
)
def test_stop_sequences(stop: Any, expected: tuple[str, ...]) -> None:
    assert to_stop_sequences(stop) == expected


def test_people_are_hashed() -> None:
    metadata = to_metadata("ada@example.com")
    assert metadata is not None
    assert metadata.user_id == hashlib.sha256(b"ada@example.com").hexdigest()
    assert to_metadata("") is to_metadata(None) is None
