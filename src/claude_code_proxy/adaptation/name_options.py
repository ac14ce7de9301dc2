"""What a model's name asks for besides the model (`claude-opus-5-5-high`, `sonnet:thinking`) -> fields of the request.

Names are all that some clients let their users choose. What a request says in a field of its own wins.
"""

from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adjustment import Action, Adjustment
from claude_code_proxy.models.names import NameOptions

_PATH = "model"


def apply_name_options(
    request: messages.MessagesRequest, options: NameOptions
) -> tuple[messages.MessagesRequest, tuple[Adjustment, ...]]:
    """Return the request with the effort and the thinking that its model's name asks for, where it sets none itself."""
    config = request.output_config or messages.OutputConfig()
    thinking, effort = request.thinking, config.effort
    if options.effort and effort is None and thinking is None:
        effort = options.effort
    if options.effort != "none" and options.has_thinking and thinking is None:
        thinking = messages.Adaptive("summarized")
    elif effort not in {None, "none"} and thinking is None:
        thinking = messages.Adaptive()
    if effort == config.effort and thinking == request.thinking:
        return request, (Adjustment(_PATH, Action.IGNORED, "the request itself says how to think, which wins"),)
    changed = replace(request, thinking=thinking, output_config=replace(config, effort=effort))
    requested = f"effort {options.effort}" if options.effort else "thinking"
    return changed, (Adjustment(_PATH, Action.MAPPED, f"its name asks for {requested}"),)
