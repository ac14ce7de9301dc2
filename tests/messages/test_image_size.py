"""The size of an image, from its header."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_code_proxy.messages.image_size import image_size
from tests.pictures import encoded, picture, saved

FORMS: dict[str, tuple[str, dict[str, Any]]] = {
    "PNG": ("PNG", {}),
    "GIF": ("GIF", {}),
    "JPEG": ("JPEG", {}),
    "progressive JPEG": ("JPEG", {"progressive": True}),
    "JPEG with much before its frame": ("JPEG", {"icc_profile": b"x" * 200_000, "comment": b"y" * 60_000}),
    "WebP with loss": ("WEBP", {}),
    "WebP without loss": ("WEBP", {"lossless": True}),
    "WebP with more than an image": ("WEBP", {"icc_profile": b"x"}),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("width", "height"), [(1, 1), (300, 7), (7, 300), (9000, 20)])
def test_the_size_is_that_of_the_image(form: str, width: int, height: int) -> None:
    image_format, options = FORMS[form]
    assert image_size(encoded(saved(picture(width, height), image_format, **options))) == (width, height)


def test_fill_bytes_before_a_segment_are_passed_over() -> None:
    frame = b"\xff\xc0\x00\x0b\x08" + (7).to_bytes(2, "big") + (300).to_bytes(2, "big")
    assert image_size(encoded(b"\xff\xd8" + b"\xff\xe0\x00\x02" + b"\xff\xff" + frame)) == (300, 7)


@pytest.mark.parametrize(
    "raw",
    [
        b"\xff\xd8\xff\xe0\x00\x02\x00\x00",
        b"",
        b"%PDF-1.7",
        b"BM",
        b"RIFF\0\0\0\0WEBPxxxx",
        b"\xff\xd8\xff\xe0\xff\xff",
    ],
)
def test_what_shows_no_size_has_none(raw: bytes) -> None:
    assert image_size(encoded(raw)) is None


@given(st.sampled_from([b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"RIFF0000WEBPVP8X", b""]), st.binary(max_size=200))
def test_no_bytes_make_it_fail(beginning: bytes, rest: bytes) -> None:
    size = image_size(base64.b64encode(beginning + rest).decode())
    assert size is None or min(size) >= 0


@given(st.text(max_size=60))
def test_no_text_makes_it_fail(text: str) -> None:
    assert image_size(text) is None
    assert image_size("/9j/" + text) is None
