"""The body of `POST /v1/messages` as frozen values -> JSON. A field left at its default is left out.

https://platform.claude.com/docs/en/api/messages
"""

from typing import Literal, TypeAlias

import msgspec
from msgspec import Raw, Struct

from claude_code_proxy.messages.content import NO_JSON, Block, CacheControl, Text, UnknownBlock

Role: TypeAlias = Literal["user", "assistant", "system"]


class InputMessage(Struct, frozen=True):
    role: Role
    content: tuple[Block, ...]


class Tool(Struct, frozen=True, omit_defaults=True):
    """A tool of the caller's own. `input_schema` is JSON Schema of type object."""

    name: str
    input_schema: Raw
    description: str | None = None
    strict: bool = False
    input_examples: Raw = NO_JSON
    eager_input_streaming: bool = False
    defer_loading: bool = False
    cache_control: CacheControl | None = None


class UserLocation(Struct, frozen=True, omit_defaults=True, tag_field="type", tag="approximate"):
    city: str | None = None
    region: str | None = None
    country: str | None = None
    timezone: str | None = None


class HostedTool(Struct, frozen=True, omit_defaults=True):
    """A tool that the service runs itself, such as `web_search_20250305`."""

    type: str
    name: str
    max_uses: int | None = None
    allowed_domains: tuple[str, ...] = ()
    blocked_domains: tuple[str, ...] = ()
    user_location: UserLocation | None = None
    cache_control: CacheControl | None = None


class RawTool:
    """A tool of another type of the service's own, kept as the JSON it came as but for its cache breakpoint.

    `name` tells it from other tools; where the type has no name, it is one that no other tool can have.
    """

    __slots__ = ("cache_control", "name", "raw", "type")

    def __init__(self, type: str, name: str, *, raw: bytes, cache_control: CacheControl | None = None) -> None:
        self.type = type
        self.name = name
        self.raw = raw
        self.cache_control = cache_control

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RawTool) and (self.raw, self.cache_control) == (other.raw, other.cache_control)

    def __hash__(self) -> int:
        return hash(self.raw)

    def __repr__(self) -> str:
        return f"RawTool(type={self.type!r}, name={self.name!r})"


ServerTool: TypeAlias = HostedTool | RawTool
AnyTool: TypeAlias = Tool | ServerTool


class ChooseAuto(Struct, frozen=True, omit_defaults=True, tag_field="type", tag="auto"):
    disable_parallel_tool_use: bool = False


class ChooseAny(Struct, frozen=True, omit_defaults=True, tag_field="type", tag="any"):
    disable_parallel_tool_use: bool = False


class ChooseTool(Struct, frozen=True, omit_defaults=True, tag_field="type", tag="tool"):
    name: str
    disable_parallel_tool_use: bool = False


class ChooseNone(Struct, frozen=True, tag_field="type", tag="none"):
    pass


ToolChoice: TypeAlias = ChooseAuto | ChooseAny | ChooseTool | ChooseNone


class Adaptive(Struct, frozen=True, omit_defaults=True, tag_field="type", tag="adaptive"):
    display: Literal["summarized", "omitted"] | None = None


class Enabled(Struct, frozen=True, omit_defaults=True, tag_field="type", tag="enabled"):
    budget_tokens: int
    display: Literal["summarized", "omitted"] | None = None


class Disabled(Struct, frozen=True, tag_field="type", tag="disabled"):
    pass


class BetweenTools(Struct, frozen=True, tag_field="type", tag="between_tools"):
    pass


ThinkingConfig: TypeAlias = Adaptive | Enabled | Disabled | BetweenTools


class JsonSchema(Struct, frozen=True, tag_field="type", tag="json_schema"):
    schema: Raw


class JsonObject(Struct, frozen=True, tag_field="type", tag="json_object"):
    """Any JSON object. The one value here that the service does not know: adaptation always replaces it."""


OutputFormat: TypeAlias = JsonSchema | JsonObject


class OutputConfig(Struct, frozen=True, omit_defaults=True):
    effort: str | None = None
    format: OutputFormat | None = None


class Metadata(Struct, frozen=True, omit_defaults=True):
    user_id: str | None = None


class Summarize(Struct, frozen=True, omit_defaults=True, tag_field="type", tag="summarize"):
    """Ask for a `Compaction` of the whole conversation, and for nothing else."""

    instructions: str | None = None


class MessagesRequest(Struct, frozen=True, omit_defaults=True):
    """`max_tokens` 0 means "as much as the model can"."""

    model: str
    messages: tuple[InputMessage, ...]
    max_tokens: int = 0
    system: tuple[Text, ...] = ()
    stop_sequences: tuple[str, ...] = ()
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    tools: tuple[AnyTool, ...] = ()
    tool_choice: ToolChoice | None = None
    thinking: ThinkingConfig | None = None
    output_config: OutputConfig | None = None
    metadata: Metadata | None = None
    service_tier: Literal["auto", "standard_only"] | None = None
    speed: Literal["standard", "fast"] | None = None
    inference_geo: str | None = None
    compaction: Summarize | None = None
    cache_control: CacheControl | None = None
    container: Raw = NO_JSON  # this and the next three are open data, which the service alone judges
    context_management: Raw = NO_JSON
    fallbacks: Raw = NO_JSON
    mcp_servers: Raw = NO_JSON
    stream: bool = False


def _encode_special(value: object) -> Raw:
    if isinstance(value, UnknownBlock):
        return Raw(value.raw)
    if isinstance(value, RawTool):
        return Raw(value.raw) if value.cache_control is None else Raw(_with_breakpoint(value.raw, value.cache_control))
    raise TypeError(f"{type(value).__name__} has no JSON form")


class _TypedTool(Struct, frozen=True):
    """What must be known of any tool."""

    type: str
    name: str = ""
    mcp_server_name: str = ""
    cache_control: CacheControl | None = None


_decode_typed_tool = msgspec.json.Decoder(_TypedTool).decode
_decode_fields = msgspec.json.Decoder(dict[str, Raw]).decode


def decode_raw_tool(raw: bytes | Raw) -> RawTool:
    """Raise `msgspec.DecodeError` when `raw` is not an object with a `type`."""
    typed = _decode_typed_tool(raw)
    fields = {name: value for name, value in _decode_fields(raw).items() if name != "cache_control"}
    name = typed.name or f"{typed.type} {typed.mcp_server_name}".strip()
    return RawTool(typed.type, name, raw=msgspec.json.encode(fields), cache_control=typed.cache_control)


def with_cache_control(tool: AnyTool, cache_control: CacheControl | None) -> AnyTool:
    if isinstance(tool, RawTool):
        return RawTool(tool.type, tool.name, raw=tool.raw, cache_control=cache_control)
    return msgspec.structs.replace(tool, cache_control=cache_control)


def _with_breakpoint(raw: bytes, cache_control: CacheControl) -> bytes:
    return msgspec.json.encode({**_decode_fields(raw), "cache_control": cache_control})


encode_request = msgspec.json.Encoder(enc_hook=_encode_special).encode
