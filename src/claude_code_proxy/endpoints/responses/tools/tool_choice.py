"""The choice among tools: Responses -> Messages."""

from collections.abc import Callable, Iterable

from claude_code_proxy import messages
from claude_code_proxy.adjustment import Action, Adjustment
from claude_code_proxy.endpoints.responses.schema import ChosenTool
from claude_code_proxy.errors import InvalidRequest

_NAMED_LIKE_THEIR_TYPE = {"local_shell", "shell", "apply_patch", "tool_search"}


def claude_name(name: str, namespace: str | None) -> str:
    """Return the name of a tool for Claude, which is the same in each request."""
    return f"{namespace}__{name}" if namespace else name


def to_choice(choice: str | ChosenTool | None, *, note: Callable[[Adjustment], None]) -> messages.ToolChoice | None:
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
            note(
                Adjustment(
                    "tool_choice", Action.IGNORED, "Claude cannot be made to call this tool", changes_meaning=True
                )
            )
            return messages.ChooseAuto()
        case _:
            return messages.ChooseAuto()


def _chosen_name(choice: ChosenTool) -> str | None:
    """Return the name for Claude of a chosen tool."""
    if choice.type in {"function", "custom"} and choice.name:
        return claude_name(choice.name, choice.namespace)
    if choice.type.startswith("web_search"):
        return "web_search"
    if choice.type == "code_interpreter":
        return "code_execution"
    return choice.type if choice.type in _NAMED_LIKE_THEIR_TYPE else None


def allowed_names(allowed: Iterable[ChosenTool], *, known: set[str]) -> set[str]:
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
