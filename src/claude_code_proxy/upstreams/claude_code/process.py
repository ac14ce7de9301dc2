"""The interface of a Claude Code process: what a session sends to it, and what it receives."""

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
    """One conversation. It ends by itself only when something breaks."""

    def reports(self) -> AsyncIterator[Sequence[ProcessReport]]:
        """Everything it reports until it ends. A process that dies yields a `Failure`."""

    async def send(self, prompt: list[dict[str, Any]]) -> None:
        """Send the next user turn. Raises `ConnectionError` when the process is gone."""

    async def interrupt(self) -> None:
        """Make it stop answering, which aborts its request to the service."""

    def kill(self) -> None:
        """End it at once, so that it cannot send another request."""

    async def close(self) -> None: ...


class Start(Protocol):
    async def __call__(self, launch: Launch, past: Sequence[messages.InputMessage], *, on_call: OnCall) -> Process:
        """Start a process with the history `past`; if that ends with tool results, it continues by itself.

        `on_call` is told the id of each call the model makes, and awaited for its result. Raises `ProxyError`.
        """
