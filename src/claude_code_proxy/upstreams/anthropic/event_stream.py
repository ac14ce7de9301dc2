"""The body of a streamed answer, read by read: bytes -> the events they bring."""

from collections.abc import Sequence

import msgspec

from claude_code_proxy import messages, sse
from claude_code_proxy.endpoints.json_text import mend_surrogates
from claude_code_proxy.errors import ProxyError, UpstreamBroke
from claude_code_proxy.upstreams.anthropic.rejections import rejected_midway
from claude_code_proxy.upstreams.anthropic.transport import Response
from claude_code_proxy.upstreams.upstream import Facts


class TransportEvents:
    """An `EventStream`. An error event ends it: what came before it is given first, then the error is raised."""

    __slots__ = ("_ahead", "_decoder", "_error", "_response", "facts")

    def __init__(self, response: Response, facts: Facts) -> None:
        self.facts = facts
        self._response = response
        self._decoder = sse.Decoder()
        self._error: ProxyError | None = None
        self._ahead: Sequence[messages.Event] | None = None

    async def begin(self) -> None:
        """Waits for the first events; raises when they bring an error or never come."""
        self._ahead = await self.events()
        if self._error is not None:
            raise self._error
        if self._ahead is None:
            raise UpstreamBroke("The upstream ended its answer before it began.")

    async def events(self) -> Sequence[messages.Event] | None:
        if self._ahead is not None:
            ahead, self._ahead = self._ahead, None
            return ahead
        while self._error is None:
            chunk = await self._response.chunk()
            if chunk is None:
                return None
            frames = self._decoder.feed(chunk)
            if frames:
                batch = self._decode(frames)
                if batch:
                    return batch
        raise self._error

    def close(self) -> None:
        self._response.close()

    def _decode(self, frames: list[bytes]) -> Sequence[messages.Event]:
        try:
            batch = [messages.decode_event(frame) for frame in frames]
        except (msgspec.DecodeError, UnicodeDecodeError):
            batch = self._decode_with_care(frames)
        if batch and isinstance(batch[-1], messages.ErrorEvent):
            self._error = rejected_midway(batch[-1], self.facts.request_id)
            batch.pop()
        return batch

    def _decode_with_care(self, frames: list[bytes]) -> list[messages.Event]:
        """The events up to the first that cannot be read; that one breaks the stream."""
        batch: list[messages.Event] = []
        try:
            for frame in frames:
                batch.append(messages.decode_event(mend_surrogates(frame)))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            self._error = UpstreamBroke("The upstream sent an event that cannot be read.")
            self._error.__cause__ = error
        return batch
