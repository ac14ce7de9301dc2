"""The interface of a Claude Code process: what a session sends to it, and what it reports."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Protocol, TypeAlias

from msgspec import Struct

from claude_code_proxy import messages
from claude_code_proxy.upstreams.claude_code.failures import Failure
from claude_code_proxy.upstreams.claude_code.launch import Launch


class TurnEnded(Struct, frozen=True):
    """The process has finished its turn and can take the next one."""


ProcessReport: TypeAlias = messages.Event | Failure | TurnEnded
OnCall: TypeAlias = Callable[[str], Awaitable[messages.ToolResult]]


class Process(Protocol):
    """One conversation. It ends by itself only after a failure."""

    def reports(self) -> AsyncIterator[Sequence[ProcessReport]]:
        """Yield everything that it reports until it ends. A process that dies yields a `Failure`."""

    async def send(self, prompt: list[dict[str, Any]]) -> None:
        """Send the next user turn. Raise `ConnectionError` if the process has ended."""

    async def interrupt(self) -> None:
        """Make it stop answering, which aborts its request to the service."""

    def kill(self) -> None:
        """Kill it at once, so that it cannot send another request."""

    async def close(self) -> None: ...


class Start(Protocol):
    async def __call__(self, launch: Launch, past: Sequence[messages.InputMessage], *, on_call: OnCall) -> Process:
        """Start a process with the history `past`. If that ends with tool results, the process continues by itself.

        `on_call` is awaited with the id of each tool call, and returns its result. Raise `ProxyError`.
        """
