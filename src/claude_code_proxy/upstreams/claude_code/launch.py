"""A Messages request -> what a Claude Code process is started with, which never changes while the process lives.

Fields for which the runtime has an option are set by that option; the others are merged into the body of its requests,
which it documents (`fields` says which are which). What the runtime says about itself is left alone. The request is an
adapted one: it states thinking and effort wherever the runtime's default differs (`Model.states_defaults`).
"""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.upstreams.claude_code.fields import BODY

SERVER = "c"  # the name of the MCP server with the caller's tools; nobody sees it
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
    """What a process is started with.

    `tools` have the names that the model sees; `names` maps these to the caller's names where they differ. `body` is
    JSON that is merged into every request.
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
        """Return a digest of the launch. A running process can be reused only for a launch with the same key."""
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
    """Return the tool name that the model sees. It differs from `name` if Claude Code has a tool of that name."""
    return _PREFIX + name if name in _RESERVED else name


def _body(request: messages.MessagesRequest) -> bytes:
    body: dict[str, Any] = {name: value for name in BODY if (value := getattr(request, name)) not in _NOT_GIVEN}
    if isinstance(request.tool_choice, messages.ChooseTool):
        body["tool_choice"] = replace(request.tool_choice, name=visible_name(request.tool_choice.name))
    if isinstance(request.thinking, _OFF):
        body["context_management"] = {"edits": []}  # the runtime's own edits concern thinking
    return msgspec.json.encode(body)
