"""What the tools of OpenAI-shaped endpoints share: custom tools, hosted web search, and one call at a time."""

from collections.abc import Sequence
from typing import Literal

import msgspec
from msgspec import Raw

from claude_code_proxy import messages
from claude_code_proxy.endpoints.openai.arguments import CUSTOM_TOOL_INPUT

NO_PARAMETERS = Raw(b'{"type":"object","properties":{}}')
_WEB_SEARCH = "web_search_20250305"  # later versions filter results in code and then cite nothing
_SEARCHES = {"low": 2, "medium": 5, "high": 10}


def to_custom_tool(name: str, description: str | None, *, syntax: str = "", grammar: str = "") -> messages.Tool:
    """Offer a custom tool as a function with one text.

    Its grammar cannot be enforced, so the description shows it to the model.
    """
    about = "The whole input of the tool, as text."
    if syntax:
        about = f"{about} It must follow this {syntax} grammar:\n{grammar}"
    schema = {
        "type": "object",
        "properties": {CUSTOM_TOOL_INPUT: {"type": "string", "description": about}},
        "required": [CUSTOM_TOOL_INPUT],
        "additionalProperties": False,
    }
    return messages.Tool(name, Raw(msgspec.json.encode(schema)), description=description or None)


def to_web_search(
    size: Literal["low", "medium", "high"] | None,
    location: messages.UserLocation | None,
    *,
    allowed_domains: Sequence[str] = (),
    blocked_domains: Sequence[str] = (),
) -> messages.HostedTool:
    """Return the hosted search; OpenAI's size of the context becomes the number of searches."""
    return messages.HostedTool(
        _WEB_SEARCH,
        "web_search",
        max_uses=_SEARCHES[size or "medium"],
        allowed_domains=tuple(allowed_domains),
        blocked_domains=tuple(blocked_domains),
        user_location=location,
    )


def one_at_a_time(choice: messages.ToolChoice | None) -> messages.ToolChoice:
    """Return the choice with parallel calls switched off."""
    match choice:
        case None | messages.ChooseAuto():
            return messages.ChooseAuto(disable_parallel_tool_use=True)
        case messages.ChooseAny():
            return messages.ChooseAny(disable_parallel_tool_use=True)
        case messages.ChooseTool():
            return messages.ChooseTool(choice.name, disable_parallel_tool_use=True)
        case messages.ChooseNone():
            return choice
