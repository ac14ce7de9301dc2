"""The media type of an image or a file, from how its base64 begins."""

import binascii

PDF = "application/pdf"
IMAGE_TYPES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
"""The formats that the API reads."""

_BEGINNINGS = (
    ("/9j/", "image/jpeg"),
    ("iVBORw0KGgo", "image/png"),
    ("R0lGOD", "image/gif"),
    ("JVBERi", PDF),
)
_RIFF_TYPES = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
_TIFF_BEGINNINGS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_BMP_HEADER_SIZES = frozenset({12, 40, 52, 56, 64, 108, 124})
_ISO_BRANDS = {  # the brands of ISO base media files that hold pictures: ISO/IEC 23008-12 and AV1 Image File Format
    **dict.fromkeys((b"avif", b"avis"), "image/avif"),
    **dict.fromkeys((b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"), "image/heic"),
}


def media_type_of(data: str) -> str:
    """Return the media type that base64 data shows; empty if its beginning is not that of a known format."""
    for beginning, media_type in _BEGINNINGS:
        if data.startswith(beginning):
            return media_type
    try:
        return _type_of_head(binascii.a2b_base64(data[:24]))
    except ValueError:
        return ""


def _type_of_head(head: bytes) -> str:
    """Return the media type of a file that begins with these 18 bytes, if it is one of the rarer formats."""
    if head.startswith(b"RIFF"):
        return _RIFF_TYPES.get(head[8:12], "application/octet-stream")
    if head[4:8] == b"ftyp":
        return _ISO_BRANDS.get(head[8:12], "")
    if head.startswith(_TIFF_BEGINNINGS):
        return "image/tiff"
    if head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in _BMP_HEADER_SIZES:
        return "image/bmp"
    return ""
