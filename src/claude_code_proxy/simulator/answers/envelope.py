"""An answer -> the Message that the service sends: id, model, stop fields and usage."""

from typing import Any

from claude_code_proxy.simulator import tokens
from claude_code_proxy.simulator.answers.answer import Answer
from claude_code_proxy.simulator.answers.prompt_cache import Cached
from claude_code_proxy.simulator.parsed_request import ParsedRequest

_SEARCH_TOKENS = 2000


def message(asked: ParsedRequest, answer: Answer, *, cached: Cached, message_id: str) -> dict[str, Any]:
    made: dict[str, Any] = {
        "model": asked.model.id,
        "id": message_id,
        "type": "message",
        "role": "assistant",
        "content": answer.blocks,
        "container": None,
        "diagnostics": None,
        "stop_reason": answer.stop_reason,
        "stop_sequence": answer.stop_sequence,
        "stop_details": answer.stop_details,
        "usage": _usage(asked, answer, cached=cached),
    }
    if "block_binding" in asked.caller.opened:
        made["input_transformations"] = asked.transformations
    if asked.body.get("context_management"):
        made["context_management"] = {"applied_edits": []}
    return made


def _usage(asked: ParsedRequest, answer: Answer, *, cached: Cached) -> dict[str, Any]:
    written = cached.short + cached.long
    searched = _SEARCH_TOKENS * answer.searches
    usage: dict[str, Any] = {
        "input_tokens": max(tokens.of_prompt(asked) - cached.read - written, 0) + searched,
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": cached.read,
        "cache_creation": {"ephemeral_5m_input_tokens": cached.short, "ephemeral_1h_input_tokens": cached.long},
        "output_tokens": answer.output_tokens,
        "service_tier": "standard",
        "inference_geo": _geo(asked),
    }
    if answer.thought:
        usage["output_tokens_details"] = {"thinking_tokens": min(answer.thought, answer.output_tokens)}
    if answer.searches:
        usage["server_tool_use"] = {"web_search_requests": answer.searches, "web_fetch_requests": 0}
    if asked.body.get("speed") == "fast":
        usage["speed"] = "fast" if asked.model.fast == "yes" else "standard"
    return usage


def _geo(asked: ParsedRequest) -> str:
    if not asked.model.takes_geo:
        return "not_available"
    return asked.body.get("inference_geo") or "global"
