"""Strict tools -> those that the service can compile and hold; the rest go without, and it is told.

https://platform.claude.com/docs/en/build-with-claude/structured-outputs
"""

from collections.abc import Collection

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adaptation.schemas.grammar_subset import REWRITTEN, Subset, to_subset
from claude_code_proxy.adaptation.schemas.schema_budget import TOO_LARGE
from claude_code_proxy.adaptation.tools import AnyTool
from claude_code_proxy.adjustment import Action, Adjustment
from claude_code_proxy.errors import InvalidRequest
from claude_code_proxy.models.model import Model

MOST_TOOLS = 20
MOST_OPTIONAL = 24  # properties that are not required, and properties of several types: in all schemas of a request
MOST_UNIONS = 16
_NO_PARAMETERS = {"type": "object", "properties": {}}
_NO_ARGUMENTS = Subset(Raw(b'{"type":"object","properties":{},"additionalProperties":false}'))


def fits_alone(subset: Subset) -> bool:
    return subset.raw is not None and subset.optional <= MOST_OPTIONAL and subset.unions <= MOST_UNIONS


def normalize_strict(
    request: messages.MessagesRequest,
    model: Model,
    *,
    wanted_strict: Collection[str] = (),
    notes: list[Adjustment],
) -> messages.MessagesRequest:
    """Return the request with strict tools that the service can hold. Schemas and the format's grammar must be final.

    The tools named in `wanted_strict` become strict too where that is possible, and no adjustment names the others.
    """
    requested = {tool.name for tool in request.tools if type(tool) is messages.Tool and tool.strict}
    if not requested and not wanted_strict:
        return request
    budget = _GrammarBudget(request) if model.strict_tools else None
    tools = tuple(_enforced(tool, index, budget=budget, notes=notes) for index, tool in enumerate(request.tools))
    if budget is not None:
        tools = tuple(
            _stricter(tool, budget) if tool.name in wanted_strict and tool.name not in requested else tool
            for tool in tools
        )
    return request if tools == request.tools else replace(request, tools=tools)


class _GrammarBudget:
    """What is left of the limits of one request."""

    def __init__(self, request: messages.MessagesRequest) -> None:
        self._tools = MOST_TOOLS
        self._optional = MOST_OPTIONAL
        self._unions = MOST_UNIONS
        chosen = request.output_config.format if request.output_config else None
        if isinstance(chosen, messages.JsonSchema):
            self._take(to_subset(bytes(chosen.schema)))

    def refusal(self, subset: Subset) -> str | None:
        """Why a tool cannot be strict; if it can, its place is taken."""
        if subset.raw is None:
            return "its schema cannot be held by a grammar"
        if not self._tools or subset.optional > self._optional or subset.unions > self._unions:
            return "a request can hold only so many strict tools and parameters"
        self._tools -= 1
        self._take(subset)
        return None

    def _take(self, subset: Subset) -> None:
        self._optional -= subset.optional
        self._unions -= subset.unions


def _enforced(tool: AnyTool, index: int, *, budget: _GrammarBudget | None, notes: list[Adjustment]) -> AnyTool:
    if not isinstance(tool, messages.Tool) or not tool.strict:
        return tool
    path = f"tools[{index}].strict"
    subset = _grammar(tool)
    if subset.too_large:
        raise InvalidRequest(TOO_LARGE, path=f"tools[{index}].input_schema", code="invalid_json_schema")
    reason = "this model has no strict tools" if budget is None else budget.refusal(subset)
    if reason is not None or subset.raw is None:
        notes.append(Adjustment(path, Action.DROPPED, reason or "", changes_meaning=True))
        return replace(tool, strict=False)
    if subset.raw == tool.input_schema:
        return tool
    reason = REWRITTEN if subset.exact else "keywords beyond the service's grammar are said in descriptions"
    notes.append(Adjustment(path, Action.MAPPED, reason))
    return replace(tool, input_schema=subset.raw)


def _grammar(tool: messages.Tool) -> Subset:
    """Return the grammar of a tool's arguments; a tool that declares no parameters takes an empty object."""
    schema = bytes(tool.input_schema)
    subset = to_subset(schema)
    if subset.raw is None and msgspec.json.decode(schema) == _NO_PARAMETERS:
        return _NO_ARGUMENTS
    return subset


def _stricter(tool: AnyTool, budget: _GrammarBudget) -> AnyTool:
    if not isinstance(tool, messages.Tool):
        return tool
    subset = _grammar(tool)
    if subset.raw is None or budget.refusal(subset) is not None:
        return tool
    return replace(tool, strict=True, input_schema=subset.raw)
