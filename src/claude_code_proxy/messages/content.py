"""Content blocks, as they stand in requests and replies: JSON -> frozen values.

Open data (tool input, citations, hosted tools' results) stays raw JSON. A block of a type this version has never heard
of becomes an `UnknownBlock`: never a crash, never silence.
"""

from typing import ClassVar, Literal, TypeAlias

import msgspec
from msgspec import Raw, Struct

NO_JSON = Raw(b"")  # "not given" for a raw field: left out when encoded


class CacheControl(
    Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, tag_field="type", tag="ephemeral"
):
    ttl: Literal["5m", "1h"] | None = None


class Base64Source(Struct, frozen=True, tag_field="type", tag="base64"):
    media_type: str
    data: str


class UrlSource(Struct, frozen=True, tag_field="type", tag="url"):
    url: str


class FileSource(Struct, frozen=True, tag_field="type", tag="file"):
    file_id: str


class TextSource(Struct, frozen=True, tag_field="type", tag="text"):
    data: str
    media_type: str = "text/plain"


class ContentSource(Struct, frozen=True, tag_field="type", tag="content"):
    content: Raw


class Text(Struct, frozen=True, omit_defaults=True, tag_field="type", tag="text"):
    text: str
    citations: Raw = NO_JSON
    cache_control: CacheControl | None = None


class Image(Struct, frozen=True, omit_defaults=True, tag_field="type", tag="image"):
    source: Base64Source | UrlSource | FileSource
    cache_control: CacheControl | None = None


class Document(Struct, frozen=True, omit_defaults=True, tag_field="type", tag="document"):
    source: Base64Source | UrlSource | FileSource | TextSource | ContentSource
    title: str | None = None
    context: str | None = None
    citations: Raw = NO_JSON
    cache_control: CacheControl | None = None


class SearchResult(Struct, frozen=True, omit_defaults=True, tag_field="type", tag="search_result"):
    source: str
    title: str
    content: Raw
    citations: Raw = NO_JSON
    cache_control: CacheControl | None = None


class Thinking(Struct, frozen=True, tag_field="type", tag="thinking"):
    """`thinking` may be empty while `signature` is not: both go back byte for byte."""

    thinking: str
    signature: str
    cache_control: ClassVar[None] = None  # thinking can have none


class RedactedThinking(Struct, frozen=True, tag_field="type", tag="redacted_thinking"):
    data: str
    cache_control: ClassVar[None] = None


AnyThinking: TypeAlias = Thinking | RedactedThinking
THINKING_TYPES = frozenset({Thinking, RedactedThinking})
"""The classes of `AnyThinking`, for a test by `type(block) in THINKING_TYPES`."""


class ToolUse(Struct, frozen=True, omit_defaults=True, tag_field="type", tag="tool_use"):
    """`input` is the JSON of an object; it may be cut short in a reply that hit `max_tokens`.

    `toolset_name` tells a member of one of the service's toolsets from a tool of the same name.
    """

    id: str
    name: str
    input: Raw
    cache_control: CacheControl | None = None
    toolset_name: str | None = None


class _AnyObject(Struct):
    """Decoding into it checks that JSON is an object, and keeps nothing of it."""


check_object = msgspec.json.Decoder(_AnyObject).decode  # raises one of NO_OBJECT where JSON is no input of a tool use
NO_OBJECT = (msgspec.DecodeError, RecursionError)


class ToolResult(Struct, frozen=True, omit_defaults=True, tag_field="type", tag="tool_result"):
    """`content` empty means an empty result, which the API takes; an empty text block inside it is refused."""

    tool_use_id: str
    content: "tuple[Text | Image | Document | SearchResult, ...]" = ()
    is_error: bool = False
    cache_control: CacheControl | None = None


class ServerToolUse(Struct, frozen=True, omit_defaults=True, tag_field="type", tag="server_tool_use"):
    """A call of a hosted tool, run by the service: never the client's to answer."""

    id: str
    name: str
    input: Raw
    cache_control: CacheControl | None = None
    caller: Raw = NO_JSON


class WebSearchToolResult(Struct, frozen=True, omit_defaults=True, tag_field="type", tag="web_search_tool_result"):
    tool_use_id: str
    content: Raw
    cache_control: CacheControl | None = None
    caller: Raw = NO_JSON


class Compaction(Struct, frozen=True, omit_defaults=True, tag_field="type", tag="compaction"):
    """What stands for the messages that it summarizes; with a signature, it goes back as it came, before all others.

    `content` is None where the service could not summarize.
    """

    content: str | None = None
    encrypted_content: str | None = None
    signature: str | None = None
    tool_changes: Raw = NO_JSON
    cache_control: CacheControl | None = None


class UnknownBlock:
    """A block of another type, kept as the JSON it came as."""

    __slots__ = ("raw", "type")
    cache_control: ClassVar[None] = None  # one within `raw` is not looked at

    def __init__(self, type: str, raw: bytes) -> None:
        self.type = type
        self.raw = raw

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UnknownBlock) and (self.type, self.raw) == (other.type, other.raw)

    def __hash__(self) -> int:
        return hash(self.raw)

    def __repr__(self) -> str:
        return f"UnknownBlock(type={self.type!r})"


KnownBlock: TypeAlias = (
    Text
    | Image
    | Document
    | SearchResult
    | Thinking
    | RedactedThinking
    | ToolUse
    | ToolResult
    | ServerToolUse
    | WebSearchToolResult
    | Compaction
)
Block: TypeAlias = KnownBlock | UnknownBlock


def with_input(block: "UnknownBlock | ServerToolUse", input: Raw) -> "UnknownBlock | ServerToolUse":
    """Return a call of the service's with its input; the block itself where it is of another type and no call."""
    if isinstance(block, ServerToolUse):
        return msgspec.structs.replace(block, input=input)
    fields = _decode_fields(block.raw)
    if "input" not in fields:
        return block
    return UnknownBlock(block.type, msgspec.json.encode({**fields, "input": input}))


class _Typed(Struct):
    type: str


_known: msgspec.json.Decoder[KnownBlock] = msgspec.json.Decoder(KnownBlock)
_decode_type = msgspec.json.Decoder(_Typed).decode
_decode_fields = msgspec.json.Decoder(dict[str, Raw]).decode
# What gateways that speak this API leave out or send as null at the start of a block, since deltas bring it.
_EMPTY = {
    "text": {"text": Raw(b'""')},
    "thinking": {"thinking": Raw(b'""'), "signature": Raw(b'""')},
    "tool_use": {"input": Raw(b"{}")},
    "server_tool_use": {"input": Raw(b"{}")},
}


def decode_block(raw: bytes | Raw) -> Block:
    """Raise `msgspec.DecodeError` only when `raw` is not an object with a `type`."""
    try:
        return _known.decode(raw)
    except msgspec.ValidationError:
        kind = _decode_type(raw).type
    present = {name: value for name, value in _decode_fields(raw).items() if bytes(value) != b"null"}
    try:
        return _known.decode(msgspec.json.encode(_EMPTY.get(kind, {}) | present))
    except msgspec.ValidationError:
        return UnknownBlock(kind, bytes(raw))
