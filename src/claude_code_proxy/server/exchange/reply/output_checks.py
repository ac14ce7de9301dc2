"""Answers are held to their schemas; what may take long is checked in a process that is killed when it does.

The validator keeps the interpreter's lock while it works, so a thread would not help.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from claude_code_proxy import messages
from claude_code_proxy.adaptation.adapt import MakeFilter
from claude_code_proxy.adaptation.reply.filters import OutputMismatch
from claude_code_proxy.adaptation.reply.schema_check import CheckNeeded, CheckResults, SchemaCheck
from claude_code_proxy.server.process.child import ChildFailed, run_child
from claude_code_proxy.upstreams.upstream import CallStats, EventStream

SECONDS = 2.0  # for all checks of one answer
MOST_AT_ONCE = 2
_WORKER = "claude_code_proxy.server.process.check_worker"


class CheckedStream:
    """An `EventStream`: before the end of the answer is passed on, `check` is given the whole answer.

    `answer` is told every event.
    """

    def __init__(
        self, stream: EventStream, answer: messages.Accumulator, *, check: Callable[[messages.Message], Awaitable[None]]
    ) -> None:
        self._stream = stream
        self._answer = answer
        self._check = check

    @property
    def stats(self) -> CallStats:
        return self._stream.stats

    async def events(self) -> Sequence[messages.Event] | None:
        batch = await self._stream.events()
        if batch is None:
            return None
        self._answer.feed_all(batch)
        if any(type(event) is messages.MessageDelta for event in batch):
            self._answer.feed(messages.MessageStop())  # nothing but that follows
            await self._check(self._answer.message())
        return batch

    def close(self) -> None:
        self._stream.close()


class OutputChecks:
    """The costly checks of all exchanges, of which few run at once."""

    def __init__(self, *, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._slots = asyncio.Semaphore(MOST_AT_ONCE)

    async def run(self, results: CheckResults, make_filter: MakeFilter, *, message: messages.Message) -> None:
        """Put into `results` what the filter of a reply has to know of the whole answer."""
        deadline = asyncio.get_running_loop().time() + self._seconds
        while True:
            try:
                make_filter(results).message(message)
            except CheckNeeded as needed:
                await self._add(results, needed, deadline=deadline)
            except OutputMismatch:
                break
            else:
                break
        results.is_final = True

    async def _add(self, results: CheckResults, needed: CheckNeeded, *, deadline: float) -> None:
        try:
            results.known[needed.check] = await self._checked(needed.check, deadline=deadline)
        except ChildFailed:
            results.known[needed.check] = needed.otherwise
            if needed.otherwise is None:
                results.skipped.append(needed.check)

    async def _checked(self, check: SchemaCheck, *, deadline: float) -> str | None:
        pieces = (b"%d\n" % len(check.schema), check.schema, check.text)
        try:
            async with asyncio.timeout_at(deadline), self._slots:
                wrong = await run_child(_WORKER, pieces, deadline=deadline)
        except TimeoutError as error:
            raise ChildFailed from error
        return wrong.decode() or None
