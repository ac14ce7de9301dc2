"""Tools and the choice among them: Responses -> Messages; and which kind of item the calls of each tool become.

Claude has one flat list of functions. So a tool of a namespace, a custom tool and OpenAI's own tools for shells and
patches each become a function, under a name from which the way back is known.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Literal, TypeAlias

import msgspec
from msgspec import Raw, Struct

from claude_code_proxy import messages
from claude_code_proxy.adjustment import Action, Adjustment
from claude_code_proxy.endpoints.openai.tools import NO_PARAMETERS, one_at_a_time, to_custom_tool, to_web_search
from claude_code_proxy.endpoints.responses.schema import ChosenTool, ResponsesRequest
from claude_code_proxy.endpoints.responses.support import TOOLS
from claude_code_proxy.endpoints.responses.tools import tool_types as wire
from claude_code_proxy.endpoints.support import ignored
from claude_code_proxy.errors import InvalidRequest
from claude_code_proxy.messages.json_text import is_given

CallKind: TypeAlias = Literal["function", "custom", "tool_search", "local_shell", "shell", "apply_patch"]
Note: TypeAlias = Callable[[Adjustment], None]

_SHELL: dict[str, object] = {
    "type": "object",
    "properties": {
        "commands": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Shell commands, run one after another.",
        },
        "timeout_ms": {"type": "integer", "description": "The most milliseconds that they may take."},
        "max_output_length": {"type": "integer", "description": "The most characters of output to return."},
    },
    "required": ["commands"],
}
_LOCAL_SHELL: dict[str, object] = {
    "type": "object",
    "properties": {
        "command": {
            "type": "array",
            "items": {"type": "string"},
            "description": 'The program and its arguments, such as ["bash", "-lc", "ls"].',
        },
        "working_directory": {"type": "string"},
        "timeout_ms": {"type": "integer"},
        "env": {"type": "object", "additionalProperties": {"type": "string"}},
    },
    "required": ["command"],
}
_APPLY_PATCH: dict[str, object] = {
    "type": "object",
    "properties": {
        "type": {"type": "string", "enum": ["create_file", "update_file", "delete_file"]},
        "path": {"type": "string", "description": "The path of the file."},
        "diff": {
            "type": "string",
            "description": "The change in the V4A diff format: each hunk begins with @@, and its lines with a space, - "
            "or +. For a new file all lines begin with +. Left out when a file is deleted.",
        },
    },
    "required": ["type", "path"],
}
_OPENAI_TOOLS: Mapping[type[Struct], tuple[CallKind, str, Mapping[str, object]]] = {
    wire.LocalShell: ("local_shell", "Run a program on the user's machine.", _LOCAL_SHELL),
    wire.Shell: ("shell", "Run commands in a shell on the user's machine.", _SHELL),
    wire.ApplyPatch: ("apply_patch", "Create, change or delete one file by a patch.", _APPLY_PATCH),
}


class ToolOrigin(Struct, frozen=True):
    """What a function of Claude's was made of."""

    kind: CallKind
    name: str
    namespace: str | None = None


class ResponsesToolset(Struct, frozen=True):
    """What a request says about tools. `origins` has each one that is no plain function, by its name for Claude.

    `fields` has the client's path of each tool.
    """

    tools: tuple[messages.Tool | messages.HostedTool, ...] = ()
    choice: messages.ToolChoice | None = None
    origins: Mapping[str, ToolOrigin] = {}
    fields: tuple[str, ...] = ()


class ToolList(Struct, frozen=True):
    """Tools as they were sent, and the path of the list."""

    tools: Iterable[Raw]
    path: str


def claude_name(name: str, namespace: str | None) -> str:
    """Return the name of a tool for Claude, which is the same in each request."""
    return f"{namespace}__{name}" if namespace else name


def to_toolset(request: ResponsesRequest, hoisted: Iterable[ToolList], *, note: Note) -> ResponsesToolset:
    """Translate all fields about tools. Raise `InvalidRequest` for a choice among tools that are not there.

    `hoisted` are the lists within the input: of two tools with one name, the later one is offered.
    """
    builder = _ToolsetBuilder(note)
    for each in (ToolList(request.tools or (), "tools"), *hoisted):
        for index, raw in enumerate(each.tools):
            builder.add(raw, f"{each.path}[{index}]")
    tools, fields = builder.offered()
    choice = request.tool_choice
    if isinstance(choice, ChosenTool) and choice.type == "allowed_tools":
        allowed = _allowed_names(choice.tools or (), known={tool.name for tool in tools})
        pairs = [(tool, field) for tool, field in zip(tools, fields, strict=True) if tool.name in allowed]
        tools, fields = [tool for tool, _ in pairs], [field for _, field in pairs]
    made = _to_choice(choice, note=note)
    if tools and request.parallel_tool_calls is False:
        made = one_at_a_time(made)
    return ResponsesToolset(tuple(tools), made, builder.origins, tuple(fields))


class _ToolsetBuilder:
    """Collects tools by their name for Claude."""

    def __init__(self, note: Note) -> None:
        self.origins: dict[str, ToolOrigin] = {}
        self._note = note
        self._found: dict[str, tuple[messages.Tool | messages.HostedTool, str, bool]] = {}
        self._searches = False

    def offered(self) -> tuple[list[messages.Tool | messages.HostedTool], list[str]]:
        """Return the tools and their paths. Where the client searches, deferred ones are offered once it found them."""
        found = [each for each in self._found.values() if not (each[2] and self._searches)]
        return [tool for tool, _, _ in found], [path for _, path, _ in found]

    def add(self, raw: Raw, at: str, *, namespace: str | None = None, deferred: bool = False) -> None:
        tool = wire.decode_tool(raw, at, note_unknown=self._note_unknown)
        match tool:
            case wire.FlatFunctionTool():
                self._add_function(tool, at, namespace=namespace, deferred=deferred or bool(tool.defer_loading))
            case wire.FlatCustomTool():
                self._add_custom(tool, at, namespace=namespace, deferred=deferred or bool(tool.defer_loading))
            case wire.NamespaceTool():
                for index, inner in enumerate(tool.tools):
                    self.add(
                        inner,
                        f"{at}.tools[{index}]",
                        namespace=tool.name,
                        deferred=deferred or bool(tool.defer_loading),
                    )
            case wire.ToolSearch():
                self._add_search(tool, at)
            case wire.WebSearch():
                self._add_web_search(tool, at)
            case wire.LocalShell() | wire.Shell() | wire.ApplyPatch():
                kind, description, schema = _OPENAI_TOOLS[type(tool)]
                made = messages.Tool(kind, Raw(msgspec.json.encode(schema)), description=description)
                self._keep(made, at, origin=ToolOrigin(kind, kind))
            case wire.OtherTool():
                support = TOOLS.get(tool.type, TOOLS["(any other)"])
                self._note(ignored(at, support))

    def _add_function(self, tool: wire.FlatFunctionTool, at: str, *, namespace: str | None, deferred: bool) -> None:
        name = claude_name(tool.name, namespace)
        made = messages.Tool(
            name,
            tool.parameters if is_given(tool.parameters) else NO_PARAMETERS,
            description=tool.description or None,
            strict=bool(tool.strict),
        )
        origin = ToolOrigin("function", tool.name, namespace) if namespace else None
        self._keep(made, at, origin=origin, deferred=deferred)

    def _add_custom(self, tool: wire.FlatCustomTool, at: str, *, namespace: str | None, deferred: bool) -> None:
        grammar = tool.format if isinstance(tool.format, wire.FlatGrammar) else wire.FlatGrammar("", "")
        made = to_custom_tool(
            claude_name(tool.name, namespace), tool.description, syntax=grammar.syntax, grammar=grammar.definition
        )
        self._note(Adjustment(at, Action.EMULATED, "a custom tool is offered as a function with one string"))
        self._keep(made, at, origin=ToolOrigin("custom", tool.name, namespace), deferred=deferred)

    def _add_search(self, tool: wire.ToolSearch, at: str) -> None:
        if tool.execution != "client":
            self._note(
                Adjustment(at, Action.EMULATED, "all tools are offered at once, so none needs to be searched for")
            )
            return
        self._searches = True
        schema = tool.parameters if is_given(tool.parameters) else NO_PARAMETERS
        made = messages.Tool("tool_search", schema, description=tool.description or "Search for more tools.")
        self._keep(made, at, origin=ToolOrigin("tool_search", "tool_search"))

    def _add_web_search(self, tool: wire.WebSearch, at: str) -> None:
        if tool.external_web_access is False:
            self._note(Adjustment(at, Action.IGNORED, "Claude's search always uses the web, which the request forbids"))
            return
        place, filters = tool.user_location, tool.filters or wire.SearchFilters()
        where = (place.city, place.region, place.country, place.timezone) if place is not None else (None,)
        made = to_web_search(
            tool.search_context_size,
            messages.UserLocation(*where) if any(where) else None,
            allowed_domains=filters.allowed_domains or (),
            blocked_domains=filters.blocked_domains or (),
        )
        self._keep(made, at)

    def _keep(
        self,
        tool: messages.Tool | messages.HostedTool,
        at: str,
        *,
        origin: ToolOrigin | None = None,
        deferred: bool = False,
    ) -> None:
        self._found[tool.name] = (tool, at, deferred)
        if origin is not None:
            self.origins[tool.name] = origin

    def _note_unknown(self, path: str) -> None:
        self._note(Adjustment(path, Action.IGNORED, "not a field of this API"))


def _to_choice(choice: str | ChosenTool | None, *, note: Note) -> messages.ToolChoice | None:
    match choice:
        case None:
            return None
        case "none":
            return messages.ChooseNone()
        case "required":
            return messages.ChooseAny()
        case ChosenTool(type="allowed_tools"):
            return messages.ChooseAny() if choice.mode == "required" else messages.ChooseAuto()
        case ChosenTool():
            name = _chosen_name(choice)
            if name is not None:
                return messages.ChooseTool(name)
            note(Adjustment("tool_choice", Action.IGNORED, "Claude has no tool of this type", changes_meaning=True))
            return messages.ChooseAuto()
        case _:
            return messages.ChooseAuto()


def _chosen_name(choice: ChosenTool) -> str | None:
    """Return the name for Claude of a chosen tool."""
    if choice.type in {"function", "custom"} and choice.name:
        return claude_name(choice.name, choice.namespace)
    if choice.type.startswith("web_search"):
        return "web_search"
    return choice.type if choice.type in {"local_shell", "shell", "apply_patch", "tool_search"} else None


def _allowed_names(allowed: Iterable[ChosenTool], *, known: set[str]) -> set[str]:
    """Return the names for Claude of the allowed tools. Raise `InvalidRequest` for one that is not offered."""
    names: set[str] = set()
    for index, each in enumerate(allowed):
        name = _chosen_name(each)
        if name is None:
            continue  # a hosted tool that is not offered is not among the tools either
        if name not in known:
            raise InvalidRequest(
                f"'{name}' is allowed, but not among the tools.",
                param=f"tool_choice.tools[{index}]",
                code="invalid_value",
            )
        names.add(name)
    return names
