"""The upstream's own list of models, as its Models API tells it: decoding, and what it changes in a model.

The list covers windows, thinking, effort and lifecycle. It says nothing of sampling, prefill, forced tools, caching or
prices: there the table stays right.
"""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec.structs import replace

from claude_code_proxy.models.model import EFFORTS, Effort, Model, Status, ThinkingKind, with_thinking


class Supported(msgspec.Struct, frozen=True):
    supported: bool = False


class ThinkingTypes(msgspec.Struct, frozen=True):
    adaptive: Supported = Supported()
    enabled: Supported = Supported()
    disabled: Supported = Supported()
    between_tools: Supported = Supported()


class ListedThinking(msgspec.Struct, frozen=True):
    supported: bool = False
    types: ThinkingTypes | None = None


class EffortLevels(msgspec.Struct, frozen=True):
    supported: bool = False
    low: Supported = Supported()
    medium: Supported = Supported()
    high: Supported = Supported()
    xhigh: Supported | None = None
    max: Supported = Supported()


class ListedEdits(msgspec.Struct, frozen=True):
    """The types of `context_management.edits`; None where nothing is said of one."""

    supported: bool = False
    clear_thinking_20251015: Supported | None = None
    clear_tool_uses_20250919: Supported | None = None
    compact_20260112: Supported | None = None


class Capabilities(msgspec.Struct, frozen=True):
    thinking: ListedThinking | None = None
    effort: EffortLevels | None = None
    structured_outputs: Supported | None = None
    context_management: ListedEdits | None = None


class ModelInfo(msgspec.Struct, frozen=True):
    """One entry of `GET /v1/models`."""

    id: str
    display_name: str = ""
    created_at: str = ""
    lifecycle: str = "active"
    retires_at: str | None = None
    max_input_tokens: Annotated[int, msgspec.Meta(ge=1, le=10**12)] | None = None
    max_tokens: Annotated[int, msgspec.Meta(ge=1, le=10**12)] | None = None
    capabilities: Capabilities | None = None


class ModelPage(msgspec.Struct, frozen=True):
    """`next_after` is the id to ask on from; None on the last page."""

    data: tuple[ModelInfo, ...]
    next_after: str | None = None


class _WirePage(msgspec.Struct, frozen=True):
    data: list[Any]
    has_more: bool = False
    last_id: str | None = None


_PAGE = msgspec.json.Decoder(_WirePage)
_STATUSES: dict[str, Status] = {"active": "active", "deprecated": "deprecated", "retired": "retired"}
_KINDS: tuple[ThinkingKind, ...] = ("adaptive", "enabled", "disabled", "between_tools")


def decode_page(body: bytes) -> ModelPage:
    """One page of the list; raises `msgspec.DecodeError` or its subclass when it is none.

    What is null counts as not told, and an entry that cannot be read does not cost the others.
    """
    page = _PAGE.decode(body)
    infos = tuple(info for entry in page.data if (info := _info(entry)) is not None)
    last = page.last_id or (infos[-1].id if infos else None)
    return ModelPage(infos, last if page.has_more else None)


def _info(entry: Any) -> ModelInfo | None:
    try:
        return msgspec.convert(_present(entry), ModelInfo)
    except msgspec.ValidationError:
        return None


def _present(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {name: _present(inner) for name, inner in value.items() if inner is not None}


def merge(model: Model, info: ModelInfo) -> Model:
    """Return the model with what the upstream says of it."""
    merged = replace(
        model,
        id=model.id if info.id in model.snapshots else info.id,  # the upstream's own spelling
        known=True,
        name=info.display_name or model.name,
        released=_epoch(info.created_at) or model.released,
        context_window=info.max_input_tokens or model.context_window,
        max_output=info.max_tokens or model.max_output,
        status=_STATUSES.get(info.lifecycle, model.status),
        retires_at=info.retires_at or model.retires_at,
    )
    return merged if info.capabilities is None else _capable(merged, info.capabilities)


def _capable(model: Model, capabilities: Capabilities) -> Model:
    if capabilities.thinking is not None:
        model = _thinking(model, capabilities.thinking)
    if capabilities.effort is not None:
        efforts = _efforts(capabilities.effort)
        default = model.default_effort if model.default_effort in efforts else None
        model = replace(model, efforts=efforts, default_effort=default)
    if capabilities.structured_outputs is not None:
        native = capabilities.structured_outputs.supported
        model = replace(model, structured_outputs=native, strict_tools=native)
    if capabilities.context_management is not None:
        model = replace(model, lacks_edits=_lacking(capabilities.context_management))
    return model


def _lacking(listed: ListedEdits) -> frozenset[str]:
    kinds = {name: getattr(listed, name) for name in ListedEdits.__struct_fields__ if name != "supported"}
    return frozenset(kind for kind, can in kinds.items() if not (listed.supported and (can is None or can.supported)))


def _thinking(model: Model, capabilities: ListedThinking) -> Model:
    types = capabilities.types or ThinkingTypes()
    kinds = frozenset(kind for kind in _KINDS if capabilities.supported and getattr(types, kind).supported)
    if capabilities.supported and not kinds:
        return model  # it thinks, but the list does not say how
    return with_thinking(model, kinds)


def _efforts(capabilities: EffortLevels) -> tuple[Effort, ...]:
    levels: dict[Effort, Supported | None] = {
        "low": capabilities.low,
        "medium": capabilities.medium,
        "high": capabilities.high,
        "xhigh": capabilities.xhigh,
        "max": capabilities.max,
    }
    return tuple(
        effort for effort in EFFORTS if capabilities.supported and (level := levels[effort]) and level.supported
    )


def _epoch(created_at: str) -> int:
    try:
        return int(datetime.fromisoformat(created_at).timestamp()) if created_at else 0
    except ValueError:
        return 0
