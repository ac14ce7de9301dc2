"""The response object around its output: what it repeats of the request, its status, usage and error.

https://platform.openai.com/docs/api-reference/responses/object
"""

from collections.abc import Sequence

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from claude_code_proxy import messages
from claude_code_proxy.endpoints.endpoint import ReplyContext
from claude_code_proxy.endpoints.openai.errors import to_openai_error
from claude_code_proxy.endpoints.openai.reply import service_tier, to_usage
from claude_code_proxy.endpoints.responses import schema
from claude_code_proxy.endpoints.responses.stored import KeptInput
from claude_code_proxy.endpoints.responses.tools.computer import TOOLSET
from claude_code_proxy.endpoints.responses.tools.hosted_call import HostedOptions
from claude_code_proxy.endpoints.responses.tools.toolset import ToolOrigin
from claude_code_proxy.errors import ProxyError
from claude_code_proxy.messages.json_text import is_given

ENCRYPTED = "reasoning.encrypted_content"
SOURCES = "web_search_call.action.sources"
CODE_OUTPUTS = "code_interpreter_call.outputs"
_INCOMPLETE = {
    "max_tokens": "max_output_tokens",
    "model_context_window_exceeded": "max_output_tokens",
}
_NO_TOOL = ToolOrigin("function", "")


class ResponseShape(Struct, frozen=True):
    """What of the request decides the form of its response. `echo` is the JSON of the fields that are repeated.

    `given` is what is kept with the response, if it is to be kept.
    """

    echo: bytes
    origins: dict[str, ToolOrigin]
    encrypted: bool = False
    hosted: HostedOptions = HostedOptions()
    given: KeptInput | None = None

    def origin(self, name: str, toolset_name: str | None = None) -> ToolOrigin:
        """Return what the function of this name was made of; of a member of the computer toolset, the tool of that."""
        if toolset_name is not None and TOOLSET in self.origins:
            return ToolOrigin(self.origins[TOOLSET].kind, name)
        return self.origins.get(name) or ToolOrigin("function", name)


class _InputDetails(Struct, frozen=True):
    cached_tokens: int
    cache_write_tokens: int


class _OutputDetails(Struct, frozen=True):
    reasoning_tokens: int


class ResponseUsage(Struct, frozen=True):
    """`input_tokens` counts cached and uncached alike. `cost` in USD is an extra."""

    input_tokens: int
    input_tokens_details: _InputDetails
    output_tokens: int
    output_tokens_details: _OutputDetails
    total_tokens: int
    cost: float | UnsetType = UNSET


class _Reason(Struct, frozen=True):
    reason: str


class ResponseFault(Struct, frozen=True):
    """Why a response failed. Codex acts on the code, and waits as long as the message says."""

    code: str
    message: str


class _Head(Struct, frozen=True):
    """What changes while a response is made."""

    id: str
    created_at: int
    status: str
    model: str
    output: Raw
    service_tier: str
    completed_at: int | None = None
    error: ResponseFault | None = None
    incomplete_details: _Reason | None = None
    usage: ResponseUsage | None = None
    object: str = "response"


def echo(request: schema.ResponsesRequest) -> bytes:
    """Return the JSON of the fields that a response repeats from its request, without the braces, on one line.

    Schemas come as the client wrote them; a line break between their tokens would end the data of a streamed event.
    """
    reasoning = request.reasoning or schema.ReasoningOptions()
    text = request.text or schema.TextOptions()
    fields = {
        "background": request.background is True,
        "conversation": {"id": request.conversation_id} if request.conversation else None,
        "frequency_penalty": 0.0,
        "instructions": request.instructions,
        "max_output_tokens": request.max_output_tokens,
        "max_tool_calls": request.max_tool_calls if is_given(request.max_tool_calls) else None,
        "metadata": request.metadata or {},
        "parallel_tool_calls": request.parallel_tool_calls is not False,
        "presence_penalty": 0.0,
        "previous_response_id": request.previous_response_id,
        "prompt_cache_key": request.prompt_cache_key,
        "reasoning": {
            "context": reasoning.context,
            "effort": reasoning.effort,
            "summary": reasoning.summary or reasoning.generate_summary,
        },
        "safety_identifier": request.safety_identifier,
        "store": request.store is not False,
        "temperature": 1.0 if request.temperature is None else request.temperature,
        "text": {"format": text.format or schema.PlainFormat(), "verbosity": text.verbosity or "medium"},
        "tool_choice": request.tool_choice or "auto",
        "tools": request.tools or [],
        "top_logprobs": 0,
        "top_p": 1.0 if request.top_p is None else request.top_p,
        "truncation": "disabled",
        "user": request.user,
    }
    return msgspec.json.encode(fields)[1:-1].replace(b"\n", b" ").replace(b"\r", b" ")


def encode_response(
    context: ReplyContext,
    shape: ResponseShape,
    *,
    status: str,
    output: Sequence[Raw],
    end: "ResponseEnding",
) -> bytes:
    """Return the JSON of a response as it stands."""
    head = _Head(
        id=context.id,
        created_at=context.created,
        status=status,
        model=context.model,
        output=Raw(b"[" + b",".join(map(bytes, output)) + b"]"),
        service_tier=end.tier,
        completed_at=context.completed() if status == "completed" else None,
        error=end.fault,
        incomplete_details=None if end.incomplete is None else _Reason(end.incomplete),
        usage=end.usage,
    )
    return msgspec.json.encode(head)[:-1] + b"," + shape.echo + b"}"


class ResponseEnding(Struct, frozen=True):
    """What is known only at the end of a response."""

    tier: str = "auto"
    usage: ResponseUsage | None = None
    incomplete: str | None = None
    fault: ResponseFault | None = None


def to_ending(usage: messages.Usage, end: messages.DeltaBody, *, context: ReplyContext) -> ResponseEnding:
    return ResponseEnding(
        service_tier(usage), to_response_usage(usage, context), _INCOMPLETE.get(end.stop_reason or "")
    )


def to_response_usage(usage: messages.Usage, context: ReplyContext) -> ResponseUsage:
    counted = to_usage([usage], context)
    return ResponseUsage(
        counted.prompt_tokens,
        _InputDetails(counted.cache_read_input_tokens, counted.cache_creation_input_tokens),
        counted.completion_tokens,
        _OutputDetails(counted.completion_tokens_details.reasoning_tokens),
        counted.total_tokens,
        counted.cost,
    )


def to_fault(error: ProxyError, param: str | None) -> ResponseFault:
    """Return the error of a failed response, with a code that clients act on."""
    made = to_openai_error(error, param)
    code = made.code or ("server_error" if made.status >= 500 else "invalid_prompt")
    if made.status >= 500:
        code = "server_error"
    message = made.message
    if made.retry_after is not None and "try again in" not in message.lower():
        message = f"{message.rstrip('.')}. Please try again in {made.retry_after:g}s."
    return ResponseFault(code, message)
