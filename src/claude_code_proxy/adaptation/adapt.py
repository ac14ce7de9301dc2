"""A Messages request as a client meant it -> one that the named model accepts, with a list of what that changed.

The order of the steps matters: later ones read what earlier ones settled. What must be undone in the reply comes back
as a filter.
"""

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adaptation import conversation, limits, refusals, sampling, thinking, tools
from claude_code_proxy.adaptation.arguments import Renames, RestoredCalls
from claude_code_proxy.adaptation.reply import ReplyFilter
from claude_code_proxy.adjustment import Adjustment
from claude_code_proxy.errors import UpstreamRejected
from claude_code_proxy.models import lessons
from claude_code_proxy.models.model import Model

_BINDING_BETA = "thinking-binding-controls-2026-08-01"
_FAST_BETA = "fast-mode-2026-02-01"


class Options(Struct, frozen=True):
    """What the settings say: whether cache breakpoints are placed by the proxy."""

    prompt_cache: bool = True


class Adapted(Struct, frozen=True, kw_only=True):
    """`asked` came in, `request` is sent; `filter` makes what undoes the changes in one reply, if anything must be."""

    asked: messages.MessagesRequest
    options: Options
    request: messages.MessagesRequest
    betas: tuple[str, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    filter: Callable[[], ReplyFilter] | None = None


def adapt(asked: messages.MessagesRequest, model: Model, *, options: Options) -> Adapted:
    """Raises `InvalidRequest` for what no change makes acceptable."""
    notes: list[Adjustment] = []
    request = asked if asked.model == model.id else replace(asked, model=model.id)
    request = limits.set_max_tokens(request, model, notes=notes)
    request = limits.drop_extras(request, model, notes=notes)
    request, renames = tools.settle_tools(request, notes=notes)
    request = thinking.choose_thinking(request, model, notes=notes)
    request = conversation.mend(request, model, notes=notes)
    request = thinking.fit_history(request, model, notes=notes)
    request = sampling.choose_sampling(request, model, notes=notes)
    return Adapted(
        asked=asked,
        options=options,
        request=request,
        betas=_betas(request, model),
        adjustments=tuple(notes),
        filter=_filter(renames),
    )


def relax(adapted: Adapted, error: UpstreamRejected, *, model: Model) -> Adapted | None:
    """What to send after a refusal, once: by the lesson it teaches about the model, or with less in the request.

    None: nothing is known that would help. The adjustments are the earlier ones and those that came to them.
    """
    if error.status != 400:
        return None
    lesson = lessons.learn(error.message)
    if lesson is not None:
        again = adapt(adapted.asked, lessons.apply(lesson, model), options=adapted.options)
        added: tuple[Adjustment, ...] = ()
    else:
        less = refusals.retreat(error.message, adapted.asked, model=model)
        if less is None:
            return None
        again = adapt(less.request, less.model, options=adapted.options)
        added = (less.note,)
    if again.request == adapted.request:
        return None
    told = dict.fromkeys((*adapted.adjustments, *added, *again.adjustments))
    return replace(again, adjustments=tuple(told))


def _filter(renames: Renames | None) -> Callable[[], ReplyFilter] | None:
    return None if renames is None else lambda: RestoredCalls(renames)


def _betas(request: messages.MessagesRequest, model: Model) -> tuple[str, ...]:
    needed = []
    if isinstance(request.thinking, messages.Adaptive) and request.thinking.block_binding is not None:
        needed.append(_BINDING_BETA)
    if request.speed == "fast" and model.fast == "beta":
        needed.append(_FAST_BETA)
    return tuple(needed)
