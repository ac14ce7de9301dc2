"""Tools and the choice among them -> what the service takes: legal unique names, object schemas, a choice that exists.

The calls in the history follow the names. Strictness is left to `strict`, forcing where a model refuses it to `forced`.
https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview
"""

from typing import TypeAlias

from msgspec import Raw
from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adaptation.conversation import names
from claude_code_proxy.adaptation.reply.arguments import Renames
from claude_code_proxy.adaptation.schemas.input_schema import InputSchema, normalize_input_schema
from claude_code_proxy.adaptation.schemas.schema_cache import LARGEST
from claude_code_proxy.adjustment import Action, Adjustment
from claude_code_proxy.errors import InvalidRequest
from claude_code_proxy.messages.content import NO_JSON

AnyTool: TypeAlias = messages.AnyTool

_OPEN_SCHEMA = Raw(b'{"type":"object"}')
_FORCING = (messages.ChooseAny, messages.ChooseTool)


def normalize_tools(
    request: messages.MessagesRequest, *, notes: list[Adjustment]
) -> tuple[messages.MessagesRequest, Renames | None]:
    """Return the request with tools that can be sent, and what must be undone in its reply."""
    if not request.tools:
        return _without_tools(request, notes=notes), None
    normalizer = _ToolNormalizer(notes)
    if not _are_fine(request.tools):
        request = replace(request, tools=normalizer.normalized(request.tools))
        normalizer.rename_called(request.messages)
    renames = normalizer.renames()
    if renames:
        request = replace(request, messages=renames.down(request.messages))
    return _with_choice(request, normalizer.sent), renames or None


def _are_fine(tools: tuple[AnyTool, ...]) -> bool:
    for tool in tools:
        if type(tool) is messages.Tool and not _is_fine(tool):
            return False
    return len({tool.name for tool in tools}) == len(tools)


# The last schema that was fine, by the tool's name: comparing bytes is much quicker than hashing them.
_known_fine: dict[str, bytes] = {}
_MOST_KNOWN = 512


def _is_fine(tool: messages.Tool) -> bool:
    schema = bytes(tool.input_schema)
    if _known_fine.get(tool.name) == schema:
        return True
    if not names.is_legal_tool(tool.name) or _changes(schema):
        return False
    if len(schema) <= LARGEST:
        if len(_known_fine) >= _MOST_KNOWN:
            _known_fine.clear()
        _known_fine[tool.name] = schema
    return True


def _changes(schema: bytes) -> bool:
    normalized = normalize_input_schema(schema)
    return normalized.raw is not None or bool(normalized.fault)


class _ToolNormalizer:
    """Settles one tool after the other. `sent` has the first tool of each of the caller's names that had to change."""

    def __init__(self, notes: list[Adjustment]) -> None:
        self.sent: dict[str, str] = {}
        self._restored: dict[str, str] = {}
        self._shapes: dict[str, InputSchema] = {}
        self._first: dict[tuple[type[AnyTool], str], AnyTool] = {}  # by the caller's name
        self._used_names: set[str] = set()
        self._notes = notes

    def renames(self) -> Renames:
        return Renames(self.sent, self._restored, self._shapes)

    def normalized(self, tools: tuple[AnyTool, ...]) -> tuple[AnyTool, ...]:
        self._used_names = {tool.name for tool in tools if isinstance(tool, messages.ServerTool)}
        reserved = {tool.name for tool in tools if names.is_legal_tool(tool.name)}
        normalized = (self._normalized(tool, index, reserved=reserved) for index, tool in enumerate(tools))
        return tuple(tool for tool in normalized if tool is not None)

    def rename_called(self, conversation: tuple[messages.InputMessage, ...]) -> None:
        """Tell the tools of earlier calls apart too, which need not be declared any more."""
        for called in _called_names(conversation):
            if called not in self.sent and not names.is_legal_tool(called):
                self.sent[called] = names.unique(names.legal_tool(called), self._used_names, longest=names.LONGEST_TOOL)
                self._used_names.add(self.sent[called])

    def _normalized(self, tool: AnyTool, index: int, *, reserved: set[str]) -> AnyTool | None:
        first = self._first.get((type(tool), tool.name))
        self._first.setdefault((type(tool), tool.name), tool)
        if first is not None and _are_alike(tool, first):
            self._note(index, "name", action=Action.DROPPED, reason="declared twice")
            return None
        if isinstance(tool, messages.ServerTool):
            return tool
        name = self._name(tool.name, index, reserved=reserved)
        schema = normalize_input_schema(bytes(tool.input_schema))
        if schema.fault:
            raise InvalidRequest(schema.fault, path=f"tools[{index}].input_schema", code="invalid_json_schema")
        if schema.raw is not None:
            reason = "; ".join(schema.reasons)
            self._note(index, "input_schema", action=Action.MAPPED, reason=reason, changes_meaning=schema.loses)
            tool = replace(tool, input_schema=schema.raw)
        if schema.reshapes:
            self._shapes[name] = schema
            tool = replace(tool, input_examples=NO_JSON)  # they have the caller's shape
        if name == tool.name:
            return tool
        if tool.name and not names.is_legal_tool(tool.name):
            tool = replace(tool, description=names.with_original_name(tool.name, tool.description))
        return replace(tool, name=name)

    def _name(self, original: str, index: int, *, reserved: set[str]) -> str:
        name = original
        if name in self._used_names or not names.is_legal_tool(name):
            taken = self._used_names | reserved
            name = names.unique(names.legal_tool(name), taken, longest=names.LONGEST_TOOL)
            self._restored[name] = original
            self.sent.setdefault(original, name)
            self._note(index, "name", action=Action.RENAMED, reason=f"to {name}, and back in the answer")
        self._used_names.add(name)
        return name

    def _note(self, index: int, field: str, *, action: Action, reason: str, changes_meaning: bool = False) -> None:
        self._notes.append(Adjustment(f"tools[{index}].{field}", action, reason, changes_meaning))


def _are_alike(tool: AnyTool, first: AnyTool) -> bool:
    """Two tools of one name that are one: the same, or two versions of a hosted one."""
    if isinstance(tool, messages.ServerTool):
        return True
    return messages.with_cache_control(tool, None) == messages.with_cache_control(first, None)


def _with_choice(request: messages.MessagesRequest, sent: dict[str, str]) -> messages.MessagesRequest:
    """Return the request with its tool choice under the tool's new name. Raise `InvalidRequest` if it is none."""
    choice = request.tool_choice
    if not isinstance(choice, messages.ChooseTool):
        return request
    name = sent.get(choice.name, choice.name)
    if all(tool.name != name for tool in request.tools):
        raise InvalidRequest(f"tool_choice names a tool that is not among the tools: {choice.name}", path="tool_choice")
    return request if name == choice.name else replace(request, tool_choice=replace(choice, name=name))


def _without_tools(request: messages.MessagesRequest, *, notes: list[Adjustment]) -> messages.MessagesRequest:
    """Without tools there is nothing to choose; the tools of a history must be known all the same."""
    choice = request.tool_choice
    if choice is not None:
        forces = isinstance(choice, _FORCING)
        notes.append(
            Adjustment("tool_choice", Action.DROPPED, "there are no tools to choose from", changes_meaning=forces)
        )
        request = replace(request, tool_choice=None)
    called = _called_names(request.messages)
    if not called:
        return request
    notes.append(
        Adjustment("tools", Action.INSERTED, "the tools of earlier calls are declared again, and not to be called")
    )
    normalizer = _ToolNormalizer([])
    tools = normalizer.normalized(tuple(messages.Tool(name, _OPEN_SCHEMA) for name in called))
    request = replace(request, tools=tools, tool_choice=messages.ChooseNone())
    if not normalizer.sent:
        return request
    reason = "tools of earlier calls had names that Claude refuses"
    notes.append(Adjustment("messages", Action.RENAMED, reason))
    return replace(request, messages=normalizer.renames().down(request.messages))


def _called_names(conversation: tuple[messages.InputMessage, ...]) -> dict[str, None]:
    """Return the names in the order of their first call."""
    return {
        block.name: None
        for message in conversation
        if message.role == "assistant"
        for block in message.content
        if type(block) is messages.ToolUse
    }
