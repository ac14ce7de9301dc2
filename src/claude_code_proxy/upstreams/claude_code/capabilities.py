"""What Claude Code supports of a request, as data; and functions that adjust a model and a request to it.

What it does not support is emulated where possible, and otherwise removed and reported.
"""

from collections.abc import Sequence

from msgspec import Raw
from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adjustment import Action, Adjustment
from claude_code_proxy.messages.content import NO_JSON
from claude_code_proxy.models.model import Model
from claude_code_proxy.upstreams.upstream import Capability, UpstreamProfile

CAPABILITIES = (
    Capability("text", "yes", "as it is; `@path` and `/command` are plain text"),
    Capability("streaming", "yes", "events pass on as they come"),
    Capability("system_prompt", "yes", "after Claude Code's own two lines, which say who it is"),
    Capability("images", "yes", "with a line beside each that names a file of Claude Code's own"),
    Capability(
        "tools", "yes", "schemas unchanged, except for alternatives at the top, which move into the description"
    ),
    Capability("parallel_tool_calls", "yes", "answered in the same process"),
    Capability("tool_choice", "yes", "fixed while the process lives"),
    Capability("thinking", "yes", "of the requested kind; blocks are sent back byte for byte"),
    Capability("effort", "yes", "as requested"),
    Capability("max_tokens", "yes", "the process is ended there, because it would continue by itself"),
    Capability("stop_sequences", "yes", "fixed while the process lives"),
    Capability("sampling", "yes", "where the model takes it"),
    Capability("n", "emulated", "by one conversation for each choice"),
    Capability("response_format", "emulated", "by an instruction; the answer is checked against the schema"),
    Capability("strict_tools", "emulated", "arguments are not held to the schema by the service"),
    Capability("late_system_messages", "emulated", "as user text"),
    Capability("prefill", "no", "a conversation must end with a user turn"),
    Capability("hosted_tools", "no", "such as web search"),
    Capability("mcp_servers", "no", "as Claude Code has its own"),
    Capability("compaction", "emulated", "by a request for a summary"),
    Capability("context_management", "no", "as Claude Code has its own"),
    Capability("container", "no", "as there is no code execution"),
    Capability("fallbacks", "no", "only the model itself"),
    Capability("prompt_cache_breakpoints", "no", "Claude Code sets its own"),
    Capability("betas", "no", "Claude Code sends its own"),
    Capability("user_id", "no", "Claude Code sends its own"),
    Capability("speed", "no", "only the standard speed"),
    Capability("inference_geo", "no", "only the account's own region"),
    Capability("request_id", "no", "Claude Code does not report the service's request id"),
)

_TOOL_FIELDS = {
    "input_examples": True,
    "eager_input_streaming": False,
    "defer_loading": False,
}  # whether leaving it out changes the meaning
_SERVICE_FIELDS = ("container", "context_management", "fallbacks", "mcp_servers")
_BARE = messages.Tool("", Raw(b""))


def restrict(model: Model) -> Model:
    """Return the model's capabilities when it is reached through Claude Code."""
    return replace(
        model,
        structured_outputs=False,
        strict_tools=False,
        prefill=False,
        mid_conversation_system=False,
        inference_geo=False,
        fast="no",
        summarizes=False,
        states_defaults=True,
    )


def drop_unsupported(request: messages.MessagesRequest) -> tuple[messages.MessagesRequest, tuple[Adjustment, ...]]:
    """Return the request without the fields that Claude Code cannot send, and an adjustment for each of them."""
    notes: list[Adjustment] = []
    if request.tools:
        request = replace(request, tools=_own_tools(request.tools, notes))
    if request.metadata is not None:
        notes.append(Adjustment("metadata", Action.DROPPED, "Claude Code sends a user id of its own"))
        request = replace(request, metadata=None)
    for name in _SERVICE_FIELDS:
        if getattr(request, name):
            notes.append(Adjustment(name, Action.DROPPED, "Claude Code does not pass it on", changes_meaning=True))
            request = replace(request, **{name: NO_JSON})
    if _has_breakpoints(request):
        notes.append(Adjustment("cache_control", Action.DROPPED, "Claude Code sets cache breakpoints of its own"))
        request = replace(request, cache_control=None)
    return request, tuple(notes)


def _own_tools(tools: Sequence[messages.AnyTool], notes: list[Adjustment]) -> tuple[messages.Tool, ...]:
    """Return the caller's own tools with the fields that Claude Code passes on."""
    hosted = ", ".join(tool.name for tool in tools if not isinstance(tool, messages.Tool))
    if hosted:
        reason = f"Claude Code does not pass on the hosted {hosted}"
        notes.append(Adjustment("tools", Action.DROPPED, reason, changes_meaning=True))
    return tuple(
        _own_tool(tool, index, notes=notes) for index, tool in enumerate(tools) if isinstance(tool, messages.Tool)
    )


def _own_tool(tool: messages.Tool, index: int, *, notes: list[Adjustment]) -> messages.Tool:
    lost = [field for field in _TOOL_FIELDS if getattr(tool, field) != getattr(_BARE, field)]
    for field in lost:
        path, reason = f"tools[{index}].{field}", "Claude Code does not pass it on"
        notes.append(Adjustment(path, Action.DROPPED, reason, changes_meaning=_TOOL_FIELDS[field]))
    return replace(tool, **{field: getattr(_BARE, field) for field in lost}) if lost else tool


def _has_breakpoints(request: messages.MessagesRequest) -> bool:
    places = [*request.tools, *request.system, *(block for turn in request.messages for block in turn.content)]
    return request.cache_control is not None or any(place.cache_control for place in places)


PROFILE = UpstreamProfile(restrict, drop_unsupported, CAPABILITIES)


def describe() -> str:
    """Return the capabilities as a Markdown table."""
    lines = ["| what | carried | how |", "|---|---|---|"]
    lines += [f"| `{one.name}` | {one.carried} | {one.how} |" for one in CAPABILITIES]
    return "\n".join(lines) + "\n"
