"""A Messages request -> what a Claude Code process is started with, fixed for the life of the process.

Fields that the runtime has an option for are set by it; the others are merged into the body of its requests, which it
documents (`fields` says which are which). What it says about itself is left alone. The request is an adapted one: it
states thinking and effort wherever the runtime's own default differs from the Messages API's (`Model.states_defaults`).
"""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.upstreams.claude_code.fields import BODY

SERVER = "c"  # the name of the server of the caller's tools, which shows nowhere
_OFF = messages.Disabled | messages.BetweenTools
_NOT_GIVEN = (None, (), messages.ChooseAuto())
_RESERVED = frozenset([
    "Agent",
    "AskUserQuestion",
    "Bash",
    "BashOutput",
    "Edit",
    "EnterPlanMode",
    "ExitPlanMode",
    "Glob",
    "Grep",
    "KillShell",
    "LS",
    "MultiEdit",
    "NotebookEdit",
    "NotebookRead",
    "Read",
    "SendMessage",
    "Skill",
    "StructuredOutput",
    "Task",
    "TodoRead",
    "TodoWrite",
    "ToolSearch",
    "WebFetch",
    "WebSearch",
    "Workflow",
    "Write",
])
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
    thinking: messages.ThinkingConfig | None
    body: bytes

    @property
    def thinking_off(self) -> bool:
        return isinstance(self.thinking, _OFF)

    @property
    def key(self) -> bytes:
        """Equal for equal launches: a running process can be reused only under the same key."""
        parts = (self.model, self.system, self.tools, self.max_tokens, self.effort, self.body)
        return blake2b(messages.encode_request(parts), digest_size=16).digest()


def to_launch(request: messages.MessagesRequest) -> Launch:
    """Return what a process needs to serve `request`, which has been adapted to its model."""
    tools = tuple(tool for tool in request.tools if isinstance(tool, messages.Tool))
    return Launch(
        model=request.model,
        system="\n\n".join(text.text for text in request.system),
        tools=tuple(replace(tool, name=visible_name(tool.name), cache_control=None) for tool in tools),
        names={visible_name(tool.name): tool.name for tool in tools if visible_name(tool.name) != tool.name},
        max_tokens=request.max_tokens,
        effort=request.output_config.effort if request.output_config is not None else None,
        thinking=request.thinking,
        body=_body(request),
    )


def visible_name(name: str) -> str:
    """Return the tool name shown to the model; it differs for names of Claude Code's own tools, which it treats
    specially."""
    return _PREFIX + name if name in _RESERVED else name


def _body(request: messages.MessagesRequest) -> bytes:
    body: dict[str, Any] = {name: value for name in BODY if (value := getattr(request, name)) not in _NOT_GIVEN}
    if isinstance(request.tool_choice, messages.ChooseTool):
        body["tool_choice"] = replace(request.tool_choice, name=visible_name(request.tool_choice.name))
    if isinstance(request.thinking, _OFF):
        body["context_management"] = {"edits": []}  # the runtime's own is about thinking
    return msgspec.json.encode(body)
