"""The simulated prompt cache: the prefixes that breakpoints mark, and how many tokens are read and written.

A prefix grows over tools, system and messages. A breakpoint reads the longest prefix that ends at it or up to twenty
blocks before it, and writes what is new, if the model's minimum is reached. Time is passed in.
"""

import hashlib
import json
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from claude_code_proxy.simulator import tokens
from claude_code_proxy.simulator.parsed_request import ParsedRequest
from claude_code_proxy.simulator.rules import caching

_LOOK_BACK = 20
_MAX_ENTRIES = 10_000
_LIFETIMES = {"5m": 300.0, "1h": 3600.0}
_UNCACHEABLE = frozenset({"thinking", "redacted_thinking"})


@dataclass(frozen=True)
class CacheUsage:
    """Tokens read, and tokens written for five minutes (`short`) and for an hour (`long`)."""

    read: int = 0
    short: int = 0
    long: int = 0


@dataclass(frozen=True)
class _Boundary:
    """The end of a block: hash and tokens of everything up to it, and the ttl if it is a breakpoint."""

    key: bytes
    size: int
    ttl: str | None


class PromptCache:
    def __init__(self) -> None:
        self._until: OrderedDict[bytes, float] = OrderedDict()

    def use(self, request: ParsedRequest, now: float) -> CacheUsage:
        boundaries = list(_boundaries(request))
        marked = [at for at, one in enumerate(boundaries) if one.ttl and one.size >= request.model.cache_minimum]
        if not marked:
            return CacheUsage()
        read = max((self._longest_hit(boundaries[max(at - _LOOK_BACK, 0) : at + 1], now) for at in marked), default=0)
        written = {"5m": 0, "1h": 0}
        covered = read
        for at in marked:
            one = boundaries[at]
            ttl = one.ttl or "5m"
            written[ttl] += max(one.size - covered, 0)
            covered = max(covered, one.size)
            self._keep(one.key, now + _LIFETIMES[ttl])
        return CacheUsage(read, written["5m"], written["1h"])

    def _longest_hit(self, boundaries: list[_Boundary], now: float) -> int:
        for one in reversed(boundaries):
            if self._until.get(one.key, 0.0) > now:
                return one.size
        return 0

    def _keep(self, key: bytes, until: float) -> None:
        self._until[key] = max(until, self._until.pop(key, 0.0))
        while len(self._until) > _MAX_ENTRIES:
            self._until.popitem(last=False)


def _boundaries(request: ParsedRequest) -> Iterator[_Boundary]:
    size = 0
    running = hashlib.sha256(_bytes([request.model.id, request.body.get("speed"), request.output_schema]))
    automatic = request.body.get("cache_control")
    last = _last_cacheable(request) if automatic else None
    for place, value, weight in _walk(request):
        running.update(_bytes(value))
        size += weight
        control = _control(value)
        ttl = caching.ttl(control) if control else None
        if place == last and automatic:
            ttl = ttl or caching.ttl(automatic)
        yield _Boundary(running.digest(), size, ttl)


def _control(value: dict[str, Any]) -> dict[str, Any] | None:
    inner = value.get("content")
    nested = inner if isinstance(inner, list) else []
    found = [one["cache_control"] for one in (value, *nested) if isinstance(one, dict) and one.get("cache_control")]
    return found[-1] if found else None


def _walk(request: ParsedRequest) -> Iterator[tuple[tuple[int, int], dict[str, Any], int]]:
    """Yield each block of the prefix with its place and tokens; settings that invalidate messages come before them."""
    model = request.model
    for tool in request.tools:
        yield (-2, 0), tool, tokens.count_json(tool, model)
    for block in request.system:
        yield (-1, 0), block, tokens.count_block(block, model)
    mode = {"thinking": request.body.get("thinking"), "choice": request.tool_choice, "effort": request.effort}
    yield (-1, 1), mode, 0
    for turn in request.turns:
        for at, block in enumerate(turn.blocks):
            if (turn.index, at) not in request.dropped:
                yield (turn.index, at), {"role": turn.role, **block}, tokens.count_block(block, model)


def _last_cacheable(request: ParsedRequest) -> tuple[int, int] | None:
    places = [
        (turn.index, at)
        for turn in request.turns
        for at, block in enumerate(turn.blocks)
        if block["type"] not in _UNCACHEABLE and turn.role != "system" and (block["type"] != "text" or block["text"])
    ]
    return places[-1] if places else None


def _bytes(value: Any) -> bytes:
    """Encode a value as it was sent, with its key order, but without `cache_control`."""
    return json.dumps(_unmarked(value), ensure_ascii=True).encode()


def _unmarked(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _unmarked(inner) for name, inner in value.items() if name != "cache_control"}
    return [_unmarked(inner) for inner in value] if isinstance(value, list) else value
