"""A chat completion request on the wire, as types: the client's own field names, nothing decided yet.

https://platform.openai.com/docs/api-reference/chat/create, and the extras that real clients add to it. Fields that need
no look inside stay raw JSON. Null and absent mean the same everywhere.
"""

from typing import Literal, TypeAlias

from msgspec import Raw

from claude_code_proxy.endpoints.openai.mcp import McpTool
from claude_code_proxy.endpoints.openai.request import StreamOptions, Wire
from claude_code_proxy.messages import CacheControl
from claude_code_proxy.messages.content import NO_JSON


class CacheBreakpoint(Wire, frozen=True):
    mode: str | None = None
    ttl: str | None = None


class TextPart(Wire, frozen=True, tag_field="type", tag="text"):
    text: str
    cache_control: CacheControl | None = None
    prompt_cache_breakpoint: CacheBreakpoint | None = None


class ImageUrl(Wire, frozen=True):
    url: str
    detail: str | None = None


class ImagePart(Wire, frozen=True, tag_field="type", tag="image_url"):
    image_url: ImageUrl | str
    cache_control: CacheControl | None = None
    prompt_cache_breakpoint: CacheBreakpoint | None = None


class FileBody(Wire, frozen=True):
    file_data: str | None = None
    file_id: str | None = None
    filename: str | None = None
    format: str | None = None
    context: str | None = None  # this and the next are Anthropic's own
    citations: Raw = NO_JSON


class FilePart(Wire, frozen=True, tag_field="type", tag="file"):
    file: FileBody
    cache_control: CacheControl | None = None
    prompt_cache_breakpoint: CacheBreakpoint | None = None


class AudioPart(Wire, frozen=True, tag_field="type", tag="input_audio"):
    input_audio: Raw = NO_JSON
    cache_control: CacheControl | None = None
    prompt_cache_breakpoint: CacheBreakpoint | None = None


class RefusalPart(Wire, frozen=True, tag_field="type", tag="refusal"):
    refusal: str


class ToolResultPart(Wire, frozen=True, tag_field="type", tag="tool_result"):
    """Anthropic's block, which some clients put into a user message."""

    tool_use_id: str
    content: str | list[TextPart | ImagePart | FilePart | AudioPart | RefusalPart] | None = None
    is_error: bool | None = None
    cache_control: CacheControl | None = None


Part: TypeAlias = TextPart | ImagePart | FilePart | AudioPart | RefusalPart | ToolResultPart
Content: TypeAlias = str | list[Part] | None


class FunctionCall(Wire, frozen=True):
    name: str
    arguments: str | dict[str, Raw] | None = None  # a string by the book; clients also send objects and null


class CustomCall(Wire, frozen=True):
    name: str
    input: str = ""


class ToolCall(Wire, frozen=True, tag_field="type", tag="function"):
    id: str
    function: FunctionCall
    index: int | None = None


class CustomToolCall(Wire, frozen=True, tag_field="type", tag="custom"):
    id: str
    custom: CustomCall
    index: int | None = None


class SystemMessage(Wire, frozen=True, tag_field="role", tag="system"):
    content: Content = None
    name: str | None = None
    cache_control: CacheControl | None = None


class DeveloperMessage(SystemMessage, frozen=True, tag_field="role", tag="developer"):
    pass


class UserMessage(Wire, frozen=True, tag_field="role", tag="user"):
    content: Content = None
    name: str | None = None
    cache_control: CacheControl | None = None


class AssistantMessage(Wire, frozen=True, tag_field="role", tag="assistant"):
    """The last five fields are extras by which a client may hand back the reasoning it was given."""

    content: Content = None
    name: str | None = None
    refusal: str | None = None
    tool_calls: list[ToolCall | CustomToolCall] | None = None
    function_call: FunctionCall | None = None
    audio: Raw = NO_JSON
    annotations: Raw = NO_JSON
    cache_control: CacheControl | None = None
    thinking_blocks: list[Raw] | None = None
    reasoning_details: list[Raw] | None = None
    reasoning_content: Raw = NO_JSON
    reasoning: Raw = NO_JSON


class ToolMessage(Wire, frozen=True, tag_field="role", tag="tool"):
    tool_call_id: str
    content: Content = None
    name: str | None = None
    is_error: bool | None = None
    cache_control: CacheControl | None = None


class FunctionMessage(Wire, frozen=True, tag_field="role", tag="function"):
    name: str
    content: Content = None


ChatMessage: TypeAlias = (
    SystemMessage | DeveloperMessage | UserMessage | AssistantMessage | ToolMessage | FunctionMessage
)


class FunctionDefinition(Wire, frozen=True):
    name: str
    description: str | None = None
    parameters: Raw = NO_JSON
    strict: bool | None = None


class FunctionTool(Wire, frozen=True, tag_field="type", tag="function"):
    """The last two fields are Anthropic's own."""

    function: FunctionDefinition
    cache_control: CacheControl | None = None
    defer_loading: bool | None = None
    input_examples: Raw = NO_JSON


class Grammar(Wire, frozen=True):
    definition: str
    syntax: str


class GrammarFormat(Wire, frozen=True, tag_field="type", tag="grammar"):
    grammar: Grammar


class FreeText(Wire, frozen=True, tag_field="type", tag="text"):
    pass


class CustomDefinition(Wire, frozen=True):
    name: str
    description: str | None = None
    format: GrammarFormat | FreeText | None = None


class CustomTool(Wire, frozen=True, tag_field="type", tag="custom"):
    custom: CustomDefinition
    cache_control: CacheControl | None = None


class ServerTool(Wire, frozen=True, tag_field="type", tag="server_tool"):
    """A tool of Anthropic's own, such as `code_execution_20260120`; `foreign.shapes` puts it into this frame."""

    tool: Raw


Tool: TypeAlias = FunctionTool | CustomTool | McpTool | ServerTool


class Named(Wire, frozen=True):
    name: str


class ChosenFunction(Wire, frozen=True, tag_field="type", tag="function"):
    function: Named


class ChosenCustom(Wire, frozen=True, tag_field="type", tag="custom"):
    custom: Named


class AllowedTools(Wire, frozen=True):
    tools: list[ChosenFunction | ChosenCustom]
    mode: Literal["auto", "required"] = "auto"


class ChosenAllowed(Wire, frozen=True, tag_field="type", tag="allowed_tools"):
    allowed_tools: AllowedTools


ToolChoice: TypeAlias = Literal["none", "auto", "required", "any"] | ChosenFunction | ChosenCustom | ChosenAllowed


class JsonSchemaFormat(Wire, frozen=True):
    name: str | None = None
    description: str | None = None
    schema: Raw = NO_JSON
    strict: bool | None = None


class JsonObjectFormat(Wire, frozen=True, tag_field="type", tag="json_object"):
    pass


class SchemaFormat(Wire, frozen=True, tag_field="type", tag="json_schema"):
    json_schema: JsonSchemaFormat


ResponseFormat: TypeAlias = FreeText | JsonObjectFormat | SchemaFormat


class Location(Wire, frozen=True):
    city: str | None = None
    country: str | None = None
    region: str | None = None
    timezone: str | None = None


class SearchLocation(Wire, frozen=True):
    approximate: Location
    type: str = "approximate"


class WebSearchOptions(Wire, frozen=True):
    search_context_size: Literal["low", "medium", "high"] | None = None
    user_location: SearchLocation | None = None


Effort: TypeAlias = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]


class Reasoning(Wire, frozen=True):
    """The object that OpenRouter's clients send."""

    effort: Effort | None = None
    max_tokens: int | None = None
    enabled: bool | None = None
    exclude: bool | None = None
    summary: str | None = None


class ThinkingOption(Wire, frozen=True):
    """Anthropic's own object, passed through by clients that know it."""

    type: Literal["enabled", "disabled", "adaptive", "between_tools"]
    budget_tokens: int | None = None
    display: Literal["summarized", "omitted"] | None = None


class OutputConfigOption(Wire, frozen=True):
    """Anthropic's own object, passed through by clients that know it."""

    effort: Effort | None = None
    format: Raw = NO_JSON


class ChatRequest(Wire, frozen=True, kw_only=True):
    """Every field of the API; `support.py` says of each what becomes of it."""

    messages: list[ChatMessage]
    model: str | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop: str | list[str] | None = None
    n: int | None = None
    tools: list[Tool] | None = None
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    functions: list[FunctionDefinition] | None = None
    function_call: Literal["none", "auto"] | Named | None = None
    response_format: ResponseFormat | None = None
    reasoning_effort: Effort | None = None
    reasoning: Reasoning | None = None
    include_reasoning: bool | None = None
    thinking: ThinkingOption | None = None
    system: str | list[TextPart] | None = None
    web_search_options: WebSearchOptions | None = None
    user: str | None = None
    safety_identifier: str | None = None
    service_tier: str | None = None
    speed: Literal["standard", "fast"] | None = None
    inference_geo: str | None = None
    cache_control: CacheControl | None = None
    output_config: OutputConfigOption | None = None
    container: Raw = NO_JSON
    context_management: Raw = NO_JSON
    fallbacks: Raw = NO_JSON
    mcp_servers: Raw = NO_JSON
    audio: Raw = NO_JSON
    frequency_penalty: Raw = NO_JSON
    logit_bias: Raw = NO_JSON
    logprobs: Raw = NO_JSON
    metadata: Raw = NO_JSON
    modalities: Raw = NO_JSON
    moderation: Raw = NO_JSON
    prediction: Raw = NO_JSON
    presence_penalty: Raw = NO_JSON
    prompt_cache_key: Raw = NO_JSON
    prompt_cache_options: Raw = NO_JSON
    prompt_cache_retention: Raw = NO_JSON
    seed: Raw = NO_JSON
    store: Raw = NO_JSON
    top_logprobs: Raw = NO_JSON
    verbosity: str | None = None

    @property
    def legacy_functions(self) -> bool:
        """Whether calls are to come back in the form that came before tools: one at a time, without an id."""
        return bool(self.functions) and not self.tools
