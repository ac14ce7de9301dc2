"""An answer to the Message that the service sends: id, model, stop fields and usage."""

from typing import Any

from claude_code_proxy.simulator import tokens
from claude_code_proxy.simulator.answers.answer import Answer
from claude_code_proxy.simulator.answers.prompt_cache import CacheUsage
from claude_code_proxy.simulator.parsed_request import ParsedRequest

_SEARCH_TOKENS = 2000


def message(request: ParsedRequest, answer: Answer, *, cached: CacheUsage, message_id: str) -> dict[str, Any]:
    body: dict[str, Any] = {
        "model": request.model.id,
        "id": message_id,
        "type": "message",
        "role": "assistant",
        "content": answer.blocks,
        "container": None,
        "diagnostics": None,
        "stop_reason": answer.stop_reason,
        "stop_sequence": answer.stop_sequence,
        "stop_details": answer.stop_details,
        "usage": _usage(request, answer, cached=cached),
    }
    if "block_binding" in request.caller.features:
        body["input_transformations"] = request.transformations
    if request.body.get("context_management"):
        body["context_management"] = {"applied_edits": []}
    return body


def _usage(request: ParsedRequest, answer: Answer, *, cached: CacheUsage) -> dict[str, Any]:
    written = cached.short + cached.long
    if answer.stop_reason == "compaction":
        return _usage_of_compaction(request, answer, cached=cached)
    searched = _SEARCH_TOKENS * answer.searches
    usage: dict[str, Any] = {
        "input_tokens": max(tokens.count_prompt(request) - cached.read - written, 0) + searched,
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": cached.read,
        "cache_creation": {"ephemeral_5m_input_tokens": cached.short, "ephemeral_1h_input_tokens": cached.long},
        "output_tokens": answer.output_tokens,
        "service_tier": "standard",
        "inference_geo": _geo(request),
    }
    if answer.thinking_tokens:
        usage["output_tokens_details"] = {"thinking_tokens": min(answer.thinking_tokens, answer.output_tokens)}
    if answer.searches:
        usage["server_tool_use"] = {"web_search_requests": answer.searches, "web_fetch_requests": 0}
    if request.body.get("speed") == "fast":
        usage["speed"] = "fast" if request.model.fast == "yes" else "standard"
    return usage


def _usage_of_compaction(request: ParsedRequest, answer: Answer, *, cached: CacheUsage) -> dict[str, Any]:
    """Return the usage of a compaction, whose tokens are not among those of the Message."""
    written = cached.short + cached.long
    counted = {
        "type": "compaction",
        "input_tokens": max(tokens.count_prompt(request) - cached.read - written, 0),
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": cached.read,
        "cache_creation": {"ephemeral_5m_input_tokens": cached.short, "ephemeral_1h_input_tokens": cached.long},
        "output_tokens": len(tokens.pieces(answer.blocks[0]["content"])),
    }
    nothing = {"cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 0}
    usage = {"input_tokens": 0, **nothing, "service_tier": "standard", "inference_geo": _geo(request)}
    return {**usage, "iterations": [counted]}


def _geo(request: ParsedRequest) -> str:
    if not request.model.supports_geo:
        return "not_available"
    return request.body.get("inference_geo") or "global"
