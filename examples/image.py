"""A small picture for the demo: as a PNG for Claude, and as coloured blocks for a terminal."""

import base64
import struct
import zlib
from collections.abc import Iterator

Colour = tuple[int, int, int]

_SKY: tuple[Colour, Colour] = ((255, 183, 94), (120, 72, 150))
_SEA: tuple[Colour, Colour] = ((58, 76, 140), (20, 28, 70))
_SUN: Colour = (255, 236, 170)


class Sunset:
    """A sunset over the sea."""

    width = 40
    height = 20

    def data_url(self) -> str:
        return f"data:image/png;base64,{base64.b64encode(self.png()).decode()}"

    def png(self) -> bytes:
        rows = b"".join(b"\0" + bytes(part for pixel in self._row(y) for part in pixel) for y in range(self.height))
        header = struct.pack(">IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0)
        chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
        return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in chunks)

    def painted(self) -> Iterator[str]:
        """Yield one line for each two rows of pixels: a half block in the colour of the upper, on that of the lower."""
        for y in range(0, self.height, 2):
            pairs = zip(self._row(y), self._row(y + 1), strict=True)
            yield "".join(f"\x1b[{_sgr(38, upper)};{_sgr(48, lower)}m▀" for upper, lower in pairs) + "\x1b[0m"

    def _row(self, y: int) -> list[Colour]:
        return [self._pixel(x, y) for x in range(self.width)]

    def _pixel(self, x: int, y: int) -> Colour:
        horizon = self.height * 3 // 5
        if y >= horizon:
            glitter = abs(x - self.width // 2) < (self.height - y) and (x + y) % 3 == 0
            return _SUN if glitter else _between(_SEA, (y - horizon) / (self.height - horizon))
        distance = (x - self.width / 2) ** 2 + (y - horizon + 1) ** 2
        return _SUN if distance < 36 else _between(_SKY, (horizon - y) / horizon)


def _between(ends: tuple[Colour, Colour], share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(*ends, strict=True))
    return red, green, blue


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _sgr(layer: int, colour: Colour) -> str:
    return f"{layer};2;{colour[0]};{colour[1]};{colour[2]}"
