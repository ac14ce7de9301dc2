"""The arguments of a call, both ways."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from claude_code_proxy.endpoints.openai.arguments import (
    to_arguments,
    to_custom_call_input,
    to_custom_text,
    to_input,
)


def made(arguments: str | dict[str, Raw] | None) -> tuple[bytes, list[str]]:
    notes: list[str] = []
    return bytes(to_input(arguments, note=notes.append)), notes


@pytest.mark.parametrize("arguments", ['{"a":1}', ' {"b" : [1.10]} ', "{}"])
def test_an_object_stays_byte_for_byte(arguments: str) -> None:
    assert made(arguments) == (arguments.encode(), [])


@pytest.mark.parametrize("arguments", [None, "", " ", "\n", "null", " null ", '""', '"null"'])
def test_nothing_is_an_empty_object(arguments: str | None) -> None:
    assert made(arguments) == (b"{}", [])


def test_an_object_that_is_no_text_is_taken_as_it_is() -> None:
    assert made({"a": Raw(b"1.50")}) == (b'{"a":1.50}', [])


@given(st.dictionaries(st.text(), st.text() | st.integers(), max_size=3), st.integers(1, 4))
def test_an_object_that_was_encoded_several_times_is_the_object(arguments: dict[str, str | int], times: int) -> None:
    text = json.dumps(arguments)
    for _ in range(times):
        text = json.dumps(text)
    raw, notes = made(text)
    assert json.loads(raw) == arguments
    assert len(notes) == 1


@pytest.mark.parametrize("arguments", ["[1]", "5", '"text"', "true"])
def test_another_value_is_wrapped(arguments: str) -> None:
    assert made(arguments) == (
        b'{"value":%b}' % arguments.encode(),
        ["arguments that are no object stand under `value`"],
    )


@pytest.mark.parametrize("arguments", ['{"a"', "0:", "[1", "look(it)", '{"a":1}}', "{'a':1}", "[" * 5000 + "]" * 5000])
def test_what_is_no_json_is_kept_as_text(arguments: str) -> None:
    raw, notes = made(arguments)
    assert json.loads(raw) == {"_raw": arguments}
    assert notes == ["arguments that are no JSON stand under `_raw`"]


def test_half_a_character_is_replaced() -> None:
    assert made('{"a":"\\ud800"}') == (
        b'{"a":"\\ufffd"}',
        ["half a surrogate pair, which is no character, became U+FFFD"],
    )


@given(st.text())
def test_any_text_makes_an_object(arguments: str) -> None:
    assert isinstance(json.loads(made(arguments)[0]), dict)


@pytest.mark.parametrize(
    ("call_input", "arguments"),
    [
        (b'{"a":1}', '{"a":1}'),
        (b"{}", "{}"),
        (b"", "{}"),
        (b" ", "{}"),
        (b'{"cut":"sh', '{"cut":"sh'),
        (b'{"a":"\xc3\xa9"}', '{"a":"é"}'),
    ],
)
def test_input_as_text(call_input: bytes, arguments: str) -> None:
    assert to_arguments(Raw(call_input)) == arguments
    assert to_arguments(call_input.decode()) == arguments


@given(st.text())
def test_the_text_of_a_custom_call_comes_back(text: str) -> None:
    assert to_custom_text(to_custom_call_input(text)) == text


@pytest.mark.parametrize("call_input", ["{}", '{"input":5}', '{"other":"x"}', '{"input":"cut', "[]"])
def test_a_custom_call_of_another_form_is_shown_as_it_is(call_input: str) -> None:
    assert to_custom_text(call_input) == call_input
