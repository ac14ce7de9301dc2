"""Bodies that are not quite what the types say: tidied where they can be, refused where they cannot."""

import json
from typing import Any, Literal

import pytest
from msgspec import Raw, Struct

from claude_code_proxy.endpoints.openai.body import BodyDecoder
from claude_code_proxy.errors import InvalidRequest


class Wire(Struct, frozen=True, forbid_unknown_fields=True):
    pass


class Dog(Wire, frozen=True, tag_field="type", tag="dog"):
    name: str
    tricks: list[str] = []


class Cat(Wire, frozen=True, tag_field="type", tag="cat"):
    lives: int | None = None


class Owner(Wire, frozen=True):
    pets: list[Dog | Cat] = []
    name: str = ""
    age: int | None = None
    mood: Literal["good", "bad"] = "good"
    notes: Raw = Raw(b"")


DECODER = BodyDecoder(Owner)


def decode(body: Any) -> tuple[Owner, tuple[str, ...]]:
    """Return the value, and the params of all adjustments."""
    owner, adjustments = DECODER.decode(body if isinstance(body, bytes) else json.dumps(body).encode())
    return owner, tuple(note.path for note in adjustments)


def test_a_body_as_it_should_be() -> None:
    owner, unknown = decode({"name": "Ada", "pets": [{"type": "dog", "name": "Rex"}, {"type": "cat", "lives": 9}]})
    assert owner == Owner([Dog("Rex"), Cat(9)], "Ada")
    assert unknown == ()


def test_unknown_fields_are_named_by_their_paths() -> None:
    body = {"zz": 1, "pets": [{"type": "cat", "lives": 1}, {"type": "dog", "name": "Rex", "colour": {"a": 1}}]}
    owner, unknown = decode(body)
    assert owner == Owner([Cat(1), Dog("Rex")])
    assert unknown == ("zz", "pets[1].colour")


def test_null_is_absent_where_the_type_has_no_null() -> None:
    assert decode({"name": None, "mood": None, "pets": [{"type": "dog", "name": "Rex", "tricks": None}]})[0] == Owner([
        Dog("Rex")
    ])


def test_a_type_that_was_left_out_is_told_by_the_fields() -> None:
    assert decode({"pets": [{"name": "Rex"}, {"lives": 3, "type": None}]})[0] == Owner([Dog("Rex"), Cat(3)])


def test_a_whole_number_may_be_written_with_a_point() -> None:
    assert decode(b'{"age":41.0,"pets":[{"type":"cat","lives":9.0}]}')[0] == Owner([Cat(9)], age=41)


def test_an_unknown_field_that_is_null_is_absent() -> None:
    assert decode(b'{"zz":null,"pets":[{"type":"cat","lives":9,"name":null}]}') == (Owner([Cat(9)]), ())


def test_open_data_stays_byte_for_byte() -> None:
    owner, unknown = decode(b'{"zz":1,"notes":{"a" : 1.10, "b":null}}')
    assert bytes(owner.notes) == b'{"a" : 1.10, "b":null}'
    assert unknown == ("zz",)


def test_half_a_character_is_replaced_wherever_it_stands() -> None:
    owner, adjustments = decode(b'{"name":"\\ud800","notes":["\\udc00"],"zz":"\\ud800"}')
    assert adjustments == ("zz", "body")
    assert owner.name == "\ufffd"
    assert bytes(owner.notes) == b'["\\ufffd"]'


def test_a_byte_order_mark_and_white_space_are_forgiven() -> None:
    assert decode(b'\xef\xbb\xbf{"name":"Ada"}') == (Owner(name="Ada"), ())
    assert decode(b' \n{"name":"Ada","zz":1}\n')[0].name == "Ada"


@pytest.mark.parametrize(
    ("body", "message", "param", "code"),
    [
        (b"", "is empty", None, None),
        (b"{", "not valid JSON", None, None),
        (b'{"zz":1, broken', "not valid JSON", None, None),
        (b'{"name":"a"} tail', "not valid JSON", None, None),
        (b'{"name":"\xff"}', "not valid UTF-8 (byte 9)", None, None),
        (b'{"notes":"\xff"}', "not valid UTF-8", None, None),
        (b"[]", "expected an object, but got an array", None, "invalid_type"),
        (b'{"zz":' + b"[" * 10_000 + b"]" * 10_000 + b"}", "nested too deeply", None, None),
        (b'{"notes":' + b"[" * 10_000 + b"]" * 10_000 + b"}", "nested too deeply", None, None),
        (b'{"zz":1,"age":"old"}', "expected an integer, but got a string", "age", "invalid_type"),
        (b'{"pets":[{"type":"fish"}]}', "Supported values are: 'dog', 'cat'", "pets[0].type", "invalid_value"),
        (b'{"pets":[{"type":"dog"}]}', "Missing required parameter", "pets[0].name", "missing_required_parameter"),
        (b'{"pets":[{}]}', "Missing required parameter", "pets[0].type", "missing_required_parameter"),
        (b'{"pets":[null]}', "got null", "pets[0]", "invalid_type"),
    ],
)
def test_what_cannot_be_mended_is_refused_by_name(
    body: bytes, message: str, param: str | None, code: str | None
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        decode(body)
    assert message in caught.value.message
    assert (caught.value.param, caught.value.code, caught.value.status) == (param, code, 400)
