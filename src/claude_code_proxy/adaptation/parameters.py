"""Parameters of a request that the model takes, within its range: output tokens, speed, region and sampling.

Leaving out a parameter that has its default value loses nothing.
"""

from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adjustment import Action, Adjustment
from claude_code_proxy.models.model import Model

_THINKING_TOP_P = 0.95  # the least that goes with thinking


def normalize_sampling(
    request: messages.MessagesRequest, model: Model, *, notes: list[Adjustment]
) -> messages.MessagesRequest:
    if request.temperature is None and request.top_p is None and request.top_k is None:
        return request
    if model.sampling == "none":
        return _without(request, "temperature", "top_p", "top_k", reason="this model takes no sampling", notes=notes)
    request = _clamped(request, notes=notes)
    if isinstance(request.thinking, messages.Enabled | messages.Adaptive):
        request = _beside_thinking(request, notes=notes)
    return _one_of(request, notes=notes)


def _beside_thinking(request: messages.MessagesRequest, *, notes: list[Adjustment]) -> messages.MessagesRequest:
    names = ["temperature", "top_k"]
    if request.top_p is not None and request.top_p < _THINKING_TOP_P:
        names.append("top_p")
    return _without(request, *names, reason="not together with thinking", notes=notes)


def _one_of(request: messages.MessagesRequest, *, notes: list[Adjustment]) -> messages.MessagesRequest:
    """Temperature wins over top_p, unless it is the default and so says nothing."""
    if request.temperature is None or request.top_p is None:
        return request
    surplus = "temperature" if request.temperature == 1 else "top_p"
    return _without(request, surplus, reason="this model takes temperature or top_p, not both", notes=notes)


def _clamped(request: messages.MessagesRequest, *, notes: list[Adjustment]) -> messages.MessagesRequest:
    for name in ("temperature", "top_p"):
        value: float | None = getattr(request, name)
        if value is not None and not 0 <= value <= 1:
            nearest = min(max(value, 0.0), 1.0)
            notes.append(Adjustment(name, Action.CLAMPED, f"{value:g} to {nearest:g}", changes_meaning=True))
            request = replace(request, **{name: nearest})
    if request.top_k is not None and request.top_k < 0:
        notes.append(Adjustment("top_k", Action.DROPPED, "a negative one sets no limit"))
        request = replace(request, top_k=None)
    return request


def _without(
    request: messages.MessagesRequest, *names: str, reason: str, notes: list[Adjustment]
) -> messages.MessagesRequest:
    given = [name for name in names if getattr(request, name) is not None]
    for name in given:
        is_default = getattr(request, name) < 0 if name == "top_k" else getattr(request, name) == 1
        notes.append(Adjustment(name, Action.DROPPED, reason, changes_meaning=not is_default))
    return replace(request, **dict.fromkeys(given)) if given else request


def set_max_tokens(
    request: messages.MessagesRequest, model: Model, *, notes: list[Adjustment]
) -> messages.MessagesRequest:
    """Return the request with a limit of output tokens: the model's own where the request sets none."""
    if request.max_tokens > model.max_output:
        reason = f"this model writes at most {model.max_output} tokens"
        notes.append(Adjustment("max_tokens", Action.CLAMPED, reason))
    elif request.max_tokens > 0:
        return request
    return replace(request, max_tokens=model.max_output)


def drop_extras(
    request: messages.MessagesRequest, model: Model, *, notes: list[Adjustment]
) -> messages.MessagesRequest:
    """Speed and region where the model has no choice of them."""
    if request.speed == "fast" and model.fast == "no":
        notes.append(Adjustment("speed", Action.DROPPED, "this model has no fast mode", changes_meaning=True))
        request = replace(request, speed=None)
    if request.inference_geo is not None and not model.inference_geo:
        notes.append(
            Adjustment("inference_geo", Action.DROPPED, "this model has no choice of region", changes_meaning=True)
        )
        request = replace(request, inference_geo=None)
    return request
