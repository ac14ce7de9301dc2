"""A Messages request -> what a Claude Code process is started with. All of it holds for as long as the process lives.

What the runtime has an option for goes there; what it has none for is merged into the body of its requests, a way that
it documents. What it says of itself is left alone.
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
    """`tools` have the names that the model sees; `names` leads from those back to the caller's, where they differ.

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
        """The same for the same launch: whether a running process will do."""
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
    """The name under which the model sees a tool: Claude Code has words of its own about those called like its own."""
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
    """As asked for, or as the model does it on the Messages API: the runtime's own default is another."""
    if request.thinking is not None:
        return request.thinking
    off = BUILT_IN.find(request.model).thinking_default == "off"
    return messages.Disabled() if off else messages.Adaptive()
