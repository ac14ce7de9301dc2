"""What a request may ask for in all -> what the model can give: output tokens, speed, region."""

from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adjustment import Action, Adjustment
from claude_code_proxy.models.model import Model


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
