"""Converts the images of requests, each in a process of its own that is killed when it takes too long.

Pillow is imported there alone. A conversation brings the same images again with every request, so the last results are
kept; they depend on the image alone, and the prompt cache upstream still fits.
"""

import asyncio
import hashlib
import importlib.util
import json
import math
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from functools import cache

from claude_code_proxy import messages
from claude_code_proxy.adaptation.conversation import images
from claude_code_proxy.adaptation.conversation.conversion import Conversion, with_conversions
from claude_code_proxy.adjustment import Adjustment, with_client_names
from claude_code_proxy.endpoints.endpoint import DecodedRequest
from claude_code_proxy.errors import InvalidRequest
from claude_code_proxy.server.process.child import ChildFailed, run_child

SECONDS = 10.0  # for one image
SECONDS_OF_REQUEST = 30.0  # for all images of a request, without the time that they wait for those of others
SECONDS_KEPT = 300.0  # that an image took too much: the machine may have been busy
KEPT_BYTES = 32 * 1024 * 1024
_WORKER = "claude_code_proxy.server.images.worker"
_TOO_COSTLY = Conversion(
    problem="Converting this image takes more time or memory than is allowed. Send a smaller one, as JPEG, PNG or WebP."
)


@cache
def is_installed() -> bool:
    """Whether the extra `images` is there. It is not imported."""
    return importlib.util.find_spec("PIL") is not None


class ImageConverter:
    """The conversions of all exchanges, one at a time: each may take much memory."""

    def __init__(
        self,
        *,
        seconds: float = SECONDS,
        seconds_of_request: float = SECONDS_OF_REQUEST,
        kept_bytes: int = KEPT_BYTES,
        installed: bool | None = None,
    ) -> None:
        """Where `installed` is not given, it is looked up when the first image comes."""
        self._seconds = seconds
        self._seconds_of_request = seconds_of_request
        self._most_kept_bytes = kept_bytes
        self._installed = installed
        self._turn = asyncio.Lock()
        self._kept: OrderedDict[bytes, tuple[Conversion, float]] = OrderedDict()
        self._kept_bytes = 0

    async def convert(
        self, decoded: DecodedRequest, unfit: Sequence[str]
    ) -> tuple[DecodedRequest, tuple[Adjustment, ...]]:
        """Return the request with the images whose base64 is `unfit` converted, and the adjustments.

        Without the extra nothing is changed. Raise `InvalidRequest` for an image that cannot be converted.
        """
        if not (is_installed() if self._installed is None else self._installed):
            return decoded, ()
        left = self._seconds_of_request
        conversions = {}
        for data in unfit:
            with suppress(InvalidRequest):  # what is no base64 is refused by adaptation
                conversions[data], spent = await self._conversion(
                    images.cleaned(data), seconds=min(self._seconds, left)
                )
                left -= spent
        notes: list[Adjustment] = []
        request = with_conversions(decoded.request, conversions, notes=notes)
        return decoded.with_request(request), with_client_names(notes, decoded.field_name)

    async def _conversion(self, data: str, *, seconds: float) -> tuple[Conversion, float]:
        """Return the conversion, and the seconds that it took."""
        key = hashlib.sha256(data.encode()).digest()
        now = asyncio.get_running_loop().time
        async with self._turn:
            began = now()
            if (kept := self._find(key, now=began)) is not None:
                return kept, 0.0
            if seconds <= 0:
                return _TOO_COSTLY, 0.0
            try:
                conversion = _decoded(await run_child(_WORKER, [data.encode()], deadline=began + seconds))
            except ChildFailed:
                conversion = _TOO_COSTLY
        ended = now()
        self._keep(key, conversion, until=ended + SECONDS_KEPT if conversion is _TOO_COSTLY else math.inf)
        return conversion, ended - began

    def _find(self, key: bytes, *, now: float) -> Conversion | None:
        if key not in self._kept:
            return None
        self._kept.move_to_end(key)
        conversion, until = self._kept[key]
        return conversion if now < until else None

    def _keep(self, key: bytes, conversion: Conversion, *, until: float) -> None:
        if key in self._kept:
            self._kept_bytes -= _size(self._kept[key][0])
        self._kept[key] = conversion, until
        self._kept_bytes += _size(conversion)
        while self._kept_bytes > self._most_kept_bytes:
            _, (oldest, _) = self._kept.popitem(last=False)
            self._kept_bytes -= _size(oldest)


def _decoded(output: bytes) -> Conversion:
    """Read what the worker wrote."""
    line, _, data = output.partition(b"\n")
    head = json.loads(line)
    if "problem" in head:
        return Conversion(problem=head["problem"])
    return Conversion(messages.Base64Source(head["media_type"], data.decode("ascii")), head["frames"])


def _size(conversion: Conversion) -> int:
    return 256 + (len(conversion.source.data) if conversion.source is not None else 0)
