"""Asking the upstream, and asking it again: one bounded loop around everything that takes more than one request.

After a refusal, adaptation returns the changed request to send; after an unusable answer, a repair request. Paused
turns are resumed here. Each happens a bounded number of times.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeVar

import msgspec

from claude_code_proxy import messages
from claude_code_proxy.adaptation.adapt import Adapted, MakeFilter, adapt, readapt
from claude_code_proxy.adaptation.name_options import apply_name_options
from claude_code_proxy.adaptation.reply.filters import OutputMismatch
from claude_code_proxy.adaptation.reply.schema_check import CheckResults
from claude_code_proxy.adjustment import Action, Adjustment, with_client_names
from claude_code_proxy.endpoints.endpoint import DecodedRequest
from claude_code_proxy.errors import DiagnosisKind, UpstreamRejected, UpstreamTimeout
from claude_code_proxy.messages.rough_count import input_tokens
from claude_code_proxy.models.model import Model
from claude_code_proxy.models.names import NO_OPTIONS
from claude_code_proxy.server.app_state import AppState
from claude_code_proxy.server.exchange.paused_turns import MOST_PAUSES, ContinuedStream, join, sum_usage
from claude_code_proxy.server.exchange.record import Record
from claude_code_proxy.state.kept_thinking import Found, is_worth_keeping, restore
from claude_code_proxy.upstreams.upstream import Call, CallStats, EventStream

_T = TypeVar("_T")
_UNCHECKED = "holding the answer against the schema takes too long"


def prepare(
    state: AppState, request: messages.MessagesRequest, *, model: Model, found: Found
) -> tuple[messages.MessagesRequest, Model, Adapted]:
    """Return what the upstream supports of `request`, the model as it is there, and what to send.

    `found` is what is kept of the conversation's thinking. Raise `InvalidRequest`.
    """
    notes: tuple[Adjustment, ...] = ()
    options = NO_OPTIONS if request.model == model.id else state.catalogue.options(request.model)
    if options != NO_OPTIONS:
        request, notes = apply_name_options(request, options)
    supported, dropped = state.profile.drop_unsupported(request)
    model = state.profile.restrict(model)
    adapted = adapt(restore(supported, model, found=found), model, options=state.policy.adaptation)
    if notes or dropped:
        adapted = msgspec.structs.replace(adapted, adjustments=(*notes, *dropped, *adapted.adjustments))
    return supported, model, adapted


class UpstreamRun:
    """All upstream requests of one exchange.

    `adapted` is the last request that was sent, reduced after a refusal; `usages` has the usage of each whole answer.
    """

    __slots__ = (
        "_base_call",
        "_field_name",
        "_model",
        "_record",
        "_request",
        "_state",
        "adapted",
        "rate_limits",
        "usages",
    )

    def __init__(
        self, state: AppState, record: Record, *, decoded: DecodedRequest, model: Model, call: Call, found: Found
    ) -> None:
        """Raise `InvalidRequest` if the model cannot be asked this at all. Adaptation's adjustments are recorded."""
        self._state = state
        self._record = record
        self._request, self._model, self.adapted = prepare(state, decoded.request, model=model, found=found)
        self._field_name = decoded.field_name
        self._base_call = call
        self.rate_limits: dict[str, str] = {}
        self.usages: list[messages.Usage] = []
        if self.adapted.adjustments:
            record.adjustments += with_client_names(self.adapted.adjustments, self._field_name)

    async def whole(self, on_begin: Callable[[], None] | None = None) -> messages.Message:
        """One whole answer, as the client is to get it; asked for once more if it is not what was promised.

        `on_begin` is told when the upstream has begun to answer.
        """
        message = await self._turn(self.adapted.request, on_begin)
        if self.adapted.filter is None:
            return message
        try:
            return await self._filtered(self.adapted.filter, message)
        except OutputMismatch as mismatch:
            repaired = await self._turn(self.note_repair(mismatch))
        filtered = await self._filtered(self.adapted.filter, repaired)
        return msgspec.structs.replace(filtered, usage=sum_usage(message.usage, filtered.usage))

    async def several(self, n: int) -> tuple[messages.Message, ...]:
        """`n` whole answers. The first goes ahead: what it writes to the prompt cache as it begins, the others read."""
        warmed = asyncio.Event()

        async def later() -> messages.Message:
            await warmed.wait()
            return await self.whole()

        return tuple(await gather_or_cancel([self.whole(warmed.set), *(later() for _ in range(n - 1))]))

    async def _filtered(self, make_filter: MakeFilter, message: messages.Message) -> messages.Message:
        results = CheckResults()
        await self.check(results, make_filter, message=message)
        return make_filter(results).message(message)

    async def check(self, results: CheckResults, make_filter: MakeFilter, *, message: messages.Message) -> None:
        """Do the checks of a whole answer; those that were skipped are recorded as adjustments."""
        await self._state.output_checks.run(results, make_filter, message=message)
        skipped = (Adjustment(check.path, Action.UNCHECKED, _UNCHECKED) for check in results.skipped)
        self._record.adjustments += with_client_names(skipped, self._field_name)

    async def keep_thinking(self, message: messages.Message) -> None:
        """Keep the thinking of an answer: the client will forget it, and the model will want it back."""
        await self._state.kept_thinking.keep(self._request, self._model, message=message)

    def may_think_and_call(self) -> bool:
        """Whether the answer may hold thinking that a later request needs."""
        request = self.adapted.request
        if not request.tools or isinstance(request.thinking, messages.Disabled):
            return False
        return request.thinking is not None or self._model.thinking_default != "off"

    async def stream(self, request: messages.MessagesRequest | None = None) -> EventStream:
        """Return an answer that has begun: to what adaptation made, or to its repair."""
        stream = await self._open(request or self.adapted.request)
        if not self._may_pause():
            return stream
        original = request or self.adapted.request  # the latter may be less by now than it was
        return ContinuedStream(stream, lambda content: self._open(_with_turn(original, content)))

    def note_repair(self, mismatch: OutputMismatch) -> messages.MessagesRequest:
        """Return the repair request; its use is recorded as an adjustment."""
        reason = "the first answer did not fit and was asked for again"
        self._record.adjustments += with_client_names(
            (Adjustment(mismatch.path or "", Action.REPAIRED, reason),), self._field_name
        )
        return mismatch.repair

    async def _open(self, request: messages.MessagesRequest) -> EventStream:
        upstream = self._state.upstream
        try:
            stream = await upstream.stream(request, self._call())
        except UpstreamRejected as error:
            stream = await self._retry_adapted(upstream.stream, error, refused=request)
        self._note(stream.stats)
        return stream

    async def _turn(
        self, request: messages.MessagesRequest, on_begin: Callable[[], None] | None = None
    ) -> messages.Message:
        """One turn to its end: one that the service paused is sent back as it is, until it is done."""
        original = self.adapted
        message = await (self._create(request) if on_begin is None else self._collect(request, on_begin))
        if self.adapted is not original:
            request = self.adapted.request
        for _ in range(MOST_PAUSES):
            if message.stop_reason != "pause_turn" or not self._may_pause():
                break
            later = await self._create(_with_turn(request, message.content))
            message = join(message, later)
        if is_worth_keeping(message.content):
            await self.keep_thinking(message)
        return message

    def _may_pause(self) -> bool:
        """Only turns with hosted tools are paused to be taken up again."""
        return any(isinstance(tool, messages.ServerTool) for tool in self.adapted.request.tools)

    async def _collect(self, request: messages.MessagesRequest, on_begin: Callable[[], None]) -> messages.Message:
        """Return a whole answer that is streamed inside, which shows when it begins, within the deadline."""
        try:
            async with asyncio.timeout_at(self._base_call.deadline):
                return await self._collected(request, on_begin)
        except TimeoutError as error:
            late = UpstreamTimeout("The upstream's answer was not complete in time.")
            raise late.replace(should_retry=False if self._base_call.retries else None) from error

    async def _collected(self, request: messages.MessagesRequest, on_begin: Callable[[], None]) -> messages.Message:
        stream = await self._open(request)
        on_begin()
        answer = messages.Accumulator()
        try:
            while not answer.stopped and (batch := await stream.events()) is not None:
                answer.feed_all(batch)
            return answer.message()
        finally:
            stream.close()
            self.usages.append(answer.usage)

    async def _create(self, request: messages.MessagesRequest) -> messages.Message:
        upstream = self._state.upstream
        try:
            message, stats = await upstream.create(request, self._call())
        except UpstreamRejected as error:
            message, stats = await self._retry_adapted(upstream.create, error, refused=request)
        self._note(stats)
        self.usages.append(message.usage)
        return message

    async def _retry_adapted(
        self,
        send: Callable[[messages.MessagesRequest, Call], Awaitable[_T]],
        error: UpstreamRejected,
        *,
        refused: messages.MessagesRequest,
    ) -> _T:
        """Once, where the refusal says what to ask for instead; raises it where it does not."""
        before = self.adapted
        self._readapt(error, refused)
        await self._state.kept_thinking.forget(before.original, self.adapted.original)
        try:
            return await send(self.adapted.request, self._call())
        except UpstreamRejected as second:
            raise _explained(second, self._model, refused=self.adapted.request) from second.__cause__

    def _call(self) -> Call:
        needed, base = self.adapted.betas, self._base_call
        return msgspec.structs.replace(base, betas=tuple(dict.fromkeys(base.betas + needed))) if needed else base

    def _readapt(self, error: UpstreamRejected, refused: messages.MessagesRequest) -> None:
        """Take what adaptation proposes after a refusal and keep the limit learnt; else raise the refusal."""
        if refused is self.adapted.request and self._drop_refused_betas(error):
            self._record.attempts += error.attempts
            return
        readapted = readapt(self.adapted, error, model=self._model) if refused is self.adapted.request else None
        if readapted is None or (self._state.policy.strict and any(a.changes_meaning for a in readapted.adjustments)):
            raise _explained(error, self._model, refused=refused)
        if error.diagnosis.limit is not None:
            self._state.learn_limit(self._model.id, error.diagnosis.limit)
        self._record.attempts += error.attempts
        named = with_client_names(readapted.adjustments, self._field_name)
        self._record.adjustments = tuple(dict.fromkeys((*self._record.adjustments, *named)))
        self.adapted = readapted

    def _drop_refused_betas(self, error: UpstreamRejected) -> bool:
        """Drop the caller's betas that the refusal names, and record it; False if it named none."""
        betas = self._base_call.betas
        kept = tuple(beta for beta in betas if beta not in error.diagnosis.betas)
        self._record.adjustments += tuple(
            Adjustment("anthropic-beta", Action.IGNORED, f"{beta}: the upstream does not know it")
            for beta in betas
            if beta not in kept
        )
        self._base_call = msgspec.structs.replace(self._base_call, betas=kept)
        return kept != betas

    def _note(self, stats: CallStats) -> None:
        self._record.upstream_request_id = stats.request_id
        self._record.attempts += stats.attempts
        self.rate_limits = stats.rate_limits


def _with_turn(request: messages.MessagesRequest, content: tuple[messages.Block, ...]) -> messages.MessagesRequest:
    turn = messages.InputMessage("assistant", content)
    return msgspec.structs.replace(request, messages=(*request.messages, turn))


def _explained(error: UpstreamRejected, model: Model, *, refused: messages.MessagesRequest) -> UpstreamRejected:
    """Return the refusal with what the proxy knows and the upstream did not state: a window, a model's successor."""
    diagnosis = error.diagnosis
    if diagnosis.kind is DiagnosisKind.CONTEXT_OVERFLOW and diagnosis.window is None and model.known:
        tokens, window = max(input_tokens(refused), model.context_window + 1), model.context_window
        return error.replace(diagnosis=msgspec.structs.replace(diagnosis, tokens=tokens, window=window))
    if diagnosis.kind is not DiagnosisKind.UNKNOWN_MODEL:
        return error
    if model.successor is not None:
        message = f"The model `{model.id}` is retired; use {model.successor} instead. ({error.message})"
        return error.replace(message=message, param="model", code="model_not_found")
    if not model.known:
        message = (
            f"The model `{model.id}` does not exist or you do not have access to it. Name a Claude model (see "
            f"/v1/models), or give this name to one with MODEL_ALIASES. ({error.message})"
        )
        return error.replace(message=message, param="model", code="model_not_found")
    return error


async def gather_or_cancel(work: Sequence[Coroutine[Any, Any, _T]]) -> list[_T]:
    """Return all results, in order. The first failure cancels the rest and is raised as itself, not as a group."""
    tasks: list[asyncio.Task[_T]] = []
    try:
        async with asyncio.TaskGroup() as group:
            tasks += [group.create_task(each) for each in work]
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from failures.exceptions[0].__cause__
    return [task.result() for task in tasks]
