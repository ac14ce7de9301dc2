"""Images and files under the media type that their bytes show."""

import base64

import pytest
from msgspec import Raw

from claude_code_proxy import messages
from claude_code_proxy.errors import InvalidRequest
from tests.adaptation.requests import PNG, accepted, adapted, assistant, request, told, user

MAX_IMAGE_BYTES = 10 * 1024 * 1024


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def image(media_type: str, data: str) -> messages.Image:
    return messages.Image(messages.Base64Source(media_type, data))


def sent(block: messages.Block) -> messages.Block:
    return adapted(request(user(block))).request.messages[0].content[0]


def refused(block: messages.Block) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        sent(block)
    return caught.value


JPEG = encoded(b"\xff\xd8\xff\xe0 and so on")
GIF = encoded(b"GIF89a and so on")
WEBP = encoded(b"RIFF\x10\x00\x00\x00WEBPVP8 and so on")
PDF = encoded(b"%PDF-1.7\n and so on")


@pytest.mark.parametrize(
    ("said", "data", "true"),
    [
        ("image/jpg", JPEG, "image/jpeg"),
        ("image/png", JPEG, "image/jpeg"),
        ("", PNG, "image/png"),
        ("application/octet-stream", GIF, "image/gif"),
        ("image/jpeg", WEBP, "image/webp"),
    ],
)
def test_trap_19_the_media_type_is_what_the_bytes_show(said: str, data: str, true: str) -> None:
    assert sent(image(said, data)) == image(true, data)
    assert told(adapted(request(user(image(said, data))))) == ["messages=mapped"]


def test_trap_19_what_is_named_right_is_not_touched() -> None:
    asked = request(user("a", image("image/png", PNG)))
    accepted(adapted(asked))
    assert adapted(asked).adjustments == ()
    assert adapted(asked).request.messages[0] is asked.messages[0]


@pytest.mark.parametrize("data", [encoded(b"BM and so on"), encoded(b"RIFF\x10\x00\x00\x00WAVE"), "", "!!!!"])
def test_trap_19_a_format_that_cannot_be_named_is_refused(data: str) -> None:
    error = refused(image("image/bmp", data))
    assert (error.status, error.path) == (400, "messages")


def test_bytes_that_show_nothing_are_what_they_were_said_to_be() -> None:
    unknown = encoded(b"no format of ours")
    assert sent(image("image/png", unknown)) == image("image/png", unknown)
    assert refused(image("image/tiff", unknown)).status == 400


def test_a_pdf_sent_as_an_image_is_a_document() -> None:
    for said in ("image/png", "application/pdf"):
        assert sent(image(said, PDF)) == messages.Document(messages.Base64Source("application/pdf", PDF))
        assert told(adapted(request(user(image(said, PDF))))) == ["messages=mapped"]


def test_a_document_is_a_pdf_whatever_it_is_called() -> None:
    asked = messages.Document(messages.Base64Source("application/x-pdf", PDF), title="a")
    assert sent(asked) == messages.Document(messages.Base64Source("application/pdf", PDF), title="a")
    for said in ("application/pdf", "image/png"):
        assert sent(messages.Document(messages.Base64Source(said, PNG))) == image("image/png", PNG)
    assert "PDF or text" in refused(messages.Document(messages.Base64Source("text/csv", encoded(b"a,b")))).message


def test_trap_20_only_https_addresses_are_passed_on() -> None:
    good = messages.Image(messages.UrlSource("https://example.com/a.png"))
    assert sent(good) == good
    for url in ("http://example.com/a.png", "file:///etc/passwd", "ftp://example.com/a"):
        assert refused(messages.Image(messages.UrlSource(url))).path == "messages"


def test_files_of_the_service_pass() -> None:
    for block in (messages.Image(messages.FileSource("file_1")), messages.Document(messages.FileSource("file_1"))):
        assert sent(block) == block


def test_an_image_that_is_too_large_is_refused() -> None:
    start = base64.b64decode(PNG)
    fits = encoded(start + b"\0" * (MAX_IMAGE_BYTES - len(start)))
    assert sent(image("image/png", fits)) == image("image/png", fits)
    too_large = encoded(start + b"\0" * MAX_IMAGE_BYTES)
    assert "10 MB" in refused(image("image/png", too_large)).message


def test_a_long_pdf_is_no_image() -> None:
    data = encoded(b"%PDF-1.7\n" + b"\0" * MAX_IMAGE_BYTES)
    block = messages.Document(messages.Base64Source("application/pdf", data))
    assert sent(block) == block


@pytest.mark.parametrize(
    "spelt", ["\n".join([JPEG[:8], JPEG[8:]]), JPEG.replace("+", "-").replace("/", "_"), JPEG.rstrip("=")]
)
def test_base64_in_another_spelling_is_put_right(spelt: str) -> None:
    assert spelt != JPEG
    assert sent(image("image/jpeg", spelt)) == image("image/jpeg", JPEG)


@pytest.mark.parametrize("length", range(4))
def test_base64_without_its_padding_gets_it_back(length: int) -> None:
    whole = encoded(b"\xff\xd8\xff\xe0" + b"a" * length)
    assert sent(image("image/jpeg", whole.rstrip("="))) == image("image/jpeg", whole)


def test_what_is_no_base64_is_refused() -> None:
    assert "base64" in refused(image("image/jpeg", "/9j/ä===-")).message


SVG = '<svg xmlns="http://www.w3.org/2000/svg"><text>Höhe</text></svg>'


@pytest.mark.parametrize("data", [SVG.encode(), b"\xef\xbb\xbf" + SVG.encode()], ids=["plain", "with a mark"])
def test_an_svg_image_is_sent_as_its_text(data: bytes) -> None:
    cached = messages.Image(messages.Base64Source("image/svg+xml", encoded(data)), messages.CacheControl())
    expected = messages.Text(SVG, cache_control=messages.CacheControl())
    asked = request(user("look", cached))
    assert adapted(asked).request.messages[0].content[1] == expected
    assert told(adapted(asked)) == ["messages=mapped"]
    accepted(adapted(asked))


def test_an_svg_image_in_a_tool_result_is_sent_as_its_text() -> None:
    asked = request(
        user("draw"),
        assistant(messages.ToolUse("toolu_1", "draw", Raw(b"{}"))),
        user(messages.ToolResult("toolu_1", (image("image/svg+xml", encoded(SVG.encode())),))),
    )
    (result,) = adapted(asked).request.messages[2].content
    assert isinstance(result, messages.ToolResult)
    assert result.content == (messages.Text(SVG),)


@pytest.mark.parametrize("data", [SVG.encode("utf-16"), b"\x1f\x8b\x08\x00\x00\x00\x00\x00"], ids=["UTF-16", "gzip"])
def test_an_svg_image_that_is_not_utf_8_is_refused(data: bytes) -> None:
    assert "UTF-8" in refused(image("image/svg+xml", encoded(data))).message


def test_an_image_that_is_no_svg_is_what_its_bytes_show() -> None:
    assert sent(image("image/svg+xml", PNG)) == image("image/png", PNG)


@pytest.mark.parametrize("data", [SVG.encode("utf-8")[:0], b" \n"])
def test_an_svg_image_that_says_nothing_is_left_out(data: bytes) -> None:
    asked = request(user("look", image("image/svg+xml", encoded(data))))
    assert adapted(asked).request.messages[0].content == (messages.Text("look"),)
    accepted(adapted(asked))


@pytest.mark.parametrize("declared", ["image/heic", "image/jpeg", ""])
def test_a_refused_format_is_named_by_its_bytes(declared: str) -> None:
    heic = encoded(b"\x00\x00\x00\x18ftypheic and so on")
    assert "(image/heic)" in refused(image(declared, heic)).message
