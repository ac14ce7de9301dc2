"""The seam: an endpoint is a value, four pure translations and a stream translator.

bytes -> DecodedRequest     the request as a Messages request, with what it says about the form of the reply
Message -> bytes            the whole reply
Event -> bytes              the streamed reply, frame by frame
ProxyError -> ErrorReply    an error, in the client's envelope

An endpoint whose API an upstream speaks itself has a `NativeForm` too: then bytes go up and down as they are.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

from msgspec import Struct

from claude_code_proxy import messages
from claude_code_proxy.adjustment import Adjustment
from claude_code_proxy.endpoints.envelope import Envelope
from claude_code_proxy.errors import ProxyError


class KeptReply(Struct, frozen=True):
    """A reply that its caller wants kept, to read it again or to continue it.

    `previous` is the id of the reply that it continues, or empty. The others are JSON: labels of the caller's, the body
    of the reply, the input, and the turns of input and answer as Messages. One that is not `stored` may be continued on
    its own connection only. `conversation` is the id of the conversation to which `items` are added, or empty.
    """

    id: str
    previous: str
    metadata: bytes
    reply: bytes
    input: bytes
    turns: bytes
    stored: bool = True
    conversation: str = ""
    items: bytes = b"[]"


def _not_kept(_: KeptReply) -> None:
    """Forget the reply."""


class ReplyContext(Struct, frozen=True):
    """What only the edge knows: the reply's id, the time (epoch seconds), the model's name in the request, the cost.

    `cost` turns usage into USD; it gives None where a price is not known. `completed` gives the time of the end.
    `keep` is called with a complete reply that is to be kept, before its last frame or its body is returned.
    """

    id: str
    created: int
    model: str
    cost: Callable[[messages.Usage], float | None]
    completed: Callable[[], int | None] = lambda: None
    keep: Callable[[KeptReply], None] = _not_kept


class StreamTranslator(Protocol):
    """Turns the events of one Message into the frames of one reply, ready to send. Sync; one instance per reply."""

    @property
    def usage(self) -> messages.Usage:
        """The usage that has been reported so far."""

    @property
    def stop_reason(self) -> str | None:
        """The reason why the message ended, as the Messages API names it; None until it is known."""

    def feed(self, event: messages.Event) -> bytes:
        """Return the frames that an event makes, if any."""

    def close(self) -> bytes:
        """Return the last frames: the upstream has ended. Raise `UpstreamBroke` where the message had not."""

    def keep_alive(self) -> bytes:
        """Return what fills a long silence: a comment, or an event where clients need one to go on waiting."""

    def fail(self, error: ProxyError, param: str | None = None) -> bytes:
        """Return the last frame of a broken reply. `param` is the client's field that the error is about."""


class DecodedRequest(Protocol):
    """One decoded request: the Messages request to send, and how to write the reply."""

    @property
    def request(self) -> messages.MessagesRequest: ...

    @property
    def adjustments(self) -> tuple[Adjustment, ...]: ...

    @property
    def stream(self) -> bool: ...

    @property
    def n(self) -> int:
        """The number of replies to return."""

    def with_request(self, request: messages.MessagesRequest) -> "DecodedRequest":
        """Return the same with `request` changed: the images of its blocks, whose places stay as they were."""

    def field_name(self, path: str) -> str:
        """Return the client's field from which `path` of `request` was made; `path` itself if both APIs have the field.

        Paths are written as in `messages[2].content[0]` and `tools[3].input_schema.properties.a`.
        """

    def reply(self, replies: tuple[messages.Message, ...], context: ReplyContext) -> bytes:
        """Return the body of the whole reply: one choice for each message."""

    def translators(self, context: ReplyContext) -> tuple[StreamTranslator, ...]:
        """Return one for each choice; their frames may be mixed, and the last one to close ends the reply."""


class PendingRequest(Struct, frozen=True):
    """A request that names stored things by their ids, such as an earlier response.

    The exchange looks them up, and `resume` takes what was found. It raises `InvalidRequest` where one is missing.
    """

    ids: tuple[str, ...]
    resume: Callable[[Mapping[str, bytes]], DecodedRequest]


class Relay(Protocol):
    """Passes a streamed reply on in the upstream's own bytes. Sync; one instance per reply."""

    @property
    def usage(self) -> messages.Usage:
        """The usage that has been reported so far."""

    @property
    def stop_reason(self) -> str | None:
        """The reason why the message ended, as the Messages API names it; None until it is known."""

    @property
    def ended(self) -> bool:
        """Whether the message is complete."""

    @property
    def error_kind(self) -> str | None:
        """The type of the error by which the upstream ended the reply, if it did."""

    def feed(self, piece: bytes) -> bytes:
        """Return what to send of a piece, which holds whole events."""

    def close(self) -> None:
        """Accept the end of the upstream. Raise `UpstreamBroke` where the message had not ended."""

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

    def reply(self, body: bytes) -> tuple[bytes, messages.Usage | None, str | None]:
        """Return the whole reply as it goes to the client, its usage and its stop reason. Raise `UpstreamBroke`."""

    def relay(self) -> Relay: ...


class NativeForm(Struct, frozen=True):
    """How an endpoint's requests go to an upstream that speaks the same API. `decode` raises `InvalidRequest`."""

    path: str  # at the upstream
    decode: Callable[[bytes], NativeRequest]


class BackgroundForm(Struct, frozen=True):
    """How an endpoint answers requests that are made later.

    `wants` looks at the body. `queue` makes what is kept and sent at once; it raises `InvalidRequest`.
    """

    wants: Callable[[bytes], bool]
    queue: Callable[[DecodedRequest, ReplyContext], KeptReply]


class Endpoint(Struct, frozen=True):
    """One client-facing API. `decode` raises `InvalidRequest`; its second argument serves requests that name no model.

    `most_retries` bounds how often a failed request is sent again, where clients multiply that by retries of their own.

    `begin` takes the place of `decode` where requests may name stored things. `native` is for an API that an upstream
    may speak itself. `render_count` makes the reply of an endpoint that answers with the number of tokens of a request.
    `background` is for an API whose requests may be made in the background.
    `failure_is_an_end` says that every client reads the last frame of a broken stream, so that the connection need not
    be cut to make it seen.
    """

    name: str
    path: str
    id_prefix: str
    decode: Callable[[bytes, str], DecodedRequest]
    envelope: Envelope
    begin: Callable[[bytes, str], PendingRequest] | None = None
    native: NativeForm | None = None
    render_count: Callable[[int], bytes] | None = None
    most_retries: int = 10
    background: BackgroundForm | None = None
    failure_is_an_end: bool = False
