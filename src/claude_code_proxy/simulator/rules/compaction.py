"""Compaction on demand (beta `compact-2026-09-04`): what `compaction` asks for, and the signed blocks that come back.

A signed block stands first in `messages`, in place of what it summarizes, once and unchanged. The error codes are the
service's own, their messages are not known. A block without a signature is one of `compact-2026-01-12`.
"""

import json
from typing import Any, NoReturn

from claude_code_proxy.simulator import signature
from claude_code_proxy.simulator.parsed_request import Block, ParsedRequest
from claude_code_proxy.simulator.refusal import Refusal
from claude_code_proxy.simulator.rules.shape import fail

_OF_EDITS = "compact-2026-01-12"


def check(request: ParsedRequest) -> None:
    _check_blocks(request)
    compaction = request.body.get("compaction")
    if compaction is None:
        return
    if not request.model.compacts:
        raise fail("compaction", "summarize is not supported for this model.")
    if request.body.get("context_management"):
        raise fail("compaction", "not allowed together with context_management")
    if request.turns[-1].role == "assistant":
        code = "incomplete_turn" if any(turn.role == "user" for turn in request.turns) else "nothing_to_summarize"
        _refuse(code, "the conversation must end with a user message")


def _check_blocks(request: ParsedRequest) -> None:
    found = [(turn, at, block) for turn in request.turns for at, block in turn.of_type("compaction")]
    signed = [one for one in found if one[2].get("signature")]
    if len(signed) < len(found) and _OF_EDITS not in request.caller.betas:
        _refuse("signature_invalid", "a compaction block needs its signature")
    if len(signed) > 1:
        _refuse("block_ambiguous", "there is more than one compaction block")
    for turn, at, block in signed:
        if turn is not request.turns[0] or at:
            _refuse("block_misplaced", f"{turn.path(at)}: the compaction block must come first")
        if not signature.is_sealed_text(block["signature"], request.caller.secret):
            _refuse("signature_invalid", "the signature is not valid")
        if block["signature"] != signed_by(block, request.caller.secret):
            _refuse("content_mismatch", "the compaction block was changed")


def signed_by(block: Block, secret: bytes) -> str:
    """Return the signature of a compaction block."""
    return signature.seal_text(json.dumps([block.get("content"), block.get("tool_changes")]), secret)


def _refuse(code: str, message: str) -> NoReturn:
    details: dict[str, Any] = {"error_code": f"compaction_{code}"}
    raise Refusal(f"compaction: {message}", details=details)
