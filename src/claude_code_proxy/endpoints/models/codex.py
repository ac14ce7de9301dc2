"""The catalogue -> the list of models in Codex's own shape, which it asks for with its version.

Codex decides by it how a model is run: which tools it is offered, how much it may hold, how hard it thinks. A list with
one entry that Codex cannot decode counts as no list, so every field that it requires is there.
"""

import msgspec
from msgspec import Struct

from claude_code_proxy.endpoints.models.selection import named_models
from claude_code_proxy.models.catalogue import Catalogue
from claude_code_proxy.models.model import Model

_EFFORTS = {
    "low": "Answers soon, with little thinking.",
    "medium": "Thinks as much as most tasks need.",
    "high": "Thinks long, for hard tasks.",
    "xhigh": "Thinks longer, for tasks of many steps.",
    "max": "Thinks as long as it takes.",
}
_INSTRUCTIONS = """\
You are a coding agent in a terminal, and work with the user on the files of one workspace.

* Read what you need before you change anything. Search with `rg`.
* Change files with `apply_patch`. Keep changes small, in the style of the code around them, and leave alone what the \
task does not need, above all changes that are not yours.
* Run the tests or the program to see whether it works, and mend what does not.
* Go on until the task is done. Ask only what you cannot find out.
* At the end say in a few sentences what you did and what the user should know. Name files by their paths.
"""


class CodexEffort(Struct, frozen=True):
    """One level of thinking, with words for the menu."""

    effort: str
    description: str


class CodexTruncation(Struct, frozen=True):
    """How much of a tool's output Codex keeps."""

    limit: int
    mode: str = "tokens"


class CodexModel(Struct, frozen=True):
    """The fields that Codex requires, and those that make it use what Claude has."""

    slug: str
    display_name: str
    description: str
    supported_reasoning_levels: list[CodexEffort]
    default_reasoning_level: str | None
    priority: int
    context_window: int
    max_context_window: int
    base_instructions: str = _INSTRUCTIONS
    truncation_policy: CodexTruncation = CodexTruncation(10_000)
    default_reasoning_summary: str = "auto"
    supports_reasoning_summaries: bool = True
    shell_type: str = "unified_exec"
    apply_patch_tool_type: str = "freeform"
    web_search_tool_type: str = "text"
    visibility: str = "list"
    supported_in_api: bool = True
    support_verbosity: bool = False
    supports_search_tool: bool = False
    supports_parallel_tool_calls: bool = True
    use_responses_lite: bool = False
    prefer_websockets: bool = False
    effective_context_window_percent: int = 95
    input_modalities: tuple[str, ...] = ("text", "image")
    experimental_supported_tools: tuple[str, ...] = ()
    upgrade: None = None


def render_list(catalogue: Catalogue) -> bytes:
    """Return every name that can be asked for; Codex shows them in this order."""
    models = [_listed(model, name, priority=priority) for priority, (name, model) in enumerate(named_models(catalogue))]
    return msgspec.json.encode({"models": models})


def _listed(model: Model, name: str, *, priority: int) -> CodexModel:
    return CodexModel(
        slug=name,
        display_name=model.name,
        description=f"{model.name}, up to {model.context_window:,} tokens",
        supported_reasoning_levels=[CodexEffort(effort, _EFFORTS[effort]) for effort in model.efforts],
        default_reasoning_level=model.default_effort if model.efforts else None,
        priority=priority,
        context_window=model.context_window,
        max_context_window=model.context_window,
    )
