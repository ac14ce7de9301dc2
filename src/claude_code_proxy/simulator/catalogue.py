"""The models as `GET /v1/models` shows them: ModelInfo with capabilities, in pages."""

from collections.abc import Mapping
from typing import Any

from claude_code_proxy.simulator import models
from claude_code_proxy.simulator.models import ALL_EFFORTS, MODELS, SimulatedModel
from claude_code_proxy.simulator.refusal import Refusal

_MAX_LIMIT = 1000
_THINKING = ("adaptive", "enabled", "disabled", "between_tools")


def info(model: SimulatedModel) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "type": "model",
        "id": model.id,
        "display_name": model.display_name,
        "created_at": model.created_at,
        "lifecycle": model.lifecycle,
        "line": model.line,
        "max_input_tokens": model.window,
        "max_tokens": model.max_output,
        "capabilities": _capabilities(model),
    }
    if model.retires_at:
        entry["retires_at"] = model.retires_at
    return entry


def _support(supported: bool) -> dict[str, Any]:
    return {"supported": supported}


def _capabilities(model: SimulatedModel) -> dict[str, Any]:
    everywhere = ("batch", "citations", "code_execution", "image_input", "pdf_input", "structured_outputs")
    edits = {"clear_thinking_20251015": True, "clear_tool_uses_20250919": True, "compact_20260112": model.compacts}
    return {
        **{name: _support(True) for name in everywhere},
        "context_management": {"supported": True, **{name: _support(can) for name, can in edits.items()}},
        "effort": {
            "supported": bool(model.efforts),
            **{effort: _support(effort in model.efforts) for effort in ALL_EFFORTS},
        },
        "server_tools": {"supported": True, "web_search": _support(True), "code_execution": _support(True)},
        "thinking": {"supported": True, "types": {kind: _support(kind in model.thinking) for kind in _THINKING}},
    }


def page(query: Mapping[str, list[str]]) -> dict[str, Any]:
    lifecycles = query.get("lifecycle[]", [])
    shown = [model for model in MODELS if not lifecycles or model.lifecycle in lifecycles]
    limit = _limit(query)
    ids = [model.id for model in shown]
    before, after = _place(query, "before_id", ids=ids), _place(query, "after_id", ids=ids)
    if before is not None:
        start, end = max(before - limit, 0), before
        more = start > 0
    else:
        start = 0 if after is None else after + 1
        end = min(start + limit, len(shown))
        more = end < len(shown)
    found = [info(model) for model in shown[start:end]]
    return {
        "data": found,
        "has_more": more,
        "first_id": found[0]["id"] if found else None,
        "last_id": found[-1]["id"] if found else None,
    }


def _limit(query: Mapping[str, list[str]]) -> int:
    value = query.get("limit", ["20"])[-1]
    if not value.isdigit():
        raise Refusal("limit: Input should be a valid integer, unable to parse string as an integer")
    if not 1 <= int(value) <= _MAX_LIMIT:
        raise Refusal(f"limit: range: 1..{_MAX_LIMIT}")
    return int(value)


def _place(query: Mapping[str, list[str]], name: str, *, ids: list[str]) -> int | None:
    if name not in query:
        return None
    value = query[name][-1]
    if value not in ids:
        raise Refusal(f"{name}: Invalid cursor")
    return ids.index(value)


def one(name: str) -> dict[str, Any]:
    model = models.find(name)
    if model is None:
        raise Refusal(f"model: {name}", 404)
    return info(model)
