"""Names that the service takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_code_proxy.adaptation.conversation import names


@given(st.text(max_size=200))
def test_every_name_becomes_a_legal_one(name: str) -> None:
    assert names.is_legal_tool(names.legal_tool(name))
    assert names.is_legal_property(names.legal_property(name))


@given(st.from_regex(r"[a-zA-Z0-9_-]{1,64}", fullmatch=True))
def test_a_legal_name_stays(name: str) -> None:
    assert names.legal_tool(name) == name
    assert names.legal_property(name) == name


@pytest.mark.parametrize("name", ["a\n", "a.b", "", "n" * 129])
def test_what_no_tool_can_be_called(name: str) -> None:
    assert not names.is_legal_tool(name)


@pytest.mark.parametrize(
    ("name", "tool", "key"),
    [
        ("überall", "uberall", "uberall"),
        ("ｆｕｌｌ", "full", "full"),
        ("StartTime<", "StartTime_", "StartTime_"),
        ("a.b", "a_b", "a.b"),
        ("温度_max", "___max", "___max"),
        ("查询天气", "tool", "property"),
        ("имя_поля", "tool", "property"),
        ("$", "tool", "property"),
        ("_", "_", "_"),
        ("", "tool", "property"),
    ],
)
def test_what_is_left_of_a_name(name: str, tool: str, key: str) -> None:
    assert names.legal_tool(name) == tool
    assert names.legal_property(name) == key


def test_the_original_name_stands_in_the_description() -> None:
    assert names.with_original_name("a.b", None) == "Original name: a.b"
    assert names.with_original_name("a.b", "Looks.") == "Looks.\n\nOriginal name: a.b"


def test_properties_may_have_dots_but_are_shorter() -> None:
    assert names.is_legal_property("a.b")
    assert not names.is_legal_property("k" * 65)


def test_a_free_name_is_found_within_the_length() -> None:
    assert names.unique("a", set(), longest=3) == "a"
    assert names.unique("abc", {"abc", "a_2"}, longest=3) == "a_3"
