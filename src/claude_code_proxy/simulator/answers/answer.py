"""An accepted request -> the simulated answer to it: its blocks, why it stopped, and how many tokens it took.

Deterministic but for the ids, which the caller makes. Usage is left to `envelope`, the stream to `events`.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from claude_code_proxy.simulator import betas, signature, tokens
from claude_code_proxy.simulator.answers import replies, tool_calls, web_search
from claude_code_proxy.simulator.answers.intent import Intent
from claude_code_proxy.simulator.parsed_request import Block, ParsedRequest
from claude_code_proxy.simulator.refusal import Refusal

NewId = Callable[[str], str]

REDACTING = "ANTHROPIC_MAGIC_STRING_TRIGGER_REDACTED_THINKING"
REFUSING = "ANTHROPIC_MAGIC_STRING_TRIGGER_REFUSAL"
_UNKNOWN: Block = {"type": "simulated_novelty", "novelty": "a block that no client knows yet"}


@dataclass
class Answer:
    """`thought` counts the thinking in `output_tokens`; `cut_json` is how far a call that the limit cut has come."""

    blocks: list[Block]
    stop_reason: str = "end_turn"
    stop_sequence: str | None = None
    stop_details: dict[str, Any] | None = None
    output_tokens: int = 0
    thought: int = 0
    searches: int = 0
    cut_json: str | None = None
    unknown: bool = field(default=False)


def compose(asked: ParsedRequest, intent: Intent, *, new_id: NewId) -> Answer:
    wanted = intent.faults
    if wanted.refusal is not None or REFUSING in intent.text:
        return _refused(wanted.refusal or None)
    if wanted.empty:
        return Answer([], output_tokens=1)
    answer = _answered(asked, intent, new_id=new_id)
    answer.searches = sum(1 for block in answer.blocks if block["type"] == "server_tool_use")
    thinking = _thinking(asked, intent, answer=answer, new_id=new_id)
    answer.blocks = [*thinking, *([] if wanted.thinking_only else answer.blocks)]
    if wanted.unknown:
        answer.blocks = [dict(_UNKNOWN), *answer.blocks]
    answer.unknown = wanted.unknown
    _stop_at_sequence(answer, asked.body.get("stop_sequences") or [])
    _stop_at_limit(answer, asked)
    return answer


def _refused(category: str | None) -> Answer:
    details = {"type": "refusal", "category": category, "explanation": "This simulated request was declined."}
    return Answer([], "refusal", stop_details=details, output_tokens=1)


def _answered(asked: ParsedRequest, intent: Intent, *, new_id: NewId) -> Answer:
    open_call = web_search.pending(asked)
    if open_call is None and intent.continues:
        open_call = {"id": "", "input": {}}
    if open_call is not None or web_search.wanted(asked, intent):
        return _searched(asked, intent, new_id=new_id)
    if intent.faults.pause:
        raise Refusal("simulate: `pause` needs a web search tool in `tools`.")
    calls = tool_calls.calls(asked, intent, new_id=new_id)
    if not calls:
        return Answer(replies.answer_blocks(asked, intent))
    spoken = [] if asked.forces_tool else [replies.text_block(f"I'll use {_named(calls)}.")]
    return Answer([*spoken, *calls], "tool_use")


def _named(calls: list[Block]) -> str:
    return " and ".join(dict.fromkeys(call["name"] for call in calls))


def _searched(asked: ParsedRequest, intent: Intent, *, new_id: NewId) -> Answer:
    """The open call is answered first; then the turn pauses once more, or comes to its end."""
    pending = web_search.pending(asked)
    found = web_search.found(pending, asked.caller.secret) if pending else []
    pauses_left = intent.faults.pause - web_search.calls_so_far(asked)
    if pauses_left > 0:
        return Answer([*found[:1], web_search.call(intent, new_id)], "pause_turn")
    if found or intent.continues:
        return Answer(found or replies.answer_blocks(asked, intent))
    call = web_search.call(intent, new_id)
    return Answer([call, *web_search.found(call, asked.caller.secret)])


def _thinking(asked: ParsedRequest, intent: Intent, *, answer: Answer, new_id: NewId) -> list[Block]:
    if not _thinks(asked, intent):
        return []
    calls = [block for block in answer.blocks if block["type"] == "tool_use"]
    short = intent.task if len(intent.task) < 80 else f"{intent.task[:80]}…"
    plan = f"I will call {_named(calls)}." if calls else "I can answer that now."
    text = f"The user says: “{short}”. {plan}"
    answer.thought = len(tokens.pieces(text))
    hidden = (asked.thinking.get("display") or ("summarized" if asked.model.shows_thinking else "omitted")) == "omitted"
    redacted = REDACTING in intent.task
    prefix, previous = signature.prefix_of_answer(asked)
    bound = signature.Seal(
        model=asked.model.id,
        response=new_id("rsp_"),
        text="" if hidden or redacted else signature.mark(text),
        prefix=prefix,
        previous=previous,
    )
    sealed = signature.seal(bound, asked.caller.secret)
    if redacted:
        return [{"type": "redacted_thinking", "data": sealed}]
    return [{"type": "thinking", "thinking": "" if hidden else text, "signature": sealed}]


def _thinks(asked: ParsedRequest, intent: Intent) -> bool:
    """Not after a prefill, nor where a call is forced; with a fixed budget, within a loop only if interleaved."""
    if intent.faults.no_thinking or asked.forces_tool or asked.turns[-1].role == "assistant":
        return False
    match asked.thinking["type"]:
        case "adaptive":
            return True
        case "enabled":
            return not intent.results or betas.INTERLEAVED in asked.caller.betas
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


def _stop_at_limit(answer: Answer, asked: ParsedRequest) -> None:
    """One piece is one token. Thinking is never cut, only what follows it."""
    room = asked.model.window - tokens.of_prompt(asked)
    limit = min(int(asked.body["max_tokens"]), room)
    answer.output_tokens = answer.thought
    for at, block in enumerate(answer.blocks):
        left = max(limit - answer.output_tokens, 0)
        size = _size(block)
        if size <= left:
            answer.output_tokens += size
            continue
        answer.blocks = answer.blocks[: at + 1]
        _cut(answer, left)
        answer.output_tokens = limit
        break
    else:
        if answer.output_tokens <= limit:
            return
        answer.output_tokens = limit
    answer.stop_reason = (
        "max_tokens" if limit < room or limit == asked.body["max_tokens"] else "model_context_window_exceeded"
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


def _cut(answer: Answer, left: int) -> None:
    """The last block is shortened; a call is left with the part of its arguments that came."""
    last = answer.blocks[-1]
    if last["type"] == "text":
        last["text"] = "".join(tokens.pieces(last["text"])[:left])
    elif last["type"] == "tool_use" and left >= 4:
        answer.cut_json = "".join(tokens.pieces(json.dumps(last["input"], ensure_ascii=False))[: left - 4])
        last["input"] = {}
        return
    else:
        last["text"] = ""
    if not last.get("text", "").strip():
        answer.blocks.pop()
