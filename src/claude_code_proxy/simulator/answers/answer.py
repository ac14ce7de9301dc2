"""An accepted request to the simulated answer: its blocks, its stop reason, and its number of tokens.

Deterministic except for the ids, which the caller makes. Usage is left to `envelope`, the stream to `wire.events`.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from claude_code_proxy.simulator import betas, signature, tokens
from claude_code_proxy.simulator.answers import compaction, replies, tool_calls, web_search
from claude_code_proxy.simulator.answers.intent import Intent
from claude_code_proxy.simulator.parsed_request import Block, ParsedRequest
from claude_code_proxy.simulator.refusal import Refusal

NewId = Callable[[str], str]

REDACTED_TRIGGER = "ANTHROPIC_MAGIC_STRING_TRIGGER_REDACTED_THINKING"
REFUSAL_TRIGGER = "ANTHROPIC_MAGIC_STRING_TRIGGER_REFUSAL"
_UNKNOWN: Block = {"type": "simulated_novelty", "novelty": "a block that no client knows yet"}


@dataclass
class Answer:
    """`thinking_tokens` are part of `output_tokens`; `cut_json` holds the partial arguments of a truncated call."""

    blocks: list[Block]
    stop_reason: str = "end_turn"
    stop_sequence: str | None = None
    stop_details: dict[str, Any] | None = None
    output_tokens: int = 0
    thinking_tokens: int = 0
    searches: int = 0
    cut_json: str | None = None
    unknown: bool = field(default=False)


def compose(request: ParsedRequest, intent: Intent, *, new_id: NewId) -> Answer:
    faults = intent.faults
    if faults.refusal is not None or REFUSAL_TRIGGER in intent.text:
        return _refused(faults.refusal or None)
    if faults.empty:
        return Answer([], output_tokens=1)
    if request.body.get("compaction"):
        return Answer([compaction.block(request, intent)], "compaction")
    answer = _answered(request, intent, new_id=new_id)
    answer.searches = sum(1 for block in answer.blocks if block["type"] == "server_tool_use")
    thinking = _thinking(request, intent, answer=answer, new_id=new_id)
    answer.blocks = [*thinking, *([] if faults.thinking_only else answer.blocks)]
    if faults.unknown:
        answer.blocks = [dict(_UNKNOWN), *answer.blocks]
    answer.unknown = faults.unknown
    _stop_at_sequence(answer, request.body.get("stop_sequences") or [])
    _stop_at_limit(answer, request)
    return answer


def _refused(category: str | None) -> Answer:
    details = {"type": "refusal", "category": category, "explanation": "This simulated request was declined."}
    return Answer([], "refusal", stop_details=details, output_tokens=1)


def _answered(request: ParsedRequest, intent: Intent, *, new_id: NewId) -> Answer:
    open_call = web_search.pending_call(request)
    if open_call is None and intent.continues:
        open_call = {"id": "", "input": {}}
    if open_call is not None or web_search.is_requested(request, intent):
        return _searched(request, intent, new_id=new_id)
    if intent.faults.pause:
        raise Refusal("simulate: `pause` needs a web search tool in `tools`.")
    calls = tool_calls.calls(request, intent, new_id=new_id)
    if not calls:
        return Answer(replies.answer_blocks(request, intent))
    preamble = [] if request.forces_tool else [replies.text_block(f"I'll use {_named(calls)}.")]
    return Answer([*preamble, *calls], "tool_use")


def _named(calls: list[Block]) -> str:
    return " and ".join(dict.fromkeys(call["name"] for call in calls))


def _searched(request: ParsedRequest, intent: Intent, *, new_id: NewId) -> Answer:
    """Answer the open call first, then pause the turn once more or end it."""
    pending = web_search.pending_call(request)
    found = web_search.result_blocks(pending, request.caller.secret) if pending else []
    pauses_left = intent.faults.pause - web_search.calls_so_far(request)
    if pauses_left > 0:
        return Answer([*found[:1], web_search.call(intent, new_id)], "pause_turn")
    if found or intent.continues:
        return Answer(found or replies.answer_blocks(request, intent))
    call = web_search.call(intent, new_id)
    return Answer([call, *web_search.result_blocks(call, request.caller.secret)])


def _thinking(request: ParsedRequest, intent: Intent, *, answer: Answer, new_id: NewId) -> list[Block]:
    if not _thinks(request, intent):
        return []
    calls = [block for block in answer.blocks if block["type"] == "tool_use"]
    short = intent.task if len(intent.task) < 80 else f"{intent.task[:80]}…"
    plan = f"I will call {_named(calls)}." if calls else "I can answer that now."
    text = f"The user says: “{short}”. {plan}"
    answer.thinking_tokens = len(tokens.pieces(text))
    hidden = (
        request.thinking.get("display") or ("summarized" if request.model.shows_thinking else "omitted")
    ) == "omitted"
    redacted = REDACTED_TRIGGER in intent.task
    prefix, previous = signature.prefix_of_answer(request)
    bound = signature.SignedThinking(
        model=request.model.id,
        response=new_id("rsp_"),
        text="" if hidden or redacted else signature.fingerprint(text),
        prefix=prefix,
        previous=previous,
    )
    sealed = signature.seal(bound, request.caller.secret)
    if redacted:
        return [{"type": "redacted_thinking", "data": sealed}]
    return [{"type": "thinking", "thinking": "" if hidden else text, "signature": sealed}]


def _thinks(request: ParsedRequest, intent: Intent) -> bool:
    """Tell whether this answer thinks: never after a prefill or with a forced call, within a loop by the mode."""
    if intent.faults.no_thinking or request.forces_tool or request.turns[-1].role == "assistant":
        return False
    match request.thinking["type"]:
        case "adaptive":
            return True
        case "enabled":
            return not intent.results or betas.INTERLEAVED in request.caller.betas
        case "between_tools":
            return bool(intent.results)
        case _:
            return False


def _stop_at_sequence(answer: Answer, sequences: list[str]) -> None:
    for at, block in enumerate(answer.blocks):
        if block["type"] != "text":
            continue
        hits = [(block["text"].find(sequence), sequence) for sequence in sequences if sequence in block["text"]]
        if hits:
            where, hit = min(hits)
            block["text"] = block["text"][:where]
            answer.blocks = answer.blocks[: at + 1]
            answer.stop_reason, answer.stop_sequence = "stop_sequence", hit
            break
    answer.blocks = [block for block in answer.blocks if block["type"] != "text" or block["text"].strip()]


def _stop_at_limit(answer: Answer, request: ParsedRequest) -> None:
    """Truncate at `max_tokens` or the context window. One piece is one token; thinking is never cut."""
    room = request.model.window - tokens.count_prompt(request)
    limit = min(int(request.body["max_tokens"]), room)
    answer.output_tokens = answer.thinking_tokens
    for at, block in enumerate(answer.blocks):
        remaining = max(limit - answer.output_tokens, 0)
        size = _size(block)
        if size <= remaining:
            answer.output_tokens += size
            continue
        answer.blocks = answer.blocks[: at + 1]
        _cut(answer, remaining)
        answer.output_tokens = limit
        break
    else:
        if answer.output_tokens <= limit:
            return
        answer.output_tokens = limit
    answer.stop_reason = (
        "max_tokens" if limit < room or limit == request.body["max_tokens"] else "model_context_window_exceeded"
    )
    answer.stop_sequence = None


def _size(block: Block) -> int:
    match block["type"]:
        case "text":
            return len(tokens.pieces(block["text"]))
        case "tool_use" | "server_tool_use":
            return 4 + len(tokens.pieces(json.dumps(block["input"])))
        case _:
            return 0


def _cut(answer: Answer, remaining: int) -> None:
    """Shorten the last block to the remaining tokens; a call keeps the beginning of its arguments."""
    last = answer.blocks[-1]
    if last["type"] == "text":
        last["text"] = "".join(tokens.pieces(last["text"])[:remaining])
    elif last["type"] == "tool_use" and remaining >= 4:
        answer.cut_json = "".join(tokens.pieces(json.dumps(last["input"], ensure_ascii=False))[: remaining - 4])
        last["input"] = {}
        return
    else:
        last["text"] = ""
    if not last.get("text", "").strip():
        answer.blocks.pop()
