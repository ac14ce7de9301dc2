"""Images and files as clients send them."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_code_proxy import messages
from claude_code_proxy.adjustment import Adjustment
from claude_code_proxy.endpoints.openai import files
from claude_code_proxy.endpoints.openai.files import FileLabel, Media
from claude_code_proxy.errors import InvalidRequest

PDF = "JVBERi0x"


def base64_of(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def to_file(data: str, name: str | None = None, declared: str = "", *, at: str = "file_data") -> Media:
    return files.to_file(data, FileLabel(name or "", declared), at=at, note=unexpected)


def to_image(url: str, *, at: str) -> Media:
    return files.to_image(url, at=at, note=unexpected)


def to_stored_file(file_id: str, name: str = "", declared: str = "") -> Media:
    return files.to_stored_file(file_id, FileLabel(name, declared))


def unexpected(adjustment: Adjustment) -> None:
    pytest.fail(f"told: {adjustment}")


def source_of(data: str, name: str | None = None, declared: str = "") -> object:
    return to_file(data, name, declared).source


def test_images() -> None:
    assert to_image("data:image/jpg;base64,eA==", at="url").source == messages.Base64Source("image/jpg", "eA==")


@pytest.mark.parametrize("url", ["http://example.com/a.png", "file:///etc/passwd", "ftp://a", "", "a.png", "https:/a"])
def test_nothing_else_is_an_image(url: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        to_image(url, at="the.url")
    assert (caught.value.param, caught.value.code) == ("the.url", "invalid_image_url")


@pytest.mark.parametrize(
    ("data", "name", "declared"),
    [
        (f"data:application/pdf;base64,{PDF}", None, ""),
        (f"data:application/octet-stream;base64,{PDF}", None, ""),
        (f"data:text/plain;base64,{PDF}", None, ""),
        (PDF, None, ""),
        ("AAAA", "a.PDF", ""),
        ("AAAA", None, "application/pdf"),
    ],
)
def test_pdfs(data: str, name: str | None, declared: str) -> None:
    source = source_of(data, name, declared)
    assert isinstance(source, messages.Base64Source)
    assert source.media_type == "application/pdf"


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (f"data:text/csv;base64,{base64_of('a,b')}", None),
        (f"data:application/json;base64,{base64_of('a,b')}", None),
        (f"data:application/octet-stream;base64,{base64_of('a,b')}", "a.py"),
        (f"data:application/vnd.ms-excel;base64,{base64_of('a,b')}", "a.csv"),
        (f"data:application/x-ipynb+json;base64,{base64_of('a,b')}", "a.ipynb"),
        (base64_of("a,b"), "a.csv"),
        (base64_of("\ufeffa,b"), "a.csv"),
        ("data:text/plain,a,b", None),
    ],
)
def test_texts(data: str, name: str | None) -> None:
    assert source_of(data, name) == messages.TextSource("a,b")


@pytest.mark.parametrize("charset", ["windows-1251", "shift_jis", "utf-16", "koi8-r"])
def test_a_text_is_read_by_its_charset(charset: str) -> None:
    encoded = base64.b64encode("имя,возраст".encode(charset)).decode()
    assert source_of(f"data:text/csv;charset={charset};base64,{encoded}") == messages.TextSource("имя,возраст")


def test_a_guess_is_told() -> None:
    notes: list[Adjustment] = []
    encoded = base64.b64encode("Имя и возраст каждого участника".encode("cp1251")).decode()
    found = files.to_file(encoded, FileLabel("a.csv"), at="here", note=notes.append)
    assert found.source == messages.TextSource("Имя и возраст каждого участника")
    assert [(note.path, note.action) for note in notes] == [("here", "mapped")]
    assert "cp1251" in notes[0].reason


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(InvalidRequest, match="charset is unknown") as caught:
        to_file(base64.b64encode(bytes(range(256)) * 4).decode(), "a.csv", at="the.data")
    assert caught.value.param == "the.data"


def test_an_image_as_a_file_is_an_image() -> None:
    assert isinstance(to_file("data:image/png;base64,eA==", "a.png"), messages.Image)
    assert source_of("eA==", "a.JPG") == messages.Base64Source("image/jpeg", "eA==")
    assert source_of("iVBORw0KGgoAAAAN", None) == messages.Base64Source("image/png", "iVBORw0KGgoAAAAN")


def test_a_name_is_a_title() -> None:
    document = to_file(PDF, "paper.pdf")
    assert isinstance(document, messages.Document)
    assert document.title == "paper.pdf"


def test_a_url_is_passed_on() -> None:
    for scheme in ("https", "HTTPS", "Https"):
        assert source_of(f"{scheme}://example.com/A.pdf") == messages.UrlSource("https://example.com/A.pdf")
        image = to_image(f"{scheme}://example.com/A.png", at="x")
        assert image == messages.Image(messages.UrlSource("https://example.com/A.png"))


def test_a_stored_file_is_what_its_name_says() -> None:
    assert to_stored_file("file_1") == messages.Document(messages.FileSource("file_1"))
    assert to_stored_file("file_1", "a.png") == messages.Image(messages.FileSource("file_1"))


@pytest.mark.parametrize("declared", ["image/jpeg", "IMAGE/PNG", "image/webp; q=1", "png", "JPG"])
def test_a_stored_file_is_what_its_format_says(declared: str) -> None:
    assert to_stored_file("file_1", "a.pdf", declared) == messages.Image(messages.FileSource("file_1"))


@given(st.sampled_from(["png", "JPG", "jpeg", "gif", "webp", "pdf", "PDF"]), st.sampled_from(["", "?a=b.txt", "#x.c"]))
def test_an_address_says_what_it_leads_to_in_whatever_field_it_stands(suffix: str, rest: str) -> None:
    url = f"https://example.com/a%20b.{suffix}{rest}"
    source = messages.UrlSource(url)
    expected = messages.Document(source) if suffix.lower() == "pdf" else messages.Image(source)
    assert to_image(url, at="x") == to_file(url) == expected


def test_an_address_without_a_suffix_is_what_its_field_says() -> None:
    source = messages.UrlSource("https://example.com/a.php?x=1.pdf")
    assert to_image(source.url, at="x") == messages.Image(source)
    assert to_file(source.url) == messages.Document(source)
    assert to_file(source.url, declared="image/png") == messages.Image(source)
    assert to_file(source.url, "a.png") == messages.Image(source)


def test_a_data_url_in_the_field_of_an_image_is_what_it_says() -> None:
    assert to_image(f"data:application/pdf;base64,{PDF}", at="x") == messages.Document(
        messages.Base64Source("application/pdf", PDF)
    )
    assert to_image("data:text/plain,hi", at="x") == messages.Document(messages.TextSource("hi"))


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        ("data:application/zip;base64,UEsDBA==", "a.zip", "this one is application/zip"),
        ("UEsDBA==", None, "of an unknown type"),
        ("UEsDBA==", "a", "of an unknown type"),
        ("data:text/plain;base64,", None, "empty"),
        ("data:text/plain;base64,!", None, "not valid base64"),
        ("data:text/plain", None, "no comma"),
        ("http://example.com/a.pdf", None, "of an unknown type"),
    ],
)
def test_what_cannot_be_read_is_refused(data: str, name: str | None, words: str) -> None:
    with pytest.raises(InvalidRequest, match=words) as caught:
        to_file(data, name, at="the.data")
    assert caught.value.param == "the.data"
