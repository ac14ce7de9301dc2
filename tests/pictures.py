"""Small pictures of our own making, in every format that is converted, and faulty ones."""

import base64
import struct
import zlib
from io import BytesIO
from typing import Any

import pillow_heif
from PIL import Image

pillow_heif.register_heif_opener()


def picture(width: int = 60, height: int = 40, mode: str = "RGB") -> Image.Image:
    """Return a picture whose left half is light, and its right half dark."""
    image = Image.new("L", (width, height), 230)
    image.paste(20, (width // 2, 0, width, height))
    return image.convert(mode)


def saved(image: Image.Image, image_format: str, **options: Any) -> bytes:
    written = BytesIO()
    image.save(written, image_format, **options)
    return written.getvalue()


def encoded(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def opened(data: str) -> Image.Image:
    image = Image.open(BytesIO(base64.b64decode(data)))
    image.load()
    return image


def png_of_size(width: int, height: int) -> bytes:
    """Return a PNG that claims a size, with next to no data."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(b"\0" * 100)) + _chunk(b"IEND")
    )


def bmp_of_size(width: int, height: int) -> bytes:
    """Return a BMP that claims a size, with no data."""
    return b"BM" + struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)


def _chunk(kind: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


HEIC = saved(picture(), "HEIF")
AVIF = saved(picture(), "AVIF")
BMP = saved(picture(), "BMP")
TIFF = saved(picture(), "TIFF")
PAGES = saved(picture(), "TIFF", save_all=True, append_images=[picture(), picture()])
WIDE = saved(picture(9000, 10), "PNG")
CONVERTED = {"HEIC": HEIC, "AVIF": AVIF, "BMP": BMP, "TIFF": TIFF}
FAULTY = {
    "a HEIC file that is cut short": HEIC[: len(HEIC) // 2],
    "an AVIF file of which only the head is one": AVIF[:32] + b"\xff" * 500,
    "a BMP file without data": bmp_of_size(60, 40),
    "a TIFF file that points outside": b"II*\0\xff\xff\xff\x7f",
    "a TIFF file whose directory points to itself": b"II*\0\x08\0\0\0\0\0\x08\0\0\0",
}
"""Files that begin like an image."""
HUGE = {
    "PNG": png_of_size(100_000, 100_000),
    "BMP": bmp_of_size(60_000, 60_000),
    "BMP of one line": bmp_of_size(2_000_000_000, 1),
}
"""Files that claim a size of billions of pixels."""
