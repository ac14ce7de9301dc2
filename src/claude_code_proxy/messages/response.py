"""A Message, as the API answers it: JSON -> frozen values.

https://platform.claude.com/docs/en/api/messages
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta, Raw, Struct

from claude_code_proxy.messages.content import NO_JSON, Block, decode_block

_Whole: TypeAlias = Annotated[int, Meta(ge=0, le=500_000_000)]
Count: TypeAlias = _Whole | None
"""A count that somebody can have meant. Four of them fit into 32 bits, as clients read what they add up to."""


class TokenDetails(Struct, frozen=True, omit_defaults=True):
    thinking_tokens: Count = None


class ServerToolUsage(Struct, frozen=True, omit_defaults=True):
    web_search_requests: Count = None
    web_fetch_requests: Count = None


class CacheCreation(Struct, frozen=True, omit_defaults=True):
    ephemeral_5m_input_tokens: Count = None
    ephemeral_1h_input_tokens: Count = None


class UsageIteration(Struct, frozen=True, omit_defaults=True):
    """One of the service's own steps. The tokens of a compaction are not among those of the Message."""

    type: str = ""
    input_tokens: _Whole = 0
    output_tokens: _Whole = 0
    cache_creation_input_tokens: _Whole = 0
    cache_read_input_tokens: _Whole = 0
    cache_creation: CacheCreation | None = None


class Usage(Struct, frozen=True, omit_defaults=True):
    """Token counts. `input_tokens` leaves out what was written to or read from the cache; None means not told.

    `requests` never comes over the wire: where this is a sum, it holds what each request used, for each has its price.
    """

    input_tokens: Count = None
    output_tokens: Count = None
    cache_creation_input_tokens: Count = None
    cache_read_input_tokens: Count = None
    cache_creation: CacheCreation | None = None
    output_tokens_details: TokenDetails | None = None
    server_tool_use: ServerToolUsage | None = None
    service_tier: str | None = None
    speed: str | None = None
    inference_geo: str | None = None
    iterations: tuple[UsageIteration, ...] | None = None
    requests: "tuple[Usage, ...] | None" = msgspec.field(default=None, name="(requests)")

    def updated(self, later: "Usage") -> "Usage":
        """Return the usage after `later`: counts are cumulative, so the values it has replace earlier ones."""
        present = {name: value for name in self.__struct_fields__ if (value := getattr(later, name)) is not None}
        return msgspec.structs.replace(self, **present) if present else self


_COUNTS = ("input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")


def with_compactions(usage: Usage) -> Usage:
    """Return usage that counts compactions too, each as a request with its own price."""
    if usage.iterations is None:
        return usage
    found = [iteration for iteration in usage.iterations if iteration.type == "compaction"]
    own = msgspec.structs.replace(usage, iterations=None)
    if not found:
        return own
    bare = msgspec.structs.replace(own, output_tokens_details=None, server_tool_use=None)
    added = (msgspec.structs.replace(bare, **_fields(iteration)) for iteration in found)
    totals = {name: sum((getattr(each, name) for each in found), start=getattr(own, name) or 0) for name in _COUNTS}
    return msgspec.structs.replace(own, **totals, requests=(own, *added))


def _fields(iteration: UsageIteration) -> dict[str, int | CacheCreation | None]:
    return {name: getattr(iteration, name) for name in (*_COUNTS, "cache_creation")}


_decode_usage = msgspec.json.Decoder(Usage | None).decode
_decode_fields = msgspec.json.Decoder(dict[str, Raw]).decode


def decode_usage(raw: Raw) -> Usage:
    """Return the usage as far as it can be read: a count that is none counts as not told, and costs no answer."""
    if not raw:
        return Usage()
    try:
        return with_compactions(_decode_usage(raw) or Usage())
    except msgspec.ValidationError:
        return with_compactions(_readable_usage(raw))


def _readable_usage(raw: Raw) -> Usage:
    usage = Usage()
    with suppress(msgspec.ValidationError):  # no object at all
        for name, value in _decode_fields(raw).items():
            with suppress(msgspec.ValidationError):
                usage = usage.updated(_decode_usage(msgspec.json.encode({name: value})) or usage)
    return usage


class StopDetails(Struct, frozen=True, omit_defaults=True):
    type: str | None = None
    category: str | None = None
    explanation: str | None = None


class Citation(Struct, frozen=True, omit_defaults=True):
    """A citation of any type: of a page (`url`), a search result (`source`) or a document (`document_index`)."""

    type: str = ""
    url: str | None = None
    title: str | None = None
    cited_text: str | None = None
    source: str | None = None
    file_id: str | None = None
    document_index: int | None = None
    document_title: str | None = None
    start_char_index: int | None = None
    end_char_index: int | None = None
    start_page_number: int | None = None
    end_page_number: int | None = None
    start_block_index: int | None = None
    end_block_index: int | None = None


_decode_citation = msgspec.json.Decoder(Citation).decode
_decode_list: Callable[[Raw], list[Raw] | None] = msgspec.json.Decoder(list[Raw] | None).decode


def decode_citation(raw: Raw) -> Citation:
    """One of a shape this version has never heard of says nothing."""
    try:
        return _decode_citation(raw)
    except msgspec.ValidationError:
        return Citation()


def decode_citations(raw: Raw) -> list[Citation]:
    """Return the citations of a text block; none where the field is null or absent."""
    return [decode_citation(citation) for citation in raw_citations(raw)]


def raw_citations(raw: Raw) -> list[Raw]:
    return (_decode_list(raw) if raw else None) or []


class Message(Struct, frozen=True, omit_defaults=True):
    id: str
    model: str
    content: tuple[Block, ...]
    stop_reason: str | None = None
    stop_sequence: str | None = None
    stop_details: StopDetails | None = None
    usage: Usage = Usage()


class WireMessage(Struct, frozen=True):
    """A Message before its blocks are decoded one by one, so that one unknown block spoils no other."""

    id: str
    model: str
    content: list[Raw]
    stop_reason: str | None = None
    stop_sequence: str | None = None
    stop_details: StopDetails | None = None
    usage: Raw = NO_JSON

    def decoded(self) -> Message:
        return Message(
            id=self.id,
            model=self.model,
            content=tuple(map(decode_block, self.content)),
            stop_reason=self.stop_reason,
            stop_sequence=self.stop_sequence,
            stop_details=self.stop_details,
            usage=decode_usage(self.usage),
        )


_decode_wire = msgspec.json.Decoder(WireMessage).decode


def decode_message(body: bytes) -> Message:
    """Raise `msgspec.DecodeError` when `body` is not a Message."""
    return _decode_wire(body).decoded()
