"""Replayed thinking: its signature, whether this model can read it, and whether anything before it has changed.

What fails the prefix check is refused, dropped or only noted, as the request and the account have it; thinking that the
model cannot read is always dropped without a word. Written after the service's page on preserved thinking.
"""

from dataclasses import dataclass
from itertools import pairwise

from claude_code_proxy.simulator import models, signature
from claude_code_proxy.simulator.parsed_request import Block, ParsedRequest, ParsedTurn
from claude_code_proxy.simulator.refusal import Refusal
from claude_code_proxy.simulator.rules.shape import fail

FORGED = "Invalid `signature` in `thinking` block"
CHANGED = (
    "`thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified. "
    "These blocks must remain as they were in the original response."
)
BOUND = (
    f"{FORGED}. The block is bound to a different conversation. Remove the block, or set "
    '`thinking.block_binding.prefix_mismatch_behavior` to "drop_block".'
)
_NEEDS_BETA = "That setting requires the `thinking-binding-controls-2026-08-01` value in the `anthropic-beta` header."


@dataclass(frozen=True)
class Replayed:
    """One thinking block as it came back; `prefix` is what stands before it now, `previous` the thinking before it."""

    turn: ParsedTurn
    at: int
    seal: signature.Seal
    prefix: str
    previous: str

    @property
    def path(self) -> str:
        return self.turn.path(self.at)


def check(asked: ParsedRequest) -> None:
    """Fills in the request's dropped blocks and transformations."""
    replayed = _opened(asked)
    _check_order(replayed, _latest(asked))
    readable = []
    for one in replayed:
        writer = models.find(one.seal.model)
        if writer is not None and asked.model.reads_thinking_of(writer):
            readable.append(one)
        else:
            _note(asked, one, kind="thinking_dropped", reason="model_binding_mismatch")
    if asked.model.binds_prefix:
        _check_prefixes(asked, readable)


def _latest(asked: ParsedRequest) -> int:
    return max((turn.index for turn in asked.turns if turn.role == "assistant"), default=-1)


def _opened(asked: ParsedRequest) -> list[Replayed]:
    latest = _latest(asked)
    prefix = signature.BoundPrefix(asked)
    found: list[Replayed] = []
    previous = ""
    for turn in asked.turns:
        prefix.enter(turn.role)
        for at, block in enumerate(turn.blocks):
            if block["type"] in signature.THINKING:
                seal = _verified(asked, block, path=turn.path(at), latest=turn.index == latest)
                found.append(Replayed(turn, at, seal, prefix.digest(), previous))
                previous = signature.mark(signature.signature_of(block))
            else:
                prefix.add(block)
    return found


def _verified(asked: ParsedRequest, block: Block, *, path: str, latest: bool) -> signature.Seal:
    seal = signature.unseal(signature.signature_of(block), asked.caller.secret)
    if seal is None:
        raise fail(path, FORGED)
    # Text in a block that was sent without any is ignored.
    if seal.text and seal.text != signature.mark(block.get("thinking", "")):
        raise fail(path, CHANGED if latest else FORGED)
    return seal


def _check_order(replayed: list[Replayed], latest: int) -> None:
    """In the latest assistant turn, neighbouring blocks are those of one answer, and were neighbours in it."""
    for one, following in pairwise(replayed):
        neighbours = one.turn is following.turn and following.at == one.at + 1
        moved = one.seal.response != following.seal.response or following.seal.follows
        if neighbours and one.turn.index == latest and moved:
            raise fail(following.path, CHANGED)


def _check_prefixes(asked: ParsedRequest, readable: list[Replayed]) -> None:
    failing = [at for at, one in enumerate(readable) if _fails(one)]
    if not failing:
        return
    behavior = (asked.thinking.get("block_binding") or {}).get("prefix_mismatch_behavior")
    enforced = behavior is not None or asked.caller.enforces_binding or asked.model.enforces_for_all
    if not enforced:
        for at in failing:
            _note(asked, readable[at], kind="thinking_mismatch_allowed", reason="prefix_binding_mismatch")
    elif behavior == "drop_block":
        for one in readable[failing[0] :]:
            _note(asked, one, kind="thinking_dropped", reason="prefix_binding_mismatch")
    else:
        words = BOUND if "block_binding" in asked.caller.opened else f"{BOUND} {_NEEDS_BETA}"
        raise Refusal(f"{readable[failing[0]].path}: {words}")


def _fails(one: Replayed) -> bool:
    """The blocks that are kept must be an unbroken run; some may be missing from its start."""
    broken_run = one.previous not in {"", one.seal.previous}
    return one.prefix != one.seal.prefix or broken_run


def _note(asked: ParsedRequest, one: Replayed, *, kind: str, reason: str) -> None:
    asked.transformations.append({"type": kind, "path": one.path, "reason": reason})
    if kind == "thinking_dropped":
        asked.dropped.add((one.turn.index, one.at))
