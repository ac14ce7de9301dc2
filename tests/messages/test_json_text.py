"""JSON text that needs a second look."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from claude_code_proxy.messages.json_text import is_given, mend_surrogates


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        (rb'"\ud83d\ude00"', rb'"\ud83d\ude00"'),
        (rb'"\uD83D\uDE00"', rb'"\uD83D\uDE00"'),
        (rb'"\ud83d"', rb'"\ufffd"'),
        (rb'"\uD83D"', rb'"\ufffd"'),
        (rb'"\ude00 x"', rb'"\ufffd x"'),
        (rb'"\ude00\ud83d"', rb'"\ufffd\ufffd"'),
        (rb'"\ud83d\ud83d\ude00"', rb'"\ufffd\ud83d\ude00"'),
        (rb'"\\ud83d"', rb'"\\ud83d"'),
        (rb'"\\\ud83d"', rb'"\\\ufffd"'),
        (rb'"plain \u00e9"', rb'"plain \u00e9"'),
    ],
)
def test_half_a_pair_is_replaced(text: bytes, mended: bytes) -> None:
    assert mend_surrogates(text) == mended


@given(st.text(st.characters(codec=None)))
def test_the_result_is_always_text(text: str) -> None:
    mended = json.loads(mend_surrogates(json.dumps(text).encode()))
    assert mended == text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


@pytest.mark.parametrize(
    ("raw", "given_"), [(b"", False), (b"null", False), (b"nul", True), (b'""', True), (b"0", True)]
)
def test_null_and_absent_are_the_same(raw: bytes, given_: bool) -> None:
    assert is_given(Raw(raw)) == given_
