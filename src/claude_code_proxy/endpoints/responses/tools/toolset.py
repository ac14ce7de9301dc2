"""Tools and the choice among them: Responses -> Messages; and which kind of item the calls of each tool become.

Claude has one flat list of functions. So a tool of a namespace, a custom tool and OpenAI's own tools for shells and
patches each become a function, under a name from which the way back is known.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Literal, TypeAlias

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adjustment import Action, Adjustment
from claude_code_proxy.endpoints.openai.mcp import McpTool, to_mcp_server
from claude_code_proxy.endpoints.openai.tools import NO_PARAMETERS, one_at_a_time, to_custom_tool, to_web_search
from claude_code_proxy.endpoints.responses.schema import ChosenTool, ResponsesRequest
from claude_code_proxy.endpoints.responses.support import TOOLS
from claude_code_proxy.endpoints.responses.tools import tool_types as wire
from claude_code_proxy.endpoints.responses.tools.computer import COMPUTER_TOOLSET, TOOLSET_NAME
from claude_code_proxy.endpoints.responses.tools.fixed_tools import FixedKind, to_fixed_tool
from claude_code_proxy.endpoints.responses.tools.tool_choice import allowed_names, claude_name, to_choice
from claude_code_proxy.endpoints.support import ignored
from claude_code_proxy.messages.content import NO_JSON
from claude_code_proxy.messages.json_text import is_given

CallKind: TypeAlias = Literal["function", "custom", "tool_search", "computer", "computer_use_preview"] | FixedKind
Note: TypeAlias = Callable[[Adjustment], None]

_CODE_EXECUTION = messages.RawTool(
    "code_execution_20250825", "code_execution", raw=b'{"type":"code_execution_20250825","name":"code_execution"}'
)


class ToolOrigin(Struct, frozen=True):
    """What a function of Claude's was made of."""

    kind: CallKind
    name: str
    namespace: str | None = None


class ServiceTools(Struct, frozen=True):
    """What goes along with tools that the service runs: MCP servers, and the container of code with its files."""

    mcp_servers: tuple[Raw, ...] = ()
    container: str = ""
    files: tuple[str, ...] = ()

    @property
    def servers_json(self) -> Raw:
        return Raw(msgspec.json.encode(self.mcp_servers)) if self.mcp_servers else NO_JSON

    @property
    def container_json(self) -> Raw:
        return Raw(msgspec.json.encode(self.container)) if self.container else NO_JSON


class ResponsesToolset(Struct, frozen=True):
    """What a request says about tools. `origins` has each one that is no plain function, by its name for Claude.

    `fields` has the client's path of each tool.
    """

    tools: tuple[messages.AnyTool, ...] = ()
    choice: messages.ToolChoice | None = None
    origins: Mapping[str, ToolOrigin] = {}
    fields: tuple[str, ...] = ()
    service: ServiceTools = ServiceTools()


class ToolList(Struct, frozen=True):
    """Tools as they were sent, and the path of the list."""

    tools: Iterable[Raw]
    path: str


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
        allowed = allowed_names(choice.tools or (), known={tool.name for tool in tools})
        pairs = [(tool, field) for tool, field in zip(tools, fields, strict=True) if tool.name in allowed]
        tools, fields = [tool for tool, _ in pairs], [field for _, field in pairs]
    made = to_choice(choice, note=note)
    if tools and request.parallel_tool_calls is False:
        made = one_at_a_time(made)
    return ResponsesToolset(tuple(tools), made, builder.origins, tuple(fields), builder.service)


class _ToolsetBuilder:
    """Collects tools by their name for Claude."""

    def __init__(self, note: Note) -> None:
        self.origins: dict[str, ToolOrigin] = {}
        self._note = note
        self._found: dict[str, tuple[messages.AnyTool, str, bool]] = {}
        self.service = ServiceTools()
        self._searches = False

    def offered(self) -> tuple[list[messages.AnyTool], list[str]]:
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
            case wire.LocalShell() | wire.Shell() | wire.ApplyPatch():
                kind, made = to_fixed_tool(tool)
                self._keep(made, at, origin=ToolOrigin(kind, kind))
            case _:
                self._add_hosted(tool, at)

    def _add_hosted(self, tool: wire.ToolOnWire, at: str) -> None:
        match tool:
            case wire.WebSearch():
                self._add_web_search(tool, at)
            case McpTool():
                server = to_mcp_server(replace(tool, defer_loading=None), at)
                self.service = replace(self.service, mcp_servers=(*self.service.mcp_servers, server.entry))
                for note in server.adjustments:
                    self._note(note)
                self._keep(server.toolset, at)
            case wire.CodeInterpreter():
                self._add_code(tool, at)
            case wire.Computer():
                self._keep(COMPUTER_TOOLSET, at, origin=ToolOrigin("computer", TOOLSET_NAME))
            case wire.ComputerPreview():
                self._keep(COMPUTER_TOOLSET, at, origin=ToolOrigin("computer_use_preview", TOOLSET_NAME))
            case wire.OtherTool():
                self._note(ignored(at, TOOLS.get(tool.type, TOOLS["(any other)"])))
            case _:
                pass

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

    def _add_code(self, tool: wire.CodeInterpreter, at: str) -> None:
        container = tool.container
        if isinstance(container, wire.AutoContainer):
            self.service = replace(self.service, files=tuple(container.file_ids or ()))
            for name, value in (("memory_limit", container.memory_limit), ("network_policy", container.network_policy)):
                if value:
                    self._note(Adjustment(f"{at}.container.{name}", Action.IGNORED, "Claude's container has its own"))
        elif container:
            self.service = replace(self.service, container=container)
        self._keep(_CODE_EXECUTION, at)

    def _keep(
        self,
        tool: messages.AnyTool,
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
