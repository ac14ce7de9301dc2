"""Media types and sizes, read from the first bytes."""

import base64
import struct

import pytest

from claude_code_proxy.simulator.images import media_type, size
from tests.simulator.requests import GIF, PNG

JPEG = (
    b"\xff\xd8" + b"\xff\xe0\x00\x04ab" + b"\xff\xc0\x00\x0b\x08" + struct.pack(">HH", 300, 400) + b"\x01\x01\x11\x00"
)
WEBP_LOSSY = b"RIFF\0\0\0\0WEBPVP8 " + b"\0" * 10 + struct.pack("<HH", 64, 32)
WEBP_LOSSLESS = b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f" + (63 | (31 << 14)).to_bytes(4, "little")
WEBP_EXTENDED = b"RIFF\0\0\0\0WEBPVP8X" + b"\0" * 8 + (63).to_bytes(3, "little") + (31).to_bytes(3, "little")


@pytest.mark.parametrize(
    ("data", "kind", "sides"),
    [
        (base64.b64decode(PNG), "image/png", (1, 1)),
        (base64.b64decode(GIF), "image/gif", (1, 1)),
        (JPEG, "image/jpeg", (400, 300)),
        (WEBP_LOSSY, "image/webp", (64, 32)),
        (WEBP_LOSSLESS, "image/webp", (64, 32)),
        (WEBP_EXTENDED, "image/webp", (64, 32)),
        (b"BM", None, None),
        (b"", None, None),
    ],
)
def test_kinds_and_sizes(data: bytes, kind: str | None, sides: tuple[int, int] | None) -> None:
    assert media_type(data) == kind
    assert size(data) == sides


@pytest.mark.parametrize("data", [JPEG[:9], b"\x89PNG\r\n\x1a\n", b"GIF89a", WEBP_LOSSY[:20], b"RIFF\0\0\0\0WEBPVP8?"])
def test_a_size_that_is_not_there(data: bytes) -> None:
    assert size(data) is None
