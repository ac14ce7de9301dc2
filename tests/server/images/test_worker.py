"""The process that converts an image: what it makes of each format, and what it refuses within its bounds."""

import base64
import json
import os
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from claude_code_proxy.adaptation.conversation.images import MAX_IMAGE_BYTES
from claude_code_proxy.server.images import worker
from tests.pictures import CONVERTED, FAULTY, HUGE, PAGES, picture, saved


def run(raw: bytes) -> tuple[dict[str, Any], bytes]:
    """Return what the process writes of an image."""
    done = subprocess.run(
        [sys.executable, "-m", "claude_code_proxy.server.images.worker"],
        input=base64.b64encode(raw),
        env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        check=True,
        timeout=120,
    )
    line, _, data = done.stdout.partition(b"\n")
    return json.loads(line), base64.b64decode(data)


def converted(raw: bytes) -> Image.Image:
    """Return the same, made in this process."""
    _, _, data = worker.convert(raw)
    image = Image.open(BytesIO(data))
    image.load()
    return image


def assert_halves(image: Image.Image) -> None:
    """Light on the left, dark on the right, as every picture of these tests is."""
    small = image.convert("L").resize((2, 1)).tobytes()
    assert small[0] > 180
    assert small[1] < 70


@pytest.mark.parametrize("name", CONVERTED)
def test_each_format_is_converted(name: str) -> None:
    head, data = run(CONVERTED[name])
    image = Image.open(BytesIO(data))
    lossless = name in {"BMP", "TIFF"}
    assert head == {"media_type": "image/png" if lossless else "image/jpeg", "frames": 1}
    assert (image.format, image.size) == ("PNG" if lossless else "JPEG", (60, 40))
    assert_halves(image)


def deep(mode: str) -> Image.Image:
    """Return the picture with more than 8 bits a pixel."""
    grey = picture(mode="L")
    sixteen = Image.frombytes("I;16", grey.size, b"".join(bytes((0, value)) for value in grey.tobytes()))
    return sixteen if mode == "I;16" else sixteen.convert(mode)


@pytest.mark.parametrize(
    "image",
    [
        *(picture(mode=mode) for mode in ("1", "L", "P", "LA", "RGBA", "CMYK", "YCbCr")),
        *map(deep, ("I;16", "I", "F")),
    ],
    ids=lambda image: image.mode,
)
def test_each_mode_of_a_tiff_is_converted(image: Image.Image) -> None:
    raw = saved(image, "TIFF")
    assert Image.open(BytesIO(raw)).mode == image.mode
    assert_halves(converted(raw))


def test_an_image_is_scaled_down_and_keeps_its_form() -> None:
    assert converted(saved(picture(9000, 900), "PNG")).size == (2000, 200)


def test_an_image_is_turned_as_its_metadata_says_and_loses_them() -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "a maker"  # to be turned by 90 degrees
    image = converted(saved(picture(9000, 900).rotate(90, expand=True), "JPEG", exif=exif))
    assert image.size == (2000, 200)
    assert_halves(image)
    assert dict(image.getexif()) == {}


def test_transparency_is_kept() -> None:
    image = picture(mode="RGBA")
    image.putalpha(0)
    for image_format in ("AVIF", "TIFF", "HEIF"):
        assert converted(saved(image, image_format)).mode == "RGBA"


def test_noise_that_would_be_too_large_without_loss_becomes_a_jpeg() -> None:
    channels = [Image.effect_noise((2000, 2000), 200) for _ in "RGB"]
    media_type, _, data = worker.convert(saved(Image.merge("RGB", channels), "BMP"))
    assert media_type == "image/jpeg"
    assert len(data) < MAX_IMAGE_BYTES


def test_the_first_of_several_pictures_is_sent() -> None:
    assert run(PAGES)[0]["frames"] == 3


def test_the_same_image_is_converted_into_the_same_bytes() -> None:
    """So the prompt cache of the upstream fits."""
    assert run(CONVERTED["HEIC"]) == run(CONVERTED["HEIC"])


@pytest.mark.parametrize("raw", FAULTY.values(), ids=FAULTY)
def test_a_faulty_image_is_refused(raw: bytes) -> None:
    assert "cannot be read" in run(raw)[0]["problem"]


@pytest.mark.parametrize("raw", HUGE.values(), ids=HUGE)
def test_an_image_of_too_many_pixels_is_refused_before_it_is_decoded(raw: bytes) -> None:
    assert "at most 50 million" in run(raw)[0]["problem"]


@pytest.mark.parametrize("raw", [b"%!PS-Adobe-3.0 EPSF-3.0\n", b"<svg/>", b"#define a_width 1\n", b"8BPS\0\1"])
def test_no_other_decoder_is_tried(raw: bytes) -> None:
    with pytest.raises(worker.Unusable):
        worker.convert(raw)


@pytest.mark.parametrize(
    ("most", "stat", "limit"),
    [
        ("268435456\n", "anon 67108864\nfile 9\n", 150994944),
        ("17179869184\n", "anon 67108864\n", worker.MEMORY),
        ("100\n", "file 9\nanon 200\n", 0),
        ("max\n", "anon 67108864\n", worker.MEMORY),
        ("268435456\n", "file 9\n", worker.MEMORY),
    ],
)
def test_a_container_keeps_memory_for_the_server(tmp_path: Path, most: str, stat: str, limit: int) -> None:
    (tmp_path / "memory.max").write_text(most)
    (tmp_path / "memory.stat").write_text(stat)
    assert worker.memory_limit(tmp_path) == limit


def test_without_a_container_the_bound_is_fixed(tmp_path: Path) -> None:
    assert worker.memory_limit(tmp_path) == worker.MEMORY


def test_the_process_has_bounds(tmp_path: Path) -> None:
    """It neither takes more memory than it may, nor writes a file."""
    program = """
import sys
from claude_code_proxy.server.images import worker
worker.limit_process()
try:
    bytearray(worker.MEMORY)
except MemoryError:
    print("no memory", end=", ")
try:
    open(sys.argv[1], "w").write("x" * 100_000)
except OSError:
    print("no file")
"""
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "made"],
        env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.stdout == "no memory, no file\n", done.stderr
