"""The top-level fields: what a request may and must hold, and the limits of those that stand alone."""

import re
from functools import lru_cache
from typing import Any

from claude_code_proxy.simulator.parsed_request import Caller, ParsedRequest
from claude_code_proxy.simulator.refusal import Refusal
from claude_code_proxy.simulator.rules import blocks, tool_shapes
from claude_code_proxy.simulator.rules.shape import (
    Check,
    anything,
    boolean,
    dictionary,
    fail,
    integer,
    items,
    literal,
    nullable,
    number,
    record,
    tagged,
    text,
    text_or,
)

MAX_MESSAGES = 100_000
_EFFORT = nullable(literal("low", "medium", "high", "xhigh", "max"))
_FORMAT = nullable(tagged({"json_schema": record({"type": anything, "schema": dictionary})}))
_MCP_SERVER = record(
    {"type": literal("url"), "url": text(pattern=r"^https://"), "name": text(minimum=1)},
    {"authorization_token": nullable(text()), "tool_configuration": nullable(dictionary)},
)
_EDIT_KINDS = ("clear_tool_uses_20250919", "clear_thinking_20251015", "compact_20260112")
_CONTEXT_MANAGEMENT = nullable(record({}, {"edits": items(tagged(dict.fromkeys(_EDIT_KINDS, dictionary)))}))
_THREAD = nullable(
    tagged({
        "create": record({"type": anything}),
        "continue": record({"type": anything, "previous_message_id": text(minimum=1)}),
    })
)
_BEHIND_BETAS: dict[str, dict[str, Check]] = {
    "summarize": {
        "compaction": nullable(tagged({"summarize": record({"type": anything}, {"instructions": nullable(text())})}))
    },
    "context_management": {"context_management": _CONTEXT_MANAGEMENT},
    "fallback_credit": {"fallback_credit_token": nullable(text())},
    "fallbacks": {"fallbacks": anything},
    "mcp": {"mcp_servers": items(_MCP_SERVER)},
    "thread": {"thread": _THREAD},
}


def _thinking(features: frozenset[str]) -> Check:
    shown = ("summarized", "omitted", *(("updates",) if "display_updates" in features else ()))
    more: dict[str, Check] = {"display": nullable(literal(*shown))}
    if "block_binding" in features:
        more["block_binding"] = nullable(record({}, {"prefix_mismatch_behavior": literal("error", "drop_block")}))
    return tagged({
        "enabled": record({"type": anything, "budget_tokens": integer(minimum=1024)}, more),
        "adaptive": record({"type": anything}, more),
        "between_tools": record({"type": anything}, more),
        "disabled": record({"type": anything}),
    })


def _message(features: frozenset[str]) -> Check:
    more: dict[str, Check] = {"clear_at": literal("next_user_message")} if "clear_at" in features else {}
    if "per_turn_control" in features:
        more["output_config"] = nullable(record({}, {"effort": _EFFORT}))
    return record(
        {"role": text(), "content": text_or(items(blocks.content_block(features)))},
        more,
        misshapen="Input does not match the expected shape.",
    )


def _counted_fields(features: frozenset[str]) -> dict[str, Check]:
    config: dict[str, Check] = {"effort": _EFFORT, "format": _FORMAT}
    if "task_budget" in features:
        config["task_budget"] = nullable(dictionary)
    fields: dict[str, Check] = {
        "system": text_or(items(tagged({"text": blocks.TEXT}))),
        "tools": items(tool_shapes.tool(features)),
        "tool_choice": tool_shapes.TOOL_CHOICE,
        "thinking": _thinking(features),
        "output_config": nullable(record({}, config)),
        "cache_control": blocks.CACHE_CONTROL,
        "speed": nullable(literal("standard", "fast")),
    }
    for feature, more in _BEHIND_BETAS.items():
        if feature in features:
            fields.update(more)
    return fields


_SAMPLING: dict[str, Check] = {
    "temperature": number(low=0, high=1),
    "top_p": number(low=0, high=1),
    "top_k": integer(minimum=0),
}


@lru_cache(maxsize=64)
def _request(features: frozenset[str], version: str, *, counting: bool) -> Check:
    required: dict[str, Check] = {"model": text(minimum=1, maximum=256), "messages": items(_message(features))}
    optional = _counted_fields(features)
    if counting:
        optional.pop("mcp_servers", None)
    else:
        required["max_tokens"] = integer(minimum=0)
        optional.update({
            "stream": boolean,
            "stop_sequences": items(text()),
            "metadata": record({}, {"user_id": nullable(text(maximum=256))}),
            "service_tier": literal("auto", "standard_only"),
            "inference_geo": nullable(text(minimum=1)),
            "container": nullable(text_or(record({}, {"id": nullable(text()), "skills": nullable(items(dictionary))}))),
            "diagnostics": nullable(record({}, {"previous_message_id": nullable(text())})),
            **(_SAMPLING if version == "2023-06-01" else {}),
        })
    return record(required, optional)


def check_shape(body: Any, caller: Caller) -> dict[str, Any]:
    """Return the body once every field, block and tool in it has the right shape."""
    _request(caller.features, caller.version, counting=caller.counting)(body, "")
    shaped: dict[str, Any] = body
    if not shaped["messages"]:
        raise fail("messages", "at least one message is required")
    if len(shaped["messages"]) > MAX_MESSAGES:
        raise fail("messages", f"List should have at most {MAX_MESSAGES} items after validation")
    return shaped


def check_limits(request: ParsedRequest) -> None:
    if not request.caller.counting:
        _check_max_tokens(request)
        _check_stop_sequences(request.body.get("stop_sequences", []))
        _check_user_id((request.body.get("metadata") or {}).get("user_id"))
        _check_container(request)
        _check_geo(request)
    _check_edits(request)
    if request.body.get("speed") == "fast" and request.model.fast == "no":
        raise fail("speed", "'fast' is not supported for this model.")


def _check_max_tokens(request: ParsedRequest) -> None:
    max_tokens = request.body["max_tokens"]
    if max_tokens > request.model.max_output:
        raise fail(
            "max_tokens",
            f"{max_tokens} > {request.model.max_output}, which is the maximum allowed number of output tokens for "
            f"{request.model.id}",
        )
    if max_tokens == 0:
        _check_warming(request)


def _check_warming(request: ParsedRequest) -> None:
    """Refuse fields that need an answer beside `max_tokens: 0`, which only fills the prompt cache."""
    conflicts = (
        ("stream", bool(request.body.get("stream"))),
        ("thinking.enabled", request.thinking["type"] == "enabled"),
        ("output_config.format", request.output_schema is not None),
        ("a forced tool_choice", request.forces_tool),
    )
    for name, present in conflicts:
        if present:
            raise fail("max_tokens", f"0 is not allowed with {name}")


def _check_stop_sequences(sequences: list[str]) -> None:
    if any(not sequence.strip() for sequence in sequences):
        raise fail("stop_sequences", "each stop sequence must contain non-whitespace")


_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}")
_PHONE = re.compile(r"^\+?[\d\s().-]{10,20}$")


def _check_user_id(user_id: str | None) -> None:
    if not user_id:
        return
    if _EMAIL.search(user_id):
        raise fail("metadata.user_id", "user_id appears to contain an email address")
    if _PHONE.match(user_id) and not user_id.isdigit():
        raise fail("metadata.user_id", "user_id appears to contain a phone number")


def _check_container(request: ParsedRequest) -> None:
    runs_code = any(str(tool.get("type", "")).startswith(("code_execution_", "web_")) for tool in request.tools)
    if request.body.get("container") is not None and not runs_code:
        raise fail("container", "container can only be provided when a code execution tool is enabled")


def _check_edits(request: ParsedRequest) -> None:
    for index, edit in enumerate((request.body.get("context_management") or {}).get("edits", ())):
        if edit["type"] == "compact_20260112" and not request.model.compacts:
            raise fail(f"context_management.edits.{index}", "compact_20260112 is not supported for this model.")


def _check_geo(request: ParsedRequest) -> None:
    geo = request.body.get("inference_geo")
    if geo is not None and not request.model.supports_geo:
        raise fail("inference_geo", "inference_geo is not supported for this model.")
    if geo is not None and geo not in {"us", "global"}:
        raise Refusal(f"inference_geo: Invalid inference geo: {geo}")
