"""A Claude Code process that says what a test tells it to."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from msgspec import Raw

from claude_code_proxy import messages
from claude_code_proxy.upstreams.claude_code.launch import Launch
from claude_code_proxy.upstreams.claude_code.process import OnCall, ProcessReport, TurnEnded

END = None


class ScriptedProcess:
    """`say` is heard at once; what was asked of it stands in `asked`, what became of it in the flags."""

    def __init__(self, launch: Launch, past: Sequence[messages.InputMessage], on_call: OnCall) -> None:
        self.launch = launch
        self.past = tuple(past)
        self.on_call = on_call
        self.asked: list[list[dict[str, Any]]] = []
        self.killed = self.interrupted = self.closed = False
        self._queue: asyncio.Queue[Sequence[ProcessReport] | None] = asyncio.Queue()

    def say(self, *reports: ProcessReport) -> None:
        self._queue.put_nowait(reports)

    def die(self) -> None:
        self._queue.put_nowait(END)

    async def reports(self) -> AsyncIterator[Sequence[ProcessReport]]:
        while (batch := await self._queue.get()) is not None:
            yield batch

    async def send(self, prompt: list[dict[str, Any]]) -> None:
        if self.closed or self.killed:
            raise ConnectionError
        self.asked.append(prompt)

    async def interrupt(self) -> None:
        self.interrupted = True
        self.say(TurnEnded())

    def kill(self) -> None:
        self.killed = True
        self.die()

    async def close(self) -> None:
        self.closed = True
        self.die()


class Starter:
    """Starts scripted processes. `on_start` is called with each, to let it speak at once."""

    def __init__(self, on_start: Callable[[ScriptedProcess], None] = lambda process: None) -> None:
        self.processes: list[ScriptedProcess] = []
        self.on_start = on_start

    async def __call__(
        self, launch: Launch, past: Sequence[messages.InputMessage], *, on_call: OnCall
    ) -> ScriptedProcess:
        process = ScriptedProcess(launch, past, on_call)
        self.processes.append(process)
        self.on_start(process)
        return process


def answer(text: str, stop_reason: str = "end_turn") -> list[ProcessReport]:
    """Return the events of a whole answer, and the end of the turn."""
    message = messages.Message("msg_1", "claude-sonnet-5-5", (messages.Text(text),), stop_reason)
    return [*messages.as_events(message), TurnEnded()]


def calls(*names: str) -> list[ProcessReport]:
    """Return an answer that calls tools; ids are `toolu_` and the name."""
    content = tuple(messages.ToolUse(f"toolu_{name}", name, Raw(b"{}")) for name in names)
    return list(messages.as_events(messages.Message("msg_2", "claude-sonnet-5-5", content, "tool_use")))


def user(text: str) -> messages.InputMessage:
    return messages.InputMessage("user", (messages.Text(text),))


def assistant(*content: messages.Block) -> messages.InputMessage:
    return messages.InputMessage("assistant", content)


def result(call: str, text: str = "21 degrees") -> messages.ToolResult:
    return messages.ToolResult(call, (messages.Text(text),))


def request(*conversation: messages.InputMessage, **fields: Any) -> messages.MessagesRequest:
    return messages.MessagesRequest("claude-sonnet-5-5", conversation, max_tokens=1000, **fields)


def tool(name: str) -> messages.Tool:
    return messages.Tool(name, Raw(b'{"type":"object"}'))
