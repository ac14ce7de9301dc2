"""Images and documents that are what they say."""

import base64
import struct

import pytest

from tests.simulator.requests import (
    GIF,
    OLD,
    PDF,
    PNG,
    WEATHER,
    Json,
    accept,
    assistant,
    call,
    document,
    image,
    make_request,
    refusal_message,
    result,
    text,
    user,
)


def shown(*blocks: Json) -> Json:
    return make_request(user(*blocks, text("a")))


def png(width: int, height: int) -> str:
    head = base64.b64decode(PNG)[:16]
    return base64.b64encode(head + struct.pack(">II", width, height) + b"\x08\x06\x00\x00\x00").decode()


def pdf(data: str = PDF) -> Json:
    return {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": data}}


def linked(kind: str, url: str) -> Json:
    return {"type": kind, "source": {"type": "url", "url": url}}


AT = "messages.0.content.0.image.source"
REFUSED = [
    (
        shown(image(GIF)),
        (
            f"{AT}.base64: The image was specified using the image/png media type, but the image appears to be a "
            "image/gif image"
        ),
    ),
    (shown(image("AAAA")), "Could not process image"),
    (shown(image("data:image/png;base64,AAAA")), f"{AT}.base64.data: Invalid base64 data"),
    (shown(image("")), f"{AT}.base64: image cannot be empty"),
    (
        shown(image(png(8001, 1))),
        f"{AT}.base64.data: At least one of the image dimensions exceed max allowed size: 8000 pixels",
    ),
    (
        shown(*[image(png(2001, 1))] * 21),
        (
            f"{AT}.base64.data: At least one of the image dimensions exceed max allowed size for many-image requests: "
            "2000 pixels"
        ),
    ),
    (shown(linked("image", "http://example.com/a.png")), f"{AT}.url.url: Only HTTPS URLs are supported."),
    (
        shown(linked("document", "http://example.com/a.pdf")),
        "messages.0.content.0.document.source.url.url: Only HTTPS URLs are supported.",
    ),
    (shown(pdf("AAAA")), "messages.0.content.0.document.source.base64.data: The PDF specified was not valid."),
    (
        shown(pdf("JVBERi0xLjQK" + base64.b64encode(b"<</Type /Page>>" * 601).decode())),
        "messages.0.content.0.document.source.base64.data: A maximum of 600 PDF pages may be provided.",
    ),
    (shown(document(" ")), "messages.0.content.0.document.source.text.data: document text must be non-empty"),
    (
        shown(document(citations={"enabled": True}), document()),
        "Citations must be enabled on all documents or none of them.",
    ),
    (make_request(user(*[image()] * 101), model=OLD), "messages: too many images: 101 > 100 maximum"),
]


@pytest.mark.parametrize(("body", "words"), REFUSED, ids=lambda case: str(case)[-50:])
def test_refused(body: Json, words: str) -> None:
    assert refusal_message(body) == words


@pytest.mark.parametrize(
    "body",
    [
        shown(image()),
        shown(image(GIF, "image/gif")),
        shown(image(png(8000, 8000))),
        shown(*[image(png(2000, 2000))] * 21),
        shown(linked("image", "https://example.com/a.png")),
        shown({"type": "image", "source": {"type": "file", "file_id": "file_1"}}),
        shown(pdf(), document(title="T", context="C")),
        shown(document(citations={"enabled": True}), document(citations={"enabled": True})),
        make_request(user(*[image()] * 600)),
    ],
    ids=lambda body: str(body)[:60],
)
def test_accepted(body: Json) -> None:
    accept(body)


def test_an_image_of_more_than_ten_megabytes() -> None:
    data = base64.b64decode(PNG) + b"\0" * (10 * 1024 * 1024)
    words = refusal_message(shown(image(base64.b64encode(data).decode())))
    assert words == f"{AT}.base64: image exceeds 10 MB maximum: {len(data)} bytes > 10485760 bytes"


def test_images_in_tool_results_are_looked_at_too() -> None:
    body = make_request("a", assistant(call()), user(result(content=[image(GIF)])), tools=[WEATHER])
    assert refusal_message(body).startswith(
        "messages.2.content.0.tool_result.content.0.image.source.base64: The image was"
    )
