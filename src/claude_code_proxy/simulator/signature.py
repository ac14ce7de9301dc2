"""Signatures of the simulator: they bind thinking to its conversation and protect search results against changes.

The secret is a constant by default: a block signed by one process is verified by the next, as with the real service.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable
from typing import Any

import msgspec

from claude_code_proxy.simulator.parsed_request import Block, ParsedRequest

THINKING = frozenset({"thinking", "redacted_thinking"})
_MAC_SIZE = 16
_UNBOUND = frozenset({"cache_control", "caller"})


class SignedThinking(msgspec.Struct, frozen=True, array_like=True):
    """The signed content of a thinking block.

    `text` is empty if the text was not shown; `previous` is the fingerprint of the thinking block before this one.

    `follows` is the type of the block right before it in its answer, empty if that was thinking or there was none.
    """

    model: str
    response: str
    text: str
    prefix: str
    previous: str
    follows: str = ""


def seal(bound: SignedThinking, secret: bytes) -> str:
    data = msgspec.msgpack.encode(bound)
    return base64.b64encode(_mac(data, secret) + data).decode()


def unseal(signature: str, secret: bytes) -> SignedThinking | None:
    """Return the content of a signature; None if the simulator did not make it."""
    try:
        raw = base64.b64decode(signature, validate=True)
        mac, data = raw[:_MAC_SIZE], raw[_MAC_SIZE:]
        return (
            msgspec.msgpack.decode(data, type=SignedThinking) if hmac.compare_digest(mac, _mac(data, secret)) else None
        )
    except ValueError:
        return None


def _mac(data: bytes, secret: bytes) -> bytes:
    return hmac.digest(secret, data, "sha256")[:_MAC_SIZE]


def seal_text(text: str, secret: bytes) -> str:
    """Return a text with its MAC, as the encrypted parts of hosted search results."""
    return base64.b64encode(_mac(text.encode(), secret) + text.encode()).decode()


def is_sealed_text(sealed: str, secret: bytes) -> bool:
    try:
        raw = base64.b64decode(sealed, validate=True)
    except ValueError:
        return False
    return hmac.compare_digest(raw[:_MAC_SIZE], _mac(raw[_MAC_SIZE:], secret))


def fingerprint(text: str) -> str:
    """Return a short hash of a text; empty for an empty text."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16] if text else ""


def signature_of(block: Block) -> str:
    return str(block["signature"] if block["type"] == "thinking" else block["data"])


class BoundPrefix:
    """A running hash of what stands before a block: system prompt, set of tools, and messages without thinking."""

    def __init__(self, request: ParsedRequest) -> None:
        tools = sorted(_canonical(tool) for tool in request.tools if not tool.get("defer_loading"))
        self._hash = hashlib.sha256(_canonical([request.system, tools]))
        self._role = ""

    def enter(self, role: str) -> None:
        if role != self._role or role == "system":
            self._hash.update(f"\n{role}".encode())
            self._role = role

    def add(self, block: Block) -> None:
        if block["type"] not in THINKING:
            self._hash.update(_canonical(block))

    def digest(self) -> str:
        return self._hash.hexdigest()[:24]


def prefix_of_answer(request: ParsedRequest, so_far: Iterable[Block] = ()) -> tuple[str, str]:
    """Return what thinking after `so_far` is bound to: the prefix, and the fingerprint of the last thinking."""
    prefix = BoundPrefix(request)
    previous = ""
    for turn in request.turns:
        prefix.enter(turn.role)
        for block in turn.blocks:
            prefix.add(block)
            if block["type"] in THINKING:
                previous = fingerprint(signature_of(block))
    prefix.enter("assistant")
    for block in so_far:
        prefix.add(block)
        if block["type"] in THINKING:
            previous = fingerprint(signature_of(block))
    return prefix.digest(), previous


def _canonical(value: Any) -> bytes:
    def keep(inner: Any) -> Any:
        if isinstance(inner, bytes):
            return inner.decode()
        if isinstance(inner, dict):
            return {name: keep(one) for name, one in inner.items() if name not in _UNBOUND and one is not None}
        return [keep(one) for one in inner] if isinstance(inner, list) else inner

    return json.dumps(keep(value), sort_keys=True, ensure_ascii=True).encode()
