"""The demo's picture: a PNG that a decoder can read, and as many coloured blocks."""

import base64
import struct
import zlib

from examples.image import Sunset


def test_it_is_a_png_of_its_size() -> None:
    png = Sunset().png()
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    length, name = struct.unpack(">I4s", png[8:16])
    assert (length, name) == (13, b"IHDR")
    assert struct.unpack(">II", png[16:24]) == (Sunset.width, Sunset.height)


def test_every_chunk_has_its_checksum_and_the_pixels_are_all_there() -> None:
    png, at, pixels = Sunset().png(), 8, b""
    while at < len(png):
        length, name = struct.unpack(">I4s", png[at : at + 8])
        content = png[at + 8 : at + 8 + length]
        assert struct.unpack(">I", png[at + 8 + length : at + 12 + length])[0] == zlib.crc32(name + content)
        pixels += content if name == b"IDAT" else b""
        at += 12 + length
    assert len(zlib.decompress(pixels)) == Sunset.height * (1 + 3 * Sunset.width)


def test_it_travels_as_a_data_url() -> None:
    kind, _, data = Sunset().data_url().partition(",")
    assert kind == "data:image/png;base64"
    assert base64.b64decode(data) == Sunset().png()


def test_it_is_painted_two_rows_to_a_line() -> None:
    rows = list(Sunset().painted())
    assert len(rows) == Sunset.height // 2
    assert all(row.count("▀") == Sunset.width and row.endswith("\x1b[0m") for row in rows)
