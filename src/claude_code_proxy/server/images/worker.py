"""A process that converts one image, within limits of its own, and ends.

It reads base64 from standard input and writes a line of JSON, then the base64 of a PNG or JPEG image. The line has the
media type and the number of frames, or a `problem`. An image that needs more than the process may use ends it: the exit
status is not 0 then. Only the formats that are named here are tried, each by its own decoder.
"""

import base64
import json
import resource
import sys
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

MEMORY = 640 * 1024 * 1024
CPU_SECONDS = 20
MAX_PIXELS = 50_000_000
SIDE = 2000  # taken whatever else the request holds, so what is sent does not change as a conversation grows
MAX_PNG_BYTES = 4 * 1024 * 1024
FORMATS = ("AVIF", "BMP", "GIF", "HEIF", "JPEG", "PNG", "TIFF", "WEBP")
_CGROUP = Path("/sys/fs/cgroup")
_LOSSLESS = frozenset({"BMP", "GIF", "PNG", "TIFF"})
_JPEG_QUALITY = 90
_PLAIN_MODES = frozenset({"L", "RGB", "RGBA"})


class Unusable(Exception):
    """An image that is not converted; the message is for the client."""


def main() -> None:
    limit_process()
    try:
        media_type, frames, data = convert(base64.b64decode(sys.stdin.buffer.read()))
    except Unusable as error:
        head: dict[str, Any] = {"problem": str(error)}
        data = b""
    else:
        head = {"media_type": media_type, "frames": frames}
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + base64.b64encode(data))


def limit_process() -> None:
    """Bound memory and processor time, allow no file to be written, and be the first to go where memory runs out."""
    for what, most in (
        (resource.RLIMIT_DATA, memory_limit(_CGROUP)),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def memory_limit(cgroup: Path) -> int:
    """Return how many bytes the process may use: at most three quarters of what its container has left."""
    try:
        most = int((cgroup / "memory.max").read_text(encoding="ascii"))
        lines = (cgroup / "memory.stat").read_text(encoding="ascii").splitlines()
        used = next(int(number) for name, number in map(str.split, lines) if name == "anon")
    except (OSError, ValueError, StopIteration):  # no limit, or none that can be read
        return MEMORY
    return max(0, min(MEMORY, (most - used) * 3 // 4))


def convert(raw: bytes) -> tuple[str, int, bytes]:
    """Return the media type, how many frames the file holds, and its first one, scaled down and upright.

    Raise `Unusable`.
    """
    _register_heif()
    Image.MAX_IMAGE_PIXELS = None  # the bound below is lower, and its message says what to do
    try:
        with Image.open(BytesIO(raw), formats=FORMATS) as image:
            _check_pixels(image)
            frames, lossless = getattr(image, "n_frames", 1), image.format in _LOSSLESS
            small = image if image.mode in _PLAIN_MODES else _in_plain_mode(image)
            small.thumbnail((SIDE, SIDE), reducing_gap=2.0)
            media_type, data = _encode(ImageOps.exif_transpose(small), lossless=lossless)
            return media_type, frames, data
    except (Unusable, MemoryError):
        raise
    except Exception as error:  # decoders raise many types for damaged data
        raise Unusable(
            "This image cannot be read: it is damaged, or a rare form of its format. Send it as JPEG, PNG, GIF or WebP."
        ) from error


def _check_pixels(image: Image.Image) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise Unusable(
            f"This image has {image.width} x {image.height} pixels; at most {MAX_PIXELS // 1_000_000} million are "
            "converted. Send a smaller one."
        )


def _in_plain_mode(image: Image.Image) -> Image.Image:
    """Return the image in a mode that can be scaled smoothly and that PNG and JPEG both have."""
    if image.mode.startswith("I;16"):
        plain = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    elif image.mode in {"I", "F"}:
        low, high = (float(bound) for bound in image.getextrema() if not isinstance(bound, tuple))
        scale = 255 / ((high - low) or 1)
        plain = image.convert("F").point(lambda value: value * scale - low * scale).convert("L")
    elif image.mode == "1":
        plain = image.convert("L")
    else:
        plain = image.convert("RGBA" if image.has_transparency_data else "RGB")
    plain.info.pop("icc_profile", None)  # it was that of the other mode
    plain.info.pop("transparency", None)
    return plain


def _encode(image: Image.Image, *, lossless: bool) -> tuple[str, bytes]:
    """Return media type and data: PNG keeps transparency, and what came without loss; JPEG is for all else."""
    transparent = image.mode == "RGBA" and image.getchannel("A").getextrema() != (255, 255)
    if lossless or transparent:
        data = _saved(image, "PNG")
        if len(data) <= MAX_PNG_BYTES:
            return "image/png", data
    if transparent:
        paper = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(paper, image)
    return "image/jpeg", _saved(image if image.mode == "L" else image.convert("RGB"), "JPEG")


def _saved(image: Image.Image, image_format: str) -> bytes:
    written = BytesIO()
    image.save(written, image_format, quality=_JPEG_QUALITY, icc_profile=image.info.get("icc_profile"))
    return written.getvalue()


def _register_heif() -> None:
    with suppress(ImportError):  # all other formats are converted without it
        import pillow_heif  # noqa: PLC0415

        pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)


if __name__ == "__main__":
    main()
