"""Images and files as clients send them."""

import base64

import pytest

from claude_code_proxy import messages
from claude_code_proxy.endpoints.openai.files import to_file, to_image, to_stored_file
from claude_code_proxy.errors import InvalidRequest

PDF = "JVBERi0x"


def base64_of(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def source_of(data: str, name: str | None = None, declared: str = "") -> object:
    return to_file(data, name=name, declared=declared, at="file_data").source


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


def test_bytes_that_are_no_utf8_do_not_lose_the_rest() -> None:
    data = "data:text/plain;base64," + base64.b64encode(b"a\xffb").decode()
    assert source_of(data) == messages.TextSource("a\ufffdb")


def test_an_image_as_a_file_is_an_image() -> None:
    assert isinstance(to_file("data:image/png;base64,eA==", name="a.png", declared="", at="x"), messages.Image)
    assert source_of("eA==", "a.JPG") == messages.Base64Source("image/jpeg", "eA==")
    assert source_of("iVBORw0KGgoAAAAN", None) == messages.Base64Source("image/png", "iVBORw0KGgoAAAAN")


def test_a_name_is_a_title() -> None:
    document = to_file(PDF, name="paper.pdf", declared="", at="x")
    assert isinstance(document, messages.Document)
    assert document.title == "paper.pdf"


def test_a_url_is_passed_on() -> None:
    for scheme in ("https", "HTTPS", "Https"):
        assert source_of(f"{scheme}://example.com/A.pdf") == messages.UrlSource("https://example.com/A.pdf")
        image = to_image(f"{scheme}://example.com/A.png", at="x")
        assert image == messages.Image(messages.UrlSource("https://example.com/A.png"))


def test_a_stored_file_is_what_its_name_says() -> None:
    assert to_stored_file("file_1", name=None) == messages.Document(messages.FileSource("file_1"))
    assert to_stored_file("file_1", name="a.png") == messages.Image(messages.FileSource("file_1"))


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        ("data:application/zip;base64,UEsDBA==", "a.zip", "this one is application/zip"),
        ("UEsDBA==", None, "of no type that can be told"),
        ("UEsDBA==", "a", "of no type that can be told"),
        ("data:text/plain;base64,", None, "empty"),
        ("data:text/plain;base64,!", None, "not valid base64"),
        ("data:text/plain", None, "no comma"),
        ("http://example.com/a.pdf", None, "of no type that can be told"),
    ],
)
def test_what_cannot_be_read_is_refused(data: str, name: str | None, words: str) -> None:
    with pytest.raises(InvalidRequest, match=words) as caught:
        to_file(data, name=name, declared="", at="the.data")
    assert caught.value.param == "the.data"
