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
_RIFF = "UklGR"  # a container: which one stands in bytes 8 to 11
_RIFF_TYPES = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}


def media_type_of(data: str) -> str:
    """Return the media type that base64 data shows; empty if its beginning is not that of a known format."""
    for beginning, media_type in _BEGINNINGS:
        if data.startswith(beginning):
            return media_type
    if not data.startswith(_RIFF):
        return ""
    try:
        return _RIFF_TYPES.get(binascii.a2b_base64(data[:16])[8:12], "application/octet-stream")
    except ValueError:
        return ""
