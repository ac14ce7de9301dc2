"""A Messages request as a client meant it -> one that the named model accepts, with a list of what that changed.

The order of the steps matters: later ones read what earlier ones settled. What must be undone in the reply comes back
as a filter.
"""

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adaptation import conversation, limits, sampling, thinking, tools
from claude_code_proxy.adaptation.arguments import Renames, RestoredCalls
from claude_code_proxy.adaptation.reply import ReplyFilter
from claude_code_proxy.adjustment import Adjustment
from claude_code_proxy.models.model import Model

_BINDING_BETA = "thinking-binding-controls-2026-08-01"
_FAST_BETA = "fast-mode-2026-02-01"


class Options(Struct, frozen=True):
    """What the settings say: whether cache breakpoints are placed by the proxy."""

    prompt_cache: bool = True


class Adapted(Struct, frozen=True):
    """`request` is what is sent; `filter` makes what undoes the changes in one reply; None: nothing to undo."""

    request: messages.MessagesRequest
    betas: tuple[str, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    filter: Callable[[], ReplyFilter] | None = None


def adapt(request: messages.MessagesRequest, model: Model, *, options: Options) -> Adapted:  # noqa: ARG001
    """Raises `InvalidRequest` for what no change makes acceptable."""
    notes: list[Adjustment] = []
    if request.model != model.id:
        request = replace(request, model=model.id)
    request = limits.set_max_tokens(request, model, notes=notes)
    request = limits.drop_extras(request, model, notes=notes)
    request, renames = tools.settle_tools(request, notes=notes)
    request = thinking.choose_thinking(request, model, notes=notes)
    request = conversation.mend(request, model, notes=notes)
    request = thinking.fit_history(request, model, notes=notes)
    request = sampling.choose_sampling(request, model, notes=notes)
    return Adapted(request, _betas(request, model), tuple(notes), _filter(renames))


def _filter(renames: Renames | None) -> Callable[[], ReplyFilter] | None:
    return None if renames is None else lambda: RestoredCalls(renames)


def _betas(request: messages.MessagesRequest, model: Model) -> tuple[str, ...]:
    needed = []
    if isinstance(request.thinking, messages.Adaptive) and request.thinking.block_binding is not None:
        needed.append(_BINDING_BETA)
    if request.speed == "fast" and model.fast == "beta":
        needed.append(_FAST_BETA)
    return tuple(needed)
