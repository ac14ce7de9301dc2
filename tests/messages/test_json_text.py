"""JSON text that needs a second look."""

import json
import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from claude_code_proxy.messages.json_text import check_utf8, is_given, replace_surrogates, to_object


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
    assert replace_surrogates(text) == mended


@given(st.text(st.characters(codec=None)))
def test_the_result_is_always_text(text: str) -> None:
    mended = json.loads(replace_surrogates(json.dumps(text).encode()))
    assert mended == text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


@pytest.mark.parametrize(
    ("raw", "given_"), [(b"", False), (b"null", False), (b"nul", True), (b'""', True), (b"0", True)]
)
def test_null_and_absent_are_the_same(raw: bytes, given_: bool) -> None:
    assert is_given(Raw(raw)) == given_


@pytest.mark.parametrize(
    ("arguments", "made", "is_told"),
    [
        (b'{"a": 1}', b'{"a": 1}', False),
        (b"", b"{}", False),
        (b" null ", b"{}", False),
        (b'""', b"{}", False),
        (b'"null"', b"{}", False),
        (b"[1]", b'{"value":[1]}', True),
        (b'"x"', b'{"value":"x"}', True),
        (b'"{\\"a\\":1}"', b'{"a":1}', True),
        (b'"\\"{\\\\\\"a\\\\\\":1}\\""', b'{"a":1}', True),
        (b'{"a": ', b'{"_raw":"{\\"a\\":"}', True),
        (b'{"a": "\\ud83d"}', b'{"a": "\\ufffd"}', True),
        (b"[" * 5000, b'{"_raw":"' + b"[" * 5000 + b'"}', True),
    ],
)
def test_arguments_become_an_object(arguments: bytes, made: bytes, *, is_told: bool) -> None:
    found, change = to_object(arguments)
    assert (bytes(found), bool(change)) == (made, is_told)


@given(st.binary())
def test_whatever_comes_an_object_goes(arguments: bytes) -> None:
    assert isinstance(json.loads(bytes(to_object(arguments)[0])), dict)


@given(st.binary() | st.text().map(str.encode), st.integers(65536 - 40, 65536 + 40))
def test_what_is_no_utf8_is_found_where_it_stands(tail: bytes, before: int) -> None:
    """Also around the place where one piece ends and the next begins."""
    text = b"x" * before + tail
    assert wrong_place(text, check_utf8) == wrong_place(text, bytes.decode)


def wrong_place(text: bytes, check: Callable[[bytes], object]) -> tuple[int, int] | None:
    try:
        check(text)
    except UnicodeDecodeError as error:
        return error.start, error.end
    return None


def test_a_check_of_many_bytes_takes_few() -> None:
    text = "\N{GRINNING FACE}".encode() + bytes(4_000_000)
    tracemalloc.start()
    check_utf8(text)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000
