"""A Messages request -> what a Claude Code process is started with, fixed for the life of the process.

Fields that the runtime has an option for are set by it; the others are merged into the body of its requests, which it
documents. What it says about itself is left alone.
"""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import msgspec
from msgspec import Struct

from claude_code_proxy import messages
from claude_code_proxy.models.catalogue import BUILT_IN

SERVER = "c"  # the name of the server of the caller's tools, which shows nowhere
_OFF = messages.Disabled | messages.BetweenTools
_RESERVED = frozenset({
    *("Agent", "AskUserQuestion", "Bash", "BashOutput", "Edit", "EnterPlanMode", "ExitPlanMode", "Glob", "Grep"),
    *(
        "KillShell",
        "LS",
        "MultiEdit",
        "NotebookEdit",
        "NotebookRead",
        "Read",
        "SendMessage",
        "Skill",
        "StructuredOutput",
    ),
    *("StructuredOutput", "Task", "TodoRead", "TodoWrite", "ToolSearch", "WebFetch", "WebSearch", "Workflow", "Write"),
})
_PREFIX = "own_"


class Launch(Struct, frozen=True):
    """`tools` have the names that the model sees; `names` maps those back to the caller's names where they differ.

    `body` is merged into every request, as JSON.
    """

    model: str
    system: str
    tools: tuple[messages.Tool, ...]
    names: Mapping[str, str]
    max_tokens: int
    effort: str | None
    thinking_off: bool
    body: bytes

    @property
    def key(self) -> bytes:
        """Equal for equal launches: a running process can be reused only under the same key."""
        told = (self.model, self.system, self.tools, self.max_tokens, self.effort, self.body)
        return blake2b(messages.encode_request(told), digest_size=16).digest()


def to_launch(request: messages.MessagesRequest) -> Launch:
    tools = tuple(tool for tool in request.tools if isinstance(tool, messages.Tool))
    effort = request.output_config.effort if request.output_config is not None else None
    model = BUILT_IN.find(request.model)
    return Launch(
        model=request.model,
        system="\n\n".join(text.text for text in request.system),
        tools=tuple(msgspec.structs.replace(tool, name=seen(tool.name)) for tool in tools),
        names={seen(tool.name): tool.name for tool in tools if seen(tool.name) != tool.name},
        max_tokens=request.max_tokens,
        effort=effort or model.default_effort,
        thinking_off=isinstance(_thinking(request), _OFF),
        body=_body(request),
    )


def seen(name: str) -> str:
    """The tool name shown to the model. Names of Claude Code's own tools are changed: it treats those specially."""
    return _PREFIX + name if name in _RESERVED else name


def _body(request: messages.MessagesRequest) -> bytes:
    body: dict[str, Any] = {"max_tokens": request.max_tokens, "thinking": _thinking(request)}
    if isinstance(_thinking(request), _OFF):
        body["context_management"] = {"edits": []}  # the runtime's own is about thinking
    for name in ("temperature", "top_p", "top_k", "service_tier"):
        if (value := getattr(request, name)) is not None:
            body[name] = value
    if request.stop_sequences:
        body["stop_sequences"] = request.stop_sequences
    if request.tool_choice not in {None, messages.ChooseAuto()}:
        body["tool_choice"] = _choice(request.tool_choice)
    return msgspec.json.encode(body)


def _choice(asked: messages.ToolChoice | None) -> messages.ToolChoice | None:
    return msgspec.structs.replace(asked, name=seen(asked.name)) if isinstance(asked, messages.ChooseTool) else asked


def _thinking(request: messages.MessagesRequest) -> messages.ThinkingConfig:
    """The thinking asked for, or the default of the Messages API for the model: the runtime's is another."""
    if request.thinking is not None:
        return request.thinking
    off = BUILT_IN.find(request.model).thinking_default == "off"
    return messages.Disabled() if off else messages.Adaptive()
