"""A streamed reply: events of one network read in, one write out, until the message is whole or something breaks.

The head goes out with the first events or, after a long silence, with the first keep-alive comment. From then on a
failure is one error frame and a connection that ends without its last chunk: some clients see nothing else.
"""

from collections.abc import Callable, Sequence
from typing import Self

from claude_code_proxy import messages, sse
from claude_code_proxy.adaptation.reply.filters import OutputMismatch, ReplyFilter
from claude_code_proxy.endpoints.endpoint import StreamTranslator
from claude_code_proxy.endpoints.envelope import Headers
from claude_code_proxy.http1.server.responder import Responder
from claude_code_proxy.server.exchange.reply.keep_alive import KeepAliveTimer, SilentStream
from claude_code_proxy.upstreams.upstream import EventStream


class StreamedReply:
    """`head` makes the reply's headers when they are needed. Use as a context manager: `filler` fills silence."""

    __slots__ = ("_filler", "_head", "_keep_alive_timer", "_responder", "_silent_stream", "committed")

    def __init__(
        self,
        responder: Responder,
        keep_alive: KeepAliveTimer,
        *,
        head: Callable[[], Headers],
        filler: Callable[[], bytes] = lambda: sse.KEEP_ALIVE,
    ) -> None:
        self.committed: set[StreamTranslator] = set()  # translators of rejected answers that were already partly sent
        self._responder = responder
        self._filler = filler
        self._keep_alive_timer = keep_alive
        self._head = head

    def __enter__(self) -> Self:
        self._silent_stream: SilentStream = self._keep_alive_timer.join(self._keep_alive)
        return self

    def __exit__(self, *_: object) -> None:
        self._keep_alive_timer.leave(self._silent_stream)

    async def pump(
        self,
        stream: EventStream,
        translator: StreamTranslator,
        *,
        answer: messages.Accumulator | None = None,
        reply_filter: ReplyFilter | None = None,
    ) -> bytes:
        """Pass everything on; return the closing frames, still unsent. Raise what ends the stream too early.

        `answer` is fed every event as the upstream sent it.
        """
        feed = translator.feed
        passed = False
        try:
            while (batch := await stream.events()) is not None:
                if answer is not None:
                    answer.feed_all(batch)
                if reply_filter is not None:
                    batch = [out for event in batch for out in reply_filter.feed(event)]
                frames = b"".join([feed(event) for event in batch])
                if batch and type(batch[-1]) is messages.MessageStop:
                    return frames + _closing(translator, reply_filter)
                if frames:
                    passed = True
                    await self.write(frames)
            return _closing(translator, reply_filter)
        except OutputMismatch:
            if passed:
                self.committed.add(translator)
            raise
        finally:
            stream.close()

    async def write(self, frames: bytes) -> None:
        responder = self._responder
        if not responder.started:
            responder.start(200, self._head())
        responder.write(frames)
        self._silent_stream.flowing = True
        await responder.drain()

    def end(self, frames: bytes) -> None:
        if not self._responder.started:
            self._responder.start(200, self._head())
        self._responder.write_end(frames)

    def _keep_alive(self) -> None:
        if self._responder.gone or self._responder.finished:
            return
        if not self._responder.started:
            self._responder.start(200, self._head())
        self._responder.write(self._filler())


def _closing(translator: StreamTranslator, reply_filter: ReplyFilter | None) -> bytes:
    held: Sequence[messages.Event] = reply_filter.close() if reply_filter is not None else ()
    return b"".join([translator.feed(event) for event in held]) + translator.close()
