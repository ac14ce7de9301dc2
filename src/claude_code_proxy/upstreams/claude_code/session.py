"""One conversation with one Claude Code process: sends it turns, and keeps its tool calls open until results arrive.

An answer ends where the service ended it. What Claude Code would do by itself after that (continue past the token
limit, answer a call to an unknown tool) is stopped before it sends another request.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Literal, TypeAlias

from claude_code_proxy import messages
from claude_code_proxy.errors import ProxyError, UpstreamBroke
from claude_code_proxy.upstreams.claude_code.conversation import SplitConversation, blocks
from claude_code_proxy.upstreams.claude_code.failures import Failure, to_error
from claude_code_proxy.upstreams.claude_code.launch import Launch
from claude_code_proxy.upstreams.claude_code.process import Process, ProcessReport, Start, TurnEnded

if TYPE_CHECKING:
    from claude_code_proxy.credentials.credential import Credential

_log = logging.getLogger(__name__)
_CUT_SHORT = frozenset({"max_tokens", "model_context_window_exceeded"})
_INTERRUPT_SECONDS = 5.0  # for an interrupted process to finish its turn
_RENEWAL_SECONDS = 45.0  # the same for a process that has not begun to answer: it may be renewing the login
_MOST_AHEAD = 64  # queued batches of a running answer; the process is not read while there are more
OnMessage = Callable[[messages.Message], None]


class SessionTurn:
    """One running answer: a queue of batches of events that ends with None or an error."""

    def __init__(self, on_message: OnMessage) -> None:
        self._batches: asyncio.Queue[Sequence[messages.Event] | ProxyError | None] = asyncio.Queue()
        self._answer = messages.Accumulator()
        self._on_message = on_message
        self._consumed = asyncio.Event()
        self._abandoned = False
        self.begun = False
        self.ended = False

    def feed(self, event: messages.Event) -> None:
        self.begun = True
        self._answer.feed(event)
        self._batches.put_nowait((event,))

    def message(self) -> messages.Message:
        return self._answer.message()

    def end(self) -> None:
        """Call after the last event. The end is published only once the session can take the next turn."""
        self.ended = True
        self._on_message(self.message())
        self._batches.put_nowait(None)

    def fail(self, error: ProxyError) -> None:
        if not self.ended:
            self.ended = True
            self._batches.put_nowait(error)

    def abandon(self) -> None:
        """Stop waiting for a reader: there may be none any more."""
        self._abandoned = True
        self._consumed.set()

    async def wait_for_room(self) -> None:
        """Wait until few enough batches are queued, which slows the process down."""
        while self._batches.qsize() >= _MOST_AHEAD and not self.ended and not self._abandoned:
            self._consumed.clear()
            await self._consumed.wait()

    async def events(self) -> Sequence[messages.Event] | None:
        """Return all queued events, at least one; None at the end."""
        found = await self._batches.get()
        self._consumed.set()
        if isinstance(found, ProxyError):
            raise found
        if found is None:
            return None
        batch = list(found)
        while not self._batches.empty():
            more = self._batches.get_nowait()
            if more is None or isinstance(more, ProxyError):
                self._batches.put_nowait(more)
                break
            batch += more
        return batch


EndReason: TypeAlias = Literal["idle", "room", "login", "cut_short", "left", "failed", "died", "shutdown"]
"""What ended a process; docs/observing.md lists them."""


class Session:
    """One process and its conversation, which is parked while tool calls wait for results.

    `on_end` is called when the process has ended, and `ended_by` then says why; `now` returns epoch seconds.
    `copied` is the login that was copied into the process, which cannot renew it; None if the process has its own.
    """

    def __init__(self, launch: Launch, *, on_end: Callable[["Session"], None], now: Callable[[], float]) -> None:
        self.launch = launch
        self.state: Literal["starting", "running", "parked", "idle", "gone"] = "starting"
        self.waiting: frozenset[str] = frozenset()
        self.copied: Credential | None = None
        self.ended_by: EndReason = "failed"
        self._on_end = on_end
        self._now = now
        self._process: Process | None = None
        self._turn: SessionTurn | None = None
        self._calls: dict[str, asyncio.Future[messages.ToolResult]] = {}
        self._has_unknown_call = False
        self._at_rest = asyncio.Event()
        self._reader: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None

    async def begin(self, conversation: SplitConversation, turn: SessionTurn, *, start: Start) -> None:
        """Begin the first turn; start the process."""
        self._turn, self.state = turn, "running"
        starting = asyncio.ensure_future(start(self.launch, conversation.past, on_call=self._result))
        try:
            self._process = await asyncio.shield(starting)
        except BaseException:
            self.state = "gone"
            self._closing = asyncio.create_task(self._drop(starting))
            raise
        self._reader = asyncio.create_task(self._read(self._process))
        if conversation.prompt:
            await self._send(conversation)

    async def resume(self, conversation: SplitConversation, turn: SessionTurn) -> None:
        """Begin a later turn: results for the pending calls, or the user's next message."""
        parked = self.state == "parked"
        self._turn, self.state = turn, "running"
        if parked:
            self.waiting = frozenset()
            for result in conversation.results:
                self._call(result.tool_use_id).set_result(result)
        else:
            with suppress(TimeoutError):
                async with asyncio.timeout(_INTERRUPT_SECONDS):
                    await self._at_rest.wait()
            await self._send(conversation)

    def can_resume(self, conversation: SplitConversation) -> bool:
        match self.state:
            case "parked":
                return conversation.answers(self.waiting)
            case "idle":
                return bool(conversation.prompt) and not conversation.results
            case _:
                return False

    def give_up(self, reason: EndReason, *, killed: bool = False) -> None:
        """Stop a running answer and close the process, in the background."""
        if self._closing is None:
            self.ended_by = reason
            if self._turn is not None:
                self._turn.abandon()
            interrupt = not killed and self._turn is not None and not self._turn.ended
            self.state = "gone"
            self._closing = asyncio.create_task(self._shut_down(interrupt=interrupt))

    async def close(self) -> None:
        self.give_up("shutdown")
        if self._closing is not None:
            await asyncio.wait((self._closing,))

    async def _send(self, conversation: SplitConversation) -> None:
        self._at_rest.clear()
        process = self._process
        try:
            if process is not None:
                await process.send(blocks(conversation.prompt))
        except ConnectionError as error:
            self.give_up("died")
            raise UpstreamBroke("Claude Code's process had ended before the request was sent to it.") from error

    async def _result(self, call: str) -> messages.ToolResult:
        return await self._call(call)

    def _call(self, call: str) -> "asyncio.Future[messages.ToolResult]":
        """Return the future of a call's result. Whichever comes first creates it: the runtime's call or the result."""
        found = self._calls.get(call)
        if found is None:
            found = self._calls[call] = asyncio.get_running_loop().create_future()
        return found

    async def _read(self, process: Process) -> None:
        try:
            async for batch in process.reports():
                for report in batch:
                    self._handle(report, process)
                if self._turn is not None:
                    await self._turn.wait_for_room()
        finally:
            self._fail(UpstreamBroke("Claude Code's process ended in the middle of its answer."))
            self.give_up("died")

    def _handle(self, report: ProcessReport, process: Process) -> None:
        match report:
            case TurnEnded():
                self._at_rest.set()
            case Failure():
                self._at_rest.set()
                error = to_error(report, self._now())
                self._fail(error)
                if error.status != 401:  # after a 401 it may be renewing the login, and must not be killed
                    process.kill()
                self.give_up("failed")
            case _:
                self._handle_event(report, process)

    def _handle_event(self, event: messages.Event, process: Process) -> None:
        turn = self._turn
        if turn is None or turn.ended:
            if isinstance(event, messages.MessageStart):  # an answer to no request of ours
                self._end_at_once(process)
            return
        if isinstance(event, messages.MessageStart) and turn.begun:
            self._end_at_once(process)
            turn.fail(UpstreamBroke("Claude Code started its answer a second time."))
            return
        event = self._with_callers_name(event)
        turn.feed(event)
        if isinstance(event, messages.MessageStop):
            self._end_turn(turn)
        elif isinstance(event, messages.MessageDelta) and self._would_continue(event):
            self._end_at_once(process)
            turn.feed(messages.MessageStop())
            turn.end()

    def _with_callers_name(self, event: messages.Event) -> messages.Event:
        """Give a tool call the caller's name for the tool, and note calls to unknown tools."""
        if not isinstance(event, messages.ContentBlockStart) or not isinstance(event.content_block, messages.ToolUse):
            return event
        call = event.content_block
        self._has_unknown_call = self._has_unknown_call or all(tool.name != call.name for tool in self.launch.tools)
        name = self.launch.names.get(call.name)
        return messages.ContentBlockStart(event.index, _renamed(call, name)) if name else event

    def _would_continue(self, event: messages.MessageDelta) -> bool:
        return event.delta.stop_reason in _CUT_SHORT or (
            self._has_unknown_call and event.delta.stop_reason == "tool_use"
        )

    def _end_turn(self, turn: SessionTurn) -> None:
        """Make the session ready for the next turn, then publish the end of this one."""
        message = turn.message()
        if message.stop_reason == "tool_use":
            self.waiting = frozenset(block.id for block in message.content if isinstance(block, messages.ToolUse))
            self.state = "parked"
        else:
            self.state = "idle"
        turn.end()

    def _end_at_once(self, process: Process) -> None:
        process.kill()
        self.give_up("cut_short", killed=True)

    def _fail(self, error: ProxyError) -> None:
        if self._turn is not None:
            self._turn.fail(error)

    async def _shut_down(self, *, interrupt: bool) -> None:
        try:
            ended = self._process is None or await self._end(self._process, interrupt=interrupt)
            if self._reader is not None:
                if not ended:
                    self._reader.cancel()  # its reports may never come to an end by itself
                await asyncio.wait((self._reader,))
        finally:
            self._on_end(self)

    async def _end(self, process: Process, *, interrupt: bool) -> bool:
        if interrupt and self._turn is not None:
            await self._interrupt(process, _INTERRUPT_SECONDS if self._turn.begun else _RENEWAL_SECONDS)
        for call in self._calls.values():
            call.cancel()
        return await _close(process)

    async def _drop(self, starting: "asyncio.Future[Process]") -> None:
        """Close a process whose start was abandoned or failed, then report the end."""
        try:
            await _close(await starting)
        except ProxyError:
            pass  # `begin` has raised this already
        except Exception as error:  # noqa: BLE001 - likewise, but unexpected
            _log.warning("a Claude Code process could not be started (%s)", type(error).__name__)
        finally:
            self._on_end(self)

    async def _interrupt(self, process: Process, seconds: float) -> None:
        self._at_rest.clear()
        await process.interrupt()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._at_rest.wait()


async def _close(process: Process) -> bool:
    """Close a process; return whether that worked. If not, kill it, because its place is reused."""
    try:
        await process.close()
    except Exception as error:  # noqa: BLE001 - the SDK may raise anything
        _log.warning("a Claude Code process could not be closed (%s) and was killed", type(error).__name__)
        process.kill()
        return False
    return True


def _renamed(call: messages.ToolUse, name: str) -> messages.ToolUse:
    return messages.ToolUse(call.id, name, call.input)
