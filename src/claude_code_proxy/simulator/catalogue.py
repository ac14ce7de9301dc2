"""The models as `GET /v1/models` shows them: ModelInfo with capabilities, in pages."""

from collections.abc import Mapping
from typing import Any

from claude_code_proxy.simulator import models
from claude_code_proxy.simulator.models import ALL_EFFORTS, MODELS, SimulatedModel
from claude_code_proxy.simulator.refusal import Refusal

_MOST = 1000
_THINKING = ("adaptive", "enabled", "disabled", "between_tools")


def info(model: SimulatedModel) -> dict[str, Any]:
    made: dict[str, Any] = {
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
        made["retires_at"] = model.retires_at
    return made


def _can(supported: bool) -> dict[str, Any]:
    return {"supported": supported}


def _capabilities(model: SimulatedModel) -> dict[str, Any]:
    everywhere = ("batch", "citations", "code_execution", "image_input", "pdf_input", "structured_outputs")
    edits = ("clear_thinking_20251015", "clear_tool_uses_20250919", "compact_20260112")
    return {
        **{name: _can(True) for name in everywhere},
        "context_management": {"supported": True, **{name: _can(True) for name in edits}},
        "effort": {
            "supported": bool(model.efforts),
            **{effort: _can(effort in model.efforts) for effort in ALL_EFFORTS},
        },
        "server_tools": {"supported": True, "web_search": _can(True), "code_execution": _can(True)},
        "thinking": {"supported": True, "types": {kind: _can(kind in model.thinking) for kind in _THINKING}},
    }


def page(query: Mapping[str, list[str]]) -> dict[str, Any]:
    wanted = query.get("lifecycle[]", [])
    shown = [model for model in MODELS if not wanted or model.lifecycle in wanted]
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
    said = query.get("limit", ["20"])[-1]
    if not said.isdigit():
        raise Refusal("limit: Input should be a valid integer, unable to parse string as an integer")
    if not 1 <= int(said) <= _MOST:
        raise Refusal(f"limit: range: 1..{_MOST}")
    return int(said)


def _place(query: Mapping[str, list[str]], name: str, *, ids: list[str]) -> int | None:
    if name not in query:
        return None
    said = query[name][-1]
    if said not in ids:
        raise Refusal(f"{name}: Invalid cursor")
    return ids.index(said)


def one(name: str) -> dict[str, Any]:
    model = models.find(name)
    if model is None:
        raise Refusal(f"model: {name}", 404)
    return info(model)
