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


class Relay(Protocol):
    """Passes a streamed reply on in the upstream's own bytes. Sync; one instance per reply."""

    @property
    def usage(self) -> messages.Usage:
        """The usage that has been reported so far."""

    @property
    def ended(self) -> bool:
        """Whether the message is complete."""

    @property
    def error_kind(self) -> str | None:
        """The type of the error by which the upstream ended the reply, if it did."""

    def feed(self, piece: bytes) -> bytes:
        """Return what to send of a piece, which holds whole events."""

    def close(self) -> None:
        """The upstream ended. Raises `UpstreamBroke` when it ended before the message did."""

    def fail(self, error: ProxyError, request_id: str) -> bytes:
        """Return the last event of a broken reply."""


class NativeRequest(Protocol):
    """A request that the upstream takes as it is, but for the name of its model."""

    @property
    def model(self) -> str: ...

    @property
    def stream(self) -> bool: ...

    def naming(self, model: str) -> bytes:
        """Return the body with the name of the model to send it to."""

    def reply(self, body: bytes) -> tuple[bytes, messages.Usage | None]:
        """Return the whole reply as it goes to the client, and its usage. Raises `UpstreamBroke`."""

    def relay(self) -> Relay: ...


class NativeForm(Struct, frozen=True):
    """How an endpoint's requests go to an upstream that speaks the same API. `decode` raises `InvalidRequest`."""

    path: str  # at the upstream
    decode: Callable[[bytes], NativeRequest]


class Endpoint(Struct, frozen=True):
    """One client-facing API. `decode` raises `InvalidRequest`; its second argument serves requests that name no model.

    `native` is for an API that an upstream may speak itself. `render_count` makes the reply of an endpoint that answers
    with the number of tokens of a request, in place of a message.
    """

    name: str
    path: str
    id_prefix: str
    decode: Callable[[bytes, str], DecodedRequest]
    envelope: Envelope
    native: NativeForm | None = None
    render_count: Callable[[int], bytes] | None = None
