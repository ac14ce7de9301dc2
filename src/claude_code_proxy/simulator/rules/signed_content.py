"""Replayed thinking and search results: signatures, readable models, and whether anything before has changed.

A block that fails the prefix check is refused, dropped or only listed, by the settings of request and account; thinking
that the model cannot read is always dropped. Written after the service's page on preserved thinking.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from claude_code_proxy.simulator import models, signature
from claude_code_proxy.simulator.parsed_request import Block, ParsedRequest, ParsedTurn
from claude_code_proxy.simulator.refusal import Refusal
from claude_code_proxy.simulator.rules.shape import fail

INVALID_SIGNATURE = "Invalid `signature` in `thinking` block"
MODIFIED = (
    "`thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified. "
    "These blocks must remain as they were in the original response."
)
PREFIX_MISMATCH = (
    f"{INVALID_SIGNATURE}. The block is bound to a different conversation. Remove the block, or set "
    '`thinking.block_binding.prefix_mismatch_behavior` to "drop_block".'
)
_NEEDS_BETA = "That setting requires the `thinking-binding-controls-2026-08-01` value in the `anthropic-beta` header."


@dataclass(frozen=True)
class Replayed:
    """A replayed thinking block; `prefix` identifies what stands before it now, `previous` the thinking before it."""

    turn: ParsedTurn
    at: int
    seal: signature.SignedThinking
    prefix: str
    previous: str

    @property
    def path(self) -> str:
        return self.turn.path(self.at)


def check_thinking(request: ParsedRequest) -> None:
    """Verify replayed thinking, and fill in the request's dropped blocks and transformations."""
    replayed = _replayed_blocks(request)
    _check_order(replayed, _latest(request))
    readable = []
    for one in replayed:
        writer = models.find(one.seal.model)
        if writer is not None and request.model.reads_thinking_of(writer):
            readable.append(one)
        else:
            _note(request, one, kind="thinking_dropped", reason="model_binding_mismatch")
    if request.model.binds_prefix:
        _check_prefixes(request, readable)


def _latest(request: ParsedRequest) -> int:
    return max((turn.index for turn in request.turns if turn.role == "assistant"), default=-1)


def _replayed_blocks(request: ParsedRequest) -> list[Replayed]:
    latest = _latest(request)
    prefix = signature.BoundPrefix(request)
    found: list[Replayed] = []
    previous = ""
    for turn in request.turns:
        prefix.enter(turn.role)
        for at, block in enumerate(turn.blocks):
            if block["type"] in signature.THINKING:
                seal = _verified(request, block, path=turn.path(at), latest=turn.index == latest)
                found.append(Replayed(turn, at, seal, prefix.digest(), previous))
                previous = signature.fingerprint(signature.signature_of(block))
            else:
                prefix.add(block)
    return found


def _verified(request: ParsedRequest, block: Block, *, path: str, latest: bool) -> signature.SignedThinking:
    seal = signature.unseal(signature.signature_of(block), request.caller.secret)
    if seal is None:
        raise fail(path, INVALID_SIGNATURE)
    # Text in a block that was sent without any is ignored.
    if seal.text and seal.text != signature.fingerprint(block.get("thinking", "")):
        raise fail(path, MODIFIED if latest else INVALID_SIGNATURE)
    return seal


def _check_order(replayed: list[Replayed], latest: int) -> None:
    """Refuse neighbours in the latest assistant turn that were no neighbours in one answer."""
    for one, following in pairwise(replayed):
        neighbours = one.turn is following.turn and following.at == one.at + 1
        moved = one.seal.response != following.seal.response or following.seal.follows
        if neighbours and one.turn.index == latest and moved:
            raise fail(following.path, MODIFIED)


def _check_prefixes(request: ParsedRequest, readable: list[Replayed]) -> None:
    failing = [at for at, one in enumerate(readable) if _fails(one)]
    if not failing:
        return
    behavior = (request.thinking.get("block_binding") or {}).get("prefix_mismatch_behavior")
    enforced = behavior is not None or request.caller.enforces_binding or request.model.enforces_for_all
    if not enforced:
        for at in failing:
            _note(request, readable[at], kind="thinking_mismatch_allowed", reason="prefix_binding_mismatch")
    elif behavior == "drop_block":
        for one in readable[failing[0] :]:
            _note(request, one, kind="thinking_dropped", reason="prefix_binding_mismatch")
    else:
        message = PREFIX_MISMATCH if "block_binding" in request.caller.features else f"{PREFIX_MISMATCH} {_NEEDS_BETA}"
        raise Refusal(f"{readable[failing[0]].path}: {message}")


def _fails(one: Replayed) -> bool:
    """Tell whether what stands before the block has changed; missing thinking is allowed at the start only."""
    broken_run = one.previous not in {"", one.seal.previous}
    return one.prefix != one.seal.prefix or broken_run


def _note(request: ParsedRequest, one: Replayed, *, kind: str, reason: str) -> None:
    request.transformations.append({"type": kind, "path": one.path, "reason": reason})
    if kind == "thinking_dropped":
        request.dropped.add((one.turn.index, one.at))


def check_search_results(request: ParsedRequest) -> None:
    for turn in request.turns:
        for at, block in enumerate(turn.blocks):
            _check_block(block, turn.path(at), secret=request.caller.secret)


def _check_block(block: Block, path: str, *, secret: bytes) -> None:
    for name, where, sealed in _sealed(block):
        if not signature.is_sealed_text(sealed, secret):
            raise fail(path, f"Invalid `{name}` in `{where}` block")


def _sealed(block: Block) -> Iterator[tuple[str, str, str]]:
    """Yield the name, the block type and the value of each encrypted part."""
    if block["type"] == "web_search_tool_result" and isinstance(block["content"], list):
        yield from (("encrypted_content", "web_search_result", one["encrypted_content"]) for one in block["content"])
    for citation in block.get("citations") or () if block["type"] == "text" else ():
        if citation["type"] == "web_search_result_location":
            yield "encrypted_index", "web_search_result_location", citation["encrypted_index"]
