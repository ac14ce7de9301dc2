"""A Messages request as a client meant it -> one that the named model accepts, with a list of what that changed.

The order of the steps matters: later ones read what earlier ones settled. What must be undone in the reply comes back
as a filter.
"""

from collections.abc import Iterator
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adaptation import (
    caching,
    emulated_tool_choice,
    fallbacks,
    parameters,
    service_features,
    structured,
    thinking,
    tools,
)
from claude_code_proxy.adaptation.conversation import compaction, turns
from claude_code_proxy.adaptation.reply import stop_sequences
from claude_code_proxy.adaptation.reply.arguments import Renames, RestoredCalls
from claude_code_proxy.adaptation.reply.filters import Chain, OutputCheck, OutputMismatch, ReplyFilter
from claude_code_proxy.adaptation.reply.held_answer import HeldAnswer
from claude_code_proxy.adaptation.reply.json_extraction import JsonExtraction
from claude_code_proxy.adaptation.reply.schema_check import CheckResults
from claude_code_proxy.adaptation.schemas import strict
from claude_code_proxy.adjustment import Adjustment
from claude_code_proxy.errors import UpstreamRejected
from claude_code_proxy.models import learned_limits
from claude_code_proxy.models.model import Model

_FAST_BETA = "fast-mode-2026-02-01"


class AdaptOptions(Struct, frozen=True):
    """What the settings say: whether cache breakpoints are placed by the proxy."""

    prompt_cache: bool = True


class MakeFilter(Protocol):
    """Make the filter of one reply. What it had checked elsewhere is in `results`."""

    def __call__(self, results: CheckResults | None = None) -> ReplyFilter: ...


class Adapted(Struct, frozen=True, kw_only=True):
    """`original` came in, `request` is sent; `filter` makes what undoes the changes in one reply, if needed."""

    original: messages.MessagesRequest
    options: AdaptOptions
    request: messages.MessagesRequest
    betas: tuple[str, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    filter: MakeFilter | None = None


def adapt(original: messages.MessagesRequest, model: Model, *, options: AdaptOptions) -> Adapted:
    """Raise `InvalidRequest` for what no change makes acceptable."""
    notes: list[Adjustment] = []
    request = original if original.model == model.id else replace(original, model=model.id)
    request = parameters.set_max_tokens(request, model, notes=notes)
    request = parameters.drop_extras(request, model, notes=notes)
    summarizing = compacting = False
    if compaction.is_used(request):
        request, summarizing = compaction.normalize_compaction(request, model, notes=notes)
        compacting = compaction.is_used(request)
    has_features = service_features.are_used(request)
    if has_features:
        request = service_features.normalize_features(request, model, notes=notes)
    request, expected = structured.normalize_format(request, model, notes=notes)
    request, renames = tools.normalize_tools(request, notes=notes)
    request, forcing = emulated_tool_choice.normalize_tool_choice(request, model, notes=notes)
    wanted_strict = emulated_tool_choice.to_be_strict(forcing, request, model=model)
    request = strict.normalize_strict(request, model, wanted_strict=wanted_strict, notes=notes)
    request = thinking.normalize_thinking(request, model, notes=notes)
    if model.states_defaults:
        request = thinking.state_defaults(request, model)
    request = turns.normalize_turns(request, model, may_prefill=expected is None, notes=notes)
    request = thinking.normalize_history(request, model, notes=notes)
    request = parameters.normalize_sampling(request, model, notes=notes)
    request, cut = stop_sequences.normalize_stop_sequences(request, is_forced=forcing is not None, notes=notes)
    request = caching.place_breakpoints(request, model, automatic=options.prompt_cache, notes=notes)
    reply = _Reply(
        request, model, cut=cut, expected=expected, forcing=forcing, renames=renames, summarizing=summarizing
    )
    return Adapted(
        original=original,
        options=options,
        request=request,
        betas=_betas(request, model, has_features=has_features) + ((compaction.BETA,) if compacting else ()),
        adjustments=tuple(dict.fromkeys(notes)),
        filter=reply.filter if reply.needs_filter else None,
    )


def readapt(adapted: Adapted, error: UpstreamRejected, *, model: Model) -> Adapted | None:
    """Return what to send after a refusal, once: by the lesson it teaches about the model, or with less in the request.

    None: nothing is known that would help. The adjustments are the earlier ones and those that came to them.
    """
    if error.status != 400:
        return None
    limit = error.diagnosis.limit
    if limit is not None:
        readapted = adapt(adapted.original, learned_limits.apply_limit(limit, model), options=adapted.options)
        added: tuple[Adjustment, ...] = ()
    else:
        fallback = fallbacks.find_fallback(error.diagnosis, adapted.original, sent=adapted.request, model=model)
        if fallback is None:
            return None
        readapted = adapt(fallback.request, fallback.model, options=adapted.options)
        added = (fallback.note,)
    if readapted.request == adapted.request:
        return None
    adjustments = dict.fromkeys((*adapted.adjustments, *added, *readapted.adjustments))
    return replace(readapted, adjustments=tuple(adjustments))


class _Reply(Struct, frozen=True):
    """What must be undone in the reply to `request`, and what it is held to; in the order in which that is done."""

    request: messages.MessagesRequest
    model: Model
    cut: tuple[str, ...]
    expected: structured.ExpectedOutput | None
    forcing: emulated_tool_choice.EmulatedToolChoice | None
    renames: Renames | None
    summarizing: bool

    @property
    def needs_filter(self) -> bool:
        return bool(self.cut or self.expected or self.forcing or self.renames or self.summarizing)

    def filter(self, results: CheckResults | None = None) -> ReplyFilter:
        """Chain the filters. A forced call comes first: text before it is no part of the answer, so no stop ends it."""
        results_so_far = CheckResults() if results is None else results
        filters: list[ReplyFilter] = []
        if self.forcing is not None:
            filters += self._call_filters(self.forcing, results_so_far)
        if self.cut:
            filters.append(stop_sequences.CutText(self.cut))
        if self.expected is not None:
            filters += self._json_filters(self.expected, results_so_far)
        if self.renames is not None:
            filters.append(RestoredCalls(self.renames))
        if self.summarizing:
            filters.append(compaction.SummaryAnswer())
        return filters[0] if len(filters) == 1 else Chain(filters)

    def _call_filters(
        self, forcing: emulated_tool_choice.EmulatedToolChoice, results: CheckResults
    ) -> Iterator[ReplyFilter]:
        def judge(message: messages.Message) -> OutputMismatch | None:
            mismatch = emulated_tool_choice.judge(forcing, message, request=self.request, results=results)
            return self._with_sendable_repair(mismatch)

        yield OutputCheck(judge)
        yield emulated_tool_choice.CallsOnly(forcing, results)

    def _json_filters(self, expected: structured.ExpectedOutput, results: CheckResults) -> Iterator[ReplyFilter]:
        def judge(message: messages.Message) -> OutputMismatch | None:
            mismatch = structured.judge(expected, message, request=self.request, results=results)
            return self._with_sendable_repair(mismatch)

        yield OutputCheck(judge)
        if expected.opener:
            yield JsonExtraction(expected.opener)
        if not expected.is_native:
            yield HeldAnswer(expected.opener, lambda text: structured.can_be_used(expected, text, results=results))

    def _with_sendable_repair(self, mismatch: OutputMismatch | None) -> OutputMismatch | None:
        if mismatch is not None:
            mismatch.repair = turns.normalize_turns(mismatch.repair, self.model, may_prefill=False, notes=[])
        return mismatch


def _betas(request: messages.MessagesRequest, model: Model, *, has_features: bool) -> tuple[str, ...]:
    fast = (_FAST_BETA,) if request.speed == "fast" and model.fast == "beta" else ()
    return tuple(dict.fromkeys((*fast, *service_features.betas_of(request)))) if has_features else fast
