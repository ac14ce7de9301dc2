"""The seam: an endpoint is a value, four pure translations and a stream translator.

bytes -> Asked        decode: what the client asked, as a Messages request, with what it said about the reply
Message -> bytes      the whole reply
Event -> bytes        the streamed reply, frame by frame
ProxyError -> bytes   what went wrong, in the client's envelope
"""

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from claude_code_proxy import messages
from claude_code_proxy.adjustment import Adjustment
from claude_code_proxy.endpoints.envelope import Envelope
from claude_code_proxy.errors import ProxyError


class ReplyContext(Struct, frozen=True):
    """What only the edge knows: the reply's id, the time (epoch seconds), the model's name as asked, and what it costs.

    `cost` turns usage into USD; it gives None where a price is not known.
    """

    id: str
    created: int
    model: str
    cost: Callable[[messages.Usage], float | None]


class StreamTranslator(Protocol):
    """Turns the events of one Message into the frames of one reply, ready to send. Sync; one instance per reply."""

    @property
    def usage(self) -> messages.Usage:
        """The usage that has been reported so far."""

    def feed(self, event: messages.Event) -> bytes:
        """The frames this event makes, if any."""

    def close(self) -> bytes:
        """The upstream ended: the last frames. Raises `UpstreamBroke` when it ended before the message did."""

    def fail(self, error: ProxyError, param: str | None = None) -> bytes:
        """The last frame of a broken reply. `param` is the client's field that the error is about."""


class DecodedRequest(Protocol):
    """One decoded client request: what to ask upstream, and how its reply is to be written."""

    @property
    def request(self) -> messages.MessagesRequest: ...

    @property
    def adjustments(self) -> tuple[Adjustment, ...]: ...

    @property
    def stream(self) -> bool: ...

    @property
    def n(self) -> int:
        """How many replies are wanted."""

    def field_name(self, path: str) -> str:
        """The client's field from which `path` of `request` was made; `path` itself if both APIs have the field.

        Paths are written as in `messages[2].content[0]` and `tools[3].input_schema.properties.a`.
        """

    def reply(self, replies: tuple[messages.Message, ...], context: ReplyContext) -> bytes:
        """The body of the whole reply: one choice for each message."""

    def translators(self, context: ReplyContext) -> tuple[StreamTranslator, ...]:
        """One for each choice; their frames may be mixed, and the last one to close ends the reply."""


class Endpoint(Struct, frozen=True):
    """`decode` raises `InvalidRequest`; `default_model` serves requests that name none.

    `render_error` is given the client's field that the error is about, or None.
    """

    name: str
    path: str
    id_prefix: str
    decode: Callable[[bytes, str], DecodedRequest]
    envelope: Envelope
