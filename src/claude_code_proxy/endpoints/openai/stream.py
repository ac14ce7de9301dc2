"""What the streamed replies of OpenAI-shaped endpoints share: the frames around a delta, and how a reply ends."""

from abc import ABC, abstractmethod

import msgspec
from msgspec import Struct

from claude_code_proxy import messages, sse
from claude_code_proxy.endpoints.endpoint import ReplyContext
from claude_code_proxy.endpoints.openai.errors import render_error
from claude_code_proxy.endpoints.openai.reply import CompletionUsage, to_usage
from claude_code_proxy.errors import ProxyError, UpstreamBroke

DONE = b"data: [DONE]\n\n"
"""The end mark of a stream, after the last choice."""
_encode = msgspec.json.encode


class Ending:
    """What the choices of one reply share: the usage chunk and the end mark come once, after the last of them."""

    def __init__(self, choices: int, context: ReplyContext) -> None:
        self._open = choices
        self.context = context
        self._usages: list[messages.Usage] = []

    def frames(self, usage: messages.Usage, template: "Template") -> bytes:
        """Return what follows a complete choice: usage and end mark after the last one, else nothing."""
        self._usages.append(usage)
        self._open -= 1
        if self._open:
            return b""
        return template.usage_frame(to_usage(self._usages, self.context)) + DONE


class ChunkKind(Struct, frozen=True):
    """A kind of chunk: its `object`, and the field of a choice that holds its content."""

    name: str
    field: str


class Template(Struct, frozen=True):
    """A frame is `head`, the content of the chunk, `tail`, a finish reason or null, and `end`."""

    head: bytes
    tail: bytes
    end: bytes
    usage_head: bytes | None

    @classmethod
    def of(
        cls, context: ReplyContext, index: int, *, kind: ChunkKind, include_usage: bool, tier: str | None = None
    ) -> "Template":
        """`tier` is the service tier, for kinds of chunk that have the field. `usage` is in every frame or in none."""
        common = {"id": context.id, "object": kind.name, "created": context.created, "model": context.model}
        if tier is not None:
            common["service_tier"] = tier
        start = b"data: " + _encode(common)[:-1]
        return cls(
            head=start + b',"choices":[{"index":%d,"%b":' % (index, kind.field.encode()),
            tail=b',"logprobs":null,"finish_reason":',
            end=(b'}],"usage":null}' if include_usage else b"}]}") + b"\n\n",
            usage_head=start + b',"choices":[],"usage":' if include_usage else None,
        )

    @property
    def unfinished(self) -> bytes:
        """Return everything after the content of an ordinary chunk."""
        return self.tail + b"null" + self.end

    def finish_frame(self, content: bytes, reason: str) -> bytes:
        return b"".join((self.head, content, self.tail, _encode(reason), self.end))

    def usage_frame(self, usage: CompletionUsage) -> bytes:
        return b"" if self.usage_head is None else self.usage_head + _encode(usage) + b"}\n\n"


class ChoiceStream(ABC):
    """One choice of a streamed reply: its usage and end. Its content is left to subclasses, whose `feed` sets these."""

    _ending: Ending
    _template: Template
    _usage = messages.Usage()
    _end = messages.DeltaBody()
    _stopped = False

    @property
    def usage(self) -> messages.Usage:
        return self._usage

    @property
    def stop_reason(self) -> str | None:
        return self._end.stop_reason

    @abstractmethod
    def feed(self, event: messages.Event) -> bytes: ...

    @abstractmethod
    def _finish(self) -> bytes:
        """Return the last frames: what had to wait until the message was complete, and the finish reason."""

    def close(self) -> bytes:
        if not self._stopped:
            raise UpstreamBroke("The upstream's stream ended before the message was complete.")
        return self._finish() + self._ending.frames(self._usage, self._template)

    def keep_alive(self) -> bytes:
        return sse.KEEP_ALIVE

    def fail(self, error: ProxyError, param: str | None = None) -> bytes:
        return sse.encode(render_error(error, param))
