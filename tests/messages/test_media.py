"""The media type that the first bytes show."""

import base64

import pytest

from claude_code_proxy.messages.media import IMAGE_TYPES, media_type_of


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"%PDF-1.7", "application/pdf"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"RIFF\x10\x00\x00\x00WAVEfmt ", "audio/wav"),
        (b"RIFF\x10\x00\x00\x00sfbkLIST", "application/octet-stream"),
        (b"\x00\x00\x00\x18ftypheic", "image/heic"),
        (b"\x00\x00\x00\x1cftypmif1", "image/heic"),
        (b"\x00\x00\x00 ftypavif", "image/avif"),
        (b"\x00\x00\x00 ftypmp42", ""),
        (b"II*\x00\x08", "image/tiff"),
        (b"MM\x00*\x00", "image/tiff"),
        (b"II+\x00\x08", "image/tiff"),
        (b"BM" + bytes(12) + b"(\x00\x00\x00", "image/bmp"),
        (b"BMW is a maker of cars", ""),
        (b"BM\x00\x00", ""),
        (b"\x00", ""),
    ],
)
def test_the_type_by_content(head: bytes, media_type: str) -> None:
    assert media_type_of(base64.b64encode(head + b"0" * 40).decode()) == media_type


@pytest.mark.parametrize("data", ["UklGR", "UklGRé", "UklGR*" * 3 + "A"])
def test_what_is_cut_short_or_no_base64_is_no_image(data: str) -> None:
    assert media_type_of(data) not in IMAGE_TYPES
