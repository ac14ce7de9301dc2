"""Text files in the charsets that people have."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_code_proxy.endpoints.openai.charsets import DecodedText, decode_text

RUSSIAN = "Имя и возраст каждого участника собрания"
JAPANESE = "参加者の名前と年齢をここに書いてください。ありがとうございます。"
GERMAN = "Der Käufer zahlt für die Übergabe größere Beträge"


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        (RUSSIAN, "windows-1251"),
        (RUSSIAN, "KOI8-R"),
        (RUSSIAN, "utf-16le"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc-jp"),
        (JAPANESE, "iso-2022-jp"),
        (GERMAN, "latin-1"),
        (GERMAN, "macroman"),
        ("价格", "gb18030"),
        ("가격", "euc-kr"),
    ],
)
def test_a_declared_charset_is_how_to_read_it(text: str, charset: str) -> None:
    assert decode_text(text.encode(charset), charset) == DecodedText(text)


@given(st.text(st.characters(min_codepoint=32, exclude_characters="\x7f\ufeff", exclude_categories=["Cs"]), min_size=1))
def test_a_mark_at_the_beginning_is_how_to_read_it_whatever_is_declared(text: str) -> None:
    marked = {
        "utf-8": codecs.BOM_UTF8,
        "utf-16-le": codecs.BOM_UTF16_LE,
        "utf-16-be": codecs.BOM_UTF16_BE,
        "utf-32-be": codecs.BOM_UTF32_BE,
    }
    for charset, mark in marked.items():
        assert decode_text(mark + text.encode(charset), "latin-1") == DecodedText(text)


@given(st.text(st.characters(min_codepoint=32, exclude_characters="\x7f\ufeff", exclude_categories=["Cs"])))
def test_utf8_needs_no_word(text: str) -> None:
    assert decode_text(text.encode(), "") == DecodedText(text)


@pytest.mark.parametrize("charset", ["made-up", "utf-8", "ascii", "rot13", "zlib", "idna", "unicode_escape"])
def test_a_charset_that_does_not_hold_is_passed_over(charset: str) -> None:
    assert decode_text("grün".encode(), charset) == DecodedText("grün")


@pytest.mark.parametrize(("text", "charset"), [(RUSSIAN, "cp1251"), (JAPANESE, "shift_jis"), (RUSSIAN, "utf-16-le")])
def test_without_any_word_the_bytes_are_looked_at(text: str, charset: str) -> None:
    found = decode_text(text.encode(charset), "")
    assert found is not None
    assert found.text == text
    assert found.guess


def test_what_is_no_text_is_none() -> None:
    assert decode_text(bytes(range(256)) * 4, "") is None


def test_a_control_character_in_utf8_is_no_harm() -> None:
    assert decode_text("grün, blau\x00".encode(), "") == DecodedText("grün, blau\x00")
