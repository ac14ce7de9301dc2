"""A Responses request on the wire, as types: the client's own field names, nothing decided yet.

https://platform.openai.com/docs/api-reference/responses/create. Items and tools stay raw here, for they are decoded one
by one (`items`, `tool_types`). Null and absent mean the same everywhere.
"""

from typing import Literal, TypeAlias

from msgspec import Raw

from claude_code_proxy.endpoints.openai.request import Wire
from claude_code_proxy.messages.content import NO_JSON

Effort: TypeAlias = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]


class PlainFormat(Wire, frozen=True, tag_field="type", tag="text"):
    pass


class FlatJsonObject(Wire, frozen=True, tag_field="type", tag="json_object"):
    pass


class FlatJsonSchema(Wire, frozen=True, tag_field="type", tag="json_schema"):
    schema: Raw
    name: str | None = None
    strict: bool | None = None
    description: str | None = None


class TextOptions(Wire, frozen=True):
    format: PlainFormat | FlatJsonObject | FlatJsonSchema | None = None
    verbosity: str | None = None


class ReasoningOptions(Wire, frozen=True):
    effort: Effort | None = None
    summary: str | None = None
    generate_summary: str | None = None
    context: str | None = None
    mode: str | None = None


class ResponsesStreamOptions(Wire, frozen=True):
    include_obfuscation: bool | None = None


class ChosenTool(Wire, frozen=True):
    """A choice of one tool: `{"type": "function", "name": …}`, a hosted tool by its type, or `allowed_tools`."""

    type: str
    name: str | None = None
    namespace: str | None = None
    server_label: str | None = None
    mode: Literal["auto", "required"] | None = None
    tools: list["ChosenTool"] | None = None


class NamedConversation(Wire, frozen=True):
    id: str


class ResponsesRequest(Wire, frozen=True, kw_only=True):
    """Every field of the API; `support.py` says of each what becomes of it."""

    model: str | None = None
    input: str | list[Raw] | None = None
    instructions: str | list[Raw] | None = None
    stream: bool | None = None
    stream_options: ResponsesStreamOptions | None = None
    tools: list[Raw] | None = None
    tool_choice: Literal["none", "auto", "required"] | ChosenTool | None = None
    parallel_tool_calls: bool | None = None
    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    text: TextOptions | None = None
    reasoning: ReasoningOptions | None = None
    include: list[str] | None = None
    store: bool | None = None
    generate: bool | None = None
    previous_response_id: str | None = None
    metadata: dict[str, str] | None = None
    user: str | None = None
    safety_identifier: str | None = None
    service_tier: str | None = None
    prompt_cache_key: str | None = None
    conversation: str | NamedConversation | None = None
    truncation: Raw = NO_JSON
    max_tool_calls: Raw = NO_JSON
    background: bool | None = None
    context_management: Raw = NO_JSON
    prompt_cache_options: Raw = NO_JSON
    prompt_cache_retention: Raw = NO_JSON
    top_logprobs: Raw = NO_JSON
    prompt: Raw = NO_JSON
    moderation: Raw = NO_JSON
    background_options: Raw = NO_JSON
    client_metadata: Raw = NO_JSON
    image: Raw = NO_JSON
    access_programs: Raw = NO_JSON
    frequency_penalty: Raw = NO_JSON
    presence_penalty: Raw = NO_JSON

    @property
    def conversation_id(self) -> str:
        """The id of the conversation that the request is part of, or nothing."""
        named = self.conversation
        return named.id if isinstance(named, NamedConversation) else named or ""
