"""Fields that mean the same in every OpenAI-shaped request."""

import hashlib
from typing import TYPE_CHECKING, Any

import pytest

from claude_code_proxy.endpoints.openai.request import check_range, to_max_tokens, to_metadata, to_stop_sequences
from claude_code_proxy.errors import InvalidRequest

if TYPE_CHECKING:
    from claude_code_proxy.adjustment import Adjustment


@pytest.mark.parametrize("value", [None, 0, 0.5, 2])
def test_a_value_in_its_range(value: float | None) -> None:
    check_range("temperature", value, least=0, most=2)


@pytest.mark.parametrize("value", [-0.1, 2.1, float("inf")])
def test_a_value_out_of_its_range(value: float) -> None:
    with pytest.raises(InvalidRequest, match="'temperature' must be 0 to 2") as caught:
        check_range("temperature", value, least=0, most=2)
    assert caught.value.param == "temperature"


@pytest.mark.parametrize(("value", "expected"), [(None, 0), (0, 0), (7, 7), (10**30, 2**53)])
def test_a_limit_or_none(value: int | None, expected: int) -> None:
    notes: list[Adjustment] = []
    assert to_max_tokens("max_tokens", value, notes=notes) == expected
    assert notes == []


def test_minus_one_is_no_limit() -> None:
    notes: list[Adjustment] = []
    assert to_max_tokens("max_tokens", -1, notes=notes) == 0
    assert [(note.path, note.action, note.changes_meaning) for note in notes] == [("max_tokens", "mapped", False)]


@pytest.mark.parametrize("value", [-2, -100, -(10**30)])
def test_a_limit_below_nothing(value: int) -> None:
    with pytest.raises(InvalidRequest, match=f"got {value} instead") as caught:
        to_max_tokens("max_tokens", value, notes=[])
    assert (caught.value.param, caught.value.code) == ("max_tokens", "integer_below_min_value")


@pytest.mark.parametrize(
    ("stop", "expected", "told"),
    [
        (None, (), False),
        ([], (), False),
        ("", (), True),
        ([""], (), True),
        ("a", ("a",), False),
        (["b", "", "a", "b", " "], ("b", "a", " "), True),
    ],
)
def test_stop_sequences(stop: Any, expected: tuple[str, ...], *, told: bool) -> None:
    notes: list[Adjustment] = []
    assert to_stop_sequences(stop, notes=notes) == expected
    assert [(note.path, note.action) for note in notes] == [("stop", "ignored")] * told


def test_people_are_hashed() -> None:
    metadata = to_metadata("ada@example.com")
    assert metadata is not None
    assert metadata.user_id == hashlib.sha256(b"ada@example.com").hexdigest()
    assert to_metadata("") is to_metadata(None) is None
