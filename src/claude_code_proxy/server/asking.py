"""Asking the upstream, and asking it again: one bounded loop around everything that takes more than one request.

Adaptation says by value what to change after a refusal, and what to ask for instead of an answer that is not what was
wanted; a turn that the service paused is taken up again here. No more than that, and never without end.
"""

from collections.abc import Sequence

import msgspec

from claude_code_proxy import messages
from claude_code_proxy.adaptation.adapt import adapt, relax
from claude_code_proxy.errors import UpstreamRejected
from claude_code_proxy.models.lessons import learn
from claude_code_proxy.models.model import Model
from claude_code_proxy.server.record import Record
from claude_code_proxy.server.serving import Serving
from claude_code_proxy.server.together import together
from claude_code_proxy.upstreams.upstream import Call, EventStream, Facts

_MOST_PAUSES = 8


class Asking:
    """What one exchange asks.

    `said` is what the client sent; `adapted` what was asked upstream last, which after a refusal may be less.
    """

    __slots__ = ("_model", "_record", "_said", "_serving", "_terms", "adapted", "rate_limits")

    def __init__(
        self, serving: Serving, record: Record, said: messages.MessagesRequest, *, model: Model, call: Call
    ) -> None:
        """Raises `InvalidRequest` when what was said cannot be asked of the model at all."""
        self._serving = serving
        self._record = record
        self._said = said
        self._model = model
        self._terms = call
        self.adapted = adapt(serving.vault.restore(said, model), model, options=serving.policy.adaptation)
        self.rate_limits: dict[str, str] = {}

    async def whole(self) -> messages.Message:
        """One whole answer, as the client is to get it."""
        message = await self._continued(await self._create(self.adapted.request))
        self.keep_thinking(message)
        if self.adapted.filter is not None:
            message = self.adapted.filter().message(message)
        return message

    async def several(self, n: int) -> tuple[messages.Message, ...]:
        """`n` whole answers. The first goes ahead: what it writes to the prompt cache, the others read."""
        first = await self.whole()
        return (first, *await together([self.whole() for _ in range(n - 1)]))

    def keep_thinking(self, message: messages.Message) -> None:
        """The client will forget it, and the model will want it back."""
        self._serving.vault.keep(self._said, self._model, message)

    def may_think_and_call(self) -> bool:
        """Whether the answer may hold thinking that a later request needs."""
        request = self.adapted.request
        if not request.tools or isinstance(request.thinking, messages.Disabled):
            return False
        return request.thinking is not None or self._model.thinking_default != "off"

    async def stream(self) -> EventStream:
        """An answer that has begun."""
        try:
            return self._noted(await self._serving.upstream.stream(self.adapted.request, self._call()))
        except UpstreamRejected as error:
            self._relax(error)
        return self._noted(await self._serving.upstream.stream(self.adapted.request, self._call()))

    async def _create(self, request: messages.MessagesRequest) -> messages.Message:
        try:
            message, facts = await self._serving.upstream.create(request, self._call())
        except UpstreamRejected as error:
            self._relax(error)
            message, facts = await self._serving.upstream.create(self.adapted.request, self._call())
        self._note(facts)
        return message

    async def _continued(self, message: messages.Message) -> messages.Message:
        """A turn that the service paused is sent back as it is, until it is done."""
        request = self.adapted.request
        for _ in range(_MOST_PAUSES):
            if message.stop_reason != "pause_turn":
                break
            turn = messages.InputMessage("assistant", message.content)
            request = msgspec.structs.replace(request, messages=(*self.adapted.request.messages, turn))
            later, facts = await self._serving.upstream.create(request, self._call())
            self._note(facts)
            message = _joined(message, later)
        return message

    def _call(self) -> Call:
        betas = self.adapted.betas
        return msgspec.structs.replace(self._terms, betas=betas) if betas else self._terms

    def _relax(self, error: UpstreamRejected) -> None:
        """Takes what adaptation proposes after a refusal, and keeps the lesson; raises the refusal if there is none."""
        relaxed = relax(self.adapted, error, model=self._model)
        if relaxed is None:
            raise error
        lesson = learn(error.message)
        if lesson is not None:
            self._serving.learn(self._model.id, lesson)
        told = dict.fromkeys((*self._record.adjustments, *relaxed.adjustments))
        self._record.adjustments = tuple(told)
        self.adapted = relaxed

    def _noted(self, stream: EventStream) -> EventStream:
        self._note(stream.facts)
        return stream

    def _note(self, facts: Facts) -> None:
        self._record.upstream_request_id = facts.request_id
        self._record.attempts += facts.attempts
        self.rate_limits = facts.rate_limits


def _joined(first: messages.Message, later: messages.Message) -> messages.Message:
    """Two parts of one turn. Both were billed, so their counts add up."""
    return msgspec.structs.replace(
        later, id=first.id, content=first.content + later.content, usage=_sum((first.usage, later.usage))
    )


def _sum(usages: Sequence[messages.Usage]) -> messages.Usage:
    def total(name: str) -> int | None:
        told = [value for usage in usages if (value := getattr(usage, name)) is not None]
        return sum(told) if told else None

    counts = ("input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    return msgspec.structs.replace(usages[-1], **{name: total(name) for name in counts})
