"""Stand-ins that the server's tests share."""

import os
from collections.abc import Callable
from types import TracebackType
from typing import Self

from claude_code_proxy import messages
from claude_code_proxy.messages import Usage
from claude_code_proxy.server.exchange.record import Record
from claude_code_proxy.upstreams.upstream import Call, CallStats


class ManualTimer:
    """An event loop's timer whose time only passes in `fire`."""

    def __init__(self) -> None:
        self.waiting: list[tuple[float, Callable[[], None]]] = []

    def call_later(self, delay: float, callback: Callable[[], None]) -> None:
        self.waiting.append((delay, callback))

    def fire(self) -> None:
        due, self.waiting = self.waiting, []
        for _, callback in due:
            callback()


class Pipe:
    """A pipe that is closed at the end; `taken` is what was written to it since the last look."""

    def __init__(self) -> None:
        self.reading, self.writing = os.pipe()
        os.set_blocking(self.reading, False)

    def taken(self) -> bytes:
        data = b""
        while True:
            try:
                piece = os.read(self.reading, 1 << 20)
            except BlockingIOError:
                return data
            if not piece:
                return data
            data += piece

    def close_reading(self) -> None:
        os.close(self.reading)
        self.reading = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for descriptor in (self.reading, self.writing):
            if descriptor >= 0:
                os.close(descriptor)


def record(**changes: object) -> Record:
    """Return the record of a whole answer that went well, but for `changes`."""
    usual = Record(
        id="f00d000000000001",
        endpoint="chat_completions",
        started=100.0,
        requested_model="claude-sonnet-4-6",
        model="claude-sonnet-4-6",
        known_model=True,
        status=200,
        outcome="answered",
        first_byte=0.5,
        duration=0.75,
        usage=Usage(input_tokens=25, output_tokens=12),
        cost=0.000255,
        stop_reason="end_turn",
        upstream_request_id="req_1",
        attempts=1,
    )
    for name, value in changes.items():
        setattr(usual, name, value)
    return usual


class MistakenUpstream:
    """An upstream with a mistake: at once, or in its streams, once they have begun."""

    def __init__(self, *, begun: bool = False) -> None:
        self._begun = begun
        self.closed = 0

    async def create(self, request: messages.MessagesRequest, call: Call) -> tuple[messages.Message, CallStats]:
        raise ValueError(f"words of the prompt: {request}")

    async def stream(self, request: messages.MessagesRequest, call: Call) -> "MistakenStream":
        if not self._begun:
            raise ValueError(f"words of the prompt: {request}")
        return MistakenStream(self)

    async def close(self) -> None:
        raise AssertionError("it is the right upstream's place to be closed")


class MistakenStream:
    def __init__(self, upstream: MistakenUpstream) -> None:
        self._upstream = upstream
        self.stats = CallStats()
        self._batches: list[list[messages.Event]] = [
            [messages.MessageStart(messages.Message("msg_1", "claude-sonnet-4-6", ()))],
            [messages.ContentBlockDelta(0, messages.TextDelta("Hello"))],
        ]

    async def events(self) -> list[messages.Event]:
        if not self._batches:
            raise ValueError("words of the prompt")
        return self._batches.pop(0)

    def close(self) -> None:
        self._upstream.closed += 1
