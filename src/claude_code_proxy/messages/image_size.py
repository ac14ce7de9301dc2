"""The size in pixels of an image in base64, from its header: PNG, GIF, WebP and JPEG.

Nothing is decoded but the header, and of a JPEG as much as stands before its frame header, within a bound.
"""

import binascii

_HEAD = 48  # base64 characters
_JPEG_HEAD = 512 * 1024  # base64 characters: profiles and thumbnails stand before the frame header
# Frame headers are SOF0 to SOF15, without DHT, JPG and DAC, which lie among them. https://www.w3.org/Graphics/JPEG/itu-t81.pdf
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def image_size(data: str) -> tuple[int, int] | None:
    """Return width and height; None if the header does not show them."""
    try:
        if data.startswith("/9j/"):
            return _jpeg_size(binascii.a2b_base64(data[:_JPEG_HEAD]))
        return _size_of_head(binascii.a2b_base64(data[:_HEAD]))
    except (ValueError, IndexError):
        return None


def _size_of_head(head: bytes) -> tuple[int, int] | None:
    if head.startswith(b"\x89PNG"):
        return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")
    if head.startswith(b"GIF8"):
        return _little(head[6:8]), _little(head[8:10])
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return _webp_size(head)
    return None


def _webp_size(head: bytes) -> tuple[int, int] | None:
    """Read the first chunk. https://developers.google.com/speed/webp/docs/riff_container"""
    match head[12:16]:
        case b"VP8X":
            return _little(head[24:27]) + 1, _little(head[27:30]) + 1
        case b"VP8L":
            bits = _little(head[21:25])
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 ":
            return _little(head[26:28]) & 0x3FFF, _little(head[28:30]) & 0x3FFF
        case _:
            return None


def _jpeg_size(head: bytes) -> tuple[int, int] | None:
    """Walk the segments to the frame header. Raise `IndexError` where the data ends before it."""
    at = 2
    while head[at] == 0xFF:
        marker = head[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
        elif marker in _FRAMES:
            return int.from_bytes(head[at + 7 : at + 9], "big"), int.from_bytes(head[at + 5 : at + 7], "big")
        else:
            at += 2 + max(2, int.from_bytes(head[at + 2 : at + 4], "big"))
    return None


def _little(raw: bytes) -> int:
    return int.from_bytes(raw, "little")
