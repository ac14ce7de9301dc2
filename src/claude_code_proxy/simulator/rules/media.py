"""Images and documents: media types, sizes, counts and addresses."""

import base64
import re
from collections.abc import Iterator

from claude_code_proxy.simulator import images
from claude_code_proxy.simulator.parsed_request import Block, ParsedRequest
from claude_code_proxy.simulator.refusal import Refusal
from claude_code_proxy.simulator.rules.shape import fail

_MEDIA = frozenset({"image", "document"})
_MAX_IMAGE_BYTES = 10 * 1024 * 1024
_MAX_SIDE = 8000
_MAX_SIDE_OF_MANY = 2000
_MANY = 20
_PDF_PAGE = re.compile(rb"/Type\s*/Page\b")


def check(request: ParsedRequest) -> None:
    placed = list(_media(request))
    count = sum(1 for _, block in placed if block["type"] == "image")
    if count > request.model.max_images:
        raise fail("messages", f"too many images: {count} > {request.model.max_images} maximum")
    for path, block in placed:
        if block["type"] == "image":
            _check_image(block["source"], f"{path}.image.source", many=count > _MANY)
        else:
            _check_document(block["source"], f"{path}.document.source", max_pages=request.model.max_images)
    _check_citations([block for _, block in placed if block["type"] == "document"])


def _media(request: ParsedRequest) -> Iterator[tuple[str, Block]]:
    """Yield each image and document with its path, also those inside tool results."""
    for turn in request.turns:
        for at, block in enumerate(turn.blocks):
            yield from ((path, one) for path, one in _nested(turn.path(at), block) if one["type"] in _MEDIA)


def _nested(path: str, block: Block) -> Iterator[tuple[str, Block]]:
    yield path, block
    inner = block.get("content") if block["type"] == "tool_result" else None
    if isinstance(inner, list):
        yield from ((f"{path}.tool_result.content.{index}", one) for index, one in enumerate(inner))


def _decode(data: str, path: str) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except ValueError:
        raise fail(f"{path}.data", "Invalid base64 data") from None


def _check_url(url: str, path: str) -> None:
    if not url.startswith("https://"):
        raise fail(f"{path}.url", "Only HTTPS URLs are supported.")


def _check_image(source: Block, path: str, *, many: bool) -> None:
    if source["type"] == "url":
        _check_url(source["url"], f"{path}.url")
    if source["type"] != "base64":
        return
    path = f"{path}.base64"
    if not source["data"]:
        raise fail(path, "image cannot be empty")
    data = _decode(source["data"], path)
    if len(data) > _MAX_IMAGE_BYTES:
        raise fail(path, f"image exceeds 10 MB maximum: {len(data)} bytes > {_MAX_IMAGE_BYTES} bytes")
    found = images.media_type(data)
    if found is None:
        raise Refusal("Could not process image")
    if found != source["media_type"]:
        raise fail(
            path,
            f"The image was specified using the {source['media_type']} media type, but the image appears to be a "
            f"{found} image",
        )
    _check_sides(data, f"{path}.data", many=many)


def _check_sides(data: bytes, path: str, *, many: bool) -> None:
    longest = max(images.size(data) or (0, 0))
    if longest > _MAX_SIDE:
        raise fail(path, f"At least one of the image dimensions exceed max allowed size: {_MAX_SIDE} pixels")
    if many and longest > _MAX_SIDE_OF_MANY:
        raise fail(
            path,
            "At least one of the image dimensions exceed max allowed size for many-image requests: "
            f"{_MAX_SIDE_OF_MANY} pixels",
        )


def _check_document(source: Block, path: str, *, max_pages: int) -> None:
    if source["type"] == "url":
        _check_url(source["url"], f"{path}.url")
    if source["type"] == "text" and not source["data"].strip():
        raise fail(f"{path}.text.data", "document text must be non-empty")
    if source["type"] != "base64":
        return
    data = _decode(source["data"], f"{path}.base64")
    if not data.startswith(b"%PDF"):
        raise fail(f"{path}.base64.data", "The PDF specified was not valid.")
    if len(_PDF_PAGE.findall(data)) > max_pages:
        raise fail(f"{path}.base64.data", f"A maximum of {max_pages} PDF pages may be provided.")


def _check_citations(documents: list[Block]) -> None:
    switched = {bool((document.get("citations") or {}).get("enabled")) for document in documents}
    if len(switched) > 1:
        raise Refusal("Citations must be enabled on all documents or none of them.")
