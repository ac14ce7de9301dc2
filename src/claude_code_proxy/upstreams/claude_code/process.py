"""The seam to a Claude Code process: what a session asks of one, and what it hears from it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Protocol, TypeAlias

from msgspec import Struct

from claude_code_proxy import messages
from claude_code_proxy.upstreams.claude_code.failures import Failure
from claude_code_proxy.upstreams.claude_code.launch import Launch


class TurnEnded(Struct, frozen=True):
    """The process is done with what it was asked, and may be asked again."""


Heard: TypeAlias = messages.Event | Failure | TurnEnded
OnCall: TypeAlias = Callable[[str], Awaitable[messages.ToolResult]]


class Process(Protocol):
    """One conversation. It ends by itself only when something breaks."""

    def heard(self) -> AsyncIterator[Sequence[Heard]]:
        """What it says, to its end. A process that dies says so with a `Failure`."""

    async def ask(self, prompt: list[dict[str, Any]]) -> None:
        """The next turn of the user's. Raises `ConnectionError` when the process is gone."""

    async def interrupt(self) -> None:
        """Makes it stop answering, which cuts its request off."""

    def kill(self) -> None:
        """At once: it must not send another request."""

    async def close(self) -> None: ...


class Start(Protocol):
    async def __call__(self, launch: Launch, past: Sequence[messages.InputMessage], *, on_call: OnCall) -> Process:
        """A process that knows `past`; if that ends with results, it goes on from there by itself.

        `on_call` is told the id of each call the model makes, and awaited for its result. Raises `ProxyError`.
        """
