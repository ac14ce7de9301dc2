"""One field of a JSON object replaced, and every other byte as it was."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_code_proxy.endpoints.messages.splice import replace_field

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("text", "replaced"),
    [
        (b'{"model":"a"}', b'{"model":"b"}'),
        (
            b' {\n"x" : 1.50 ,\t"model"\r\n: "a" , "y":[1e3,"}"]}\n',
            b' {\n"x" : 1.50 ,\t"model"\r\n: "b" , "y":[1e3,"}"]}\n',
        ),
        (b'{"messages":[{"model":"a"}],"model":"a"}', b'{"messages":[{"model":"a"}],"model":"b"}'),
        (b'{"q\\"u":"\\"model\\":\\"a\\"","model":"a"}', b'{"q\\"u":"\\"model\\":\\"a\\"","model":"b"}'),
        (b'{"\\u006dodel":"a"}', b'{"\\u006dodel":"b"}'),
        (b'{"model":null,"e":{}}', b'{"model":"b","e":{}}'),
        (b'{ "a" : 1 }', b'{ "a" : 1 }'),
    ],
)
def test_only_the_slice_of_the_value_changes(text: bytes, replaced: bytes) -> None:
    assert replace_field(text, "model", value="b") == replaced


@pytest.mark.parametrize(
    "text",
    [
        b'{"model":"a","model":"a"}',
        b'{"model":"x","z":1,"model":"a"}',
        b'{"z":1,"model":"a","z":1}',
        b'{"z":1,"z":1,"model":"a"}',
    ],
)
def test_of_a_field_that_stands_twice_none_is_left(text: bytes) -> None:
    replaced = replace_field(text, "model", value="b")
    assert json.loads(replaced)["model"] == "b"
    assert replaced.count(b'"model"') == 1 or b'"a"' not in replaced


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b"null", b'{"a":1} x'])
def test_what_is_no_object_is_an_error(text: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        replace_field(text, "model", value="b")


@given(st.dictionaries(st.text(), VALUES), VALUES, st.sampled_from([None, 1, "\t"]), st.booleans())
def test_any_object(fields: dict[str, object], value: object, indent: int | str | None, ascii_only: bool) -> None:
    before = json.dumps({**fields, "model": 1}, indent=indent, ensure_ascii=ascii_only)
    after = json.dumps({**fields, "model": "b"}, indent=indent, ensure_ascii=ascii_only)
    assert replace_field(before.encode(), "model", value="b") == after.encode()
