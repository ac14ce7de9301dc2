"""The shapes of tool definitions: the caller's own, and each version of the service's."""

from collections.abc import Mapping
from functools import lru_cache

from claude_code_proxy.simulator.rules.blocks import CACHE_CONTROL, CITATIONS_SWITCH
from claude_code_proxy.simulator.rules.shape import (
    Check,
    Fields,
    anything,
    boolean,
    dictionary,
    integer,
    items,
    literal,
    nullable,
    record,
    tagged,
    text,
)

TOOL_NAME = r"^[a-zA-Z0-9_-]{1,128}$"
_COUNT = nullable(integer(minimum=1))
_DOMAINS = nullable(items(text(minimum=1)))
_CALLERS = items(literal("direct", "code_execution_20250825", "code_execution_20260120", "code_execution_20260521"))
_SHARED: Fields = {
    "type": anything,
    "cache_control": CACHE_CONTROL,
    "allowed_callers": _CALLERS,
    "defer_loading": boolean,
    "strict": boolean,
}
_PLACE = nullable(
    tagged({
        "approximate": record(
            {"type": anything},
            {name: nullable(text()) for name in ("city", "region", "country", "timezone")},
        )
    })
)

CUSTOM = record(
    {"name": text(minimum=1, maximum=128, pattern=TOOL_NAME), "input_schema": dictionary},
    {
        **_SHARED,
        "type": nullable(literal("custom")),
        "description": text(),
        "eager_input_streaming": nullable(boolean),
        "input_examples": items(dictionary),
    },
)


def _named(name: str, more: Fields | None = None) -> Check:
    return record({"type": anything, "name": literal(name)}, {**_SHARED, **(more or {})})


def _web_search(more: Fields | None = None) -> Check:
    return _named(
        "web_search",
        {
            "max_uses": _COUNT,
            "allowed_domains": _DOMAINS,
            "blocked_domains": _DOMAINS,
            "user_location": _PLACE,
            **(more or {}),
        },
    )


def _web_fetch(more: Fields | None = None) -> Check:
    return _named(
        "web_fetch",
        {
            "max_uses": _COUNT,
            "max_content_tokens": _COUNT,
            "allowed_domains": _DOMAINS,
            "blocked_domains": _DOMAINS,
            "citations": CITATIONS_SWITCH,
            **(more or {}),
        },
    )


_SCREEN: Fields = {
    "display_width_px": integer(minimum=1),
    "display_height_px": integer(minimum=1),
    "display_number": nullable(integer(minimum=0)),
    "enable_zoom": boolean,
    "input_examples": items(dictionary),
}
_EDITOR: Fields = {"max_characters": _COUNT, "input_examples": items(dictionary)}
_CODE_EXECUTION = ("20250522", "20250825", "20260120", "20260521")

SERVER_TOOLS: Mapping[str, Check] = {
    "bash_20250124": _named("bash", {"input_examples": items(dictionary)}),
    "browser_toolset_20260801": dictionary,
    **{f"code_execution_{date}": _named("code_execution") for date in _CODE_EXECUTION},
    "computer_20250124": _named("computer", _SCREEN),
    "computer_20251124": _named("computer", _SCREEN),
    "computer_toolset_20260801": dictionary,
    "memory_20250818": _named("memory", {"input_examples": items(dictionary)}),
    "text_editor_20250124": _named("str_replace_editor", _EDITOR),
    "text_editor_20250429": _named("str_replace_based_edit_tool", _EDITOR),
    "text_editor_20250728": _named("str_replace_based_edit_tool", _EDITOR),
    "tool_search_tool_bm25_20251119": _named("tool_search_tool_bm25"),
    "tool_search_tool_regex_20251119": _named("tool_search_tool_regex"),
    "web_fetch_20250910": _web_fetch(),
    "web_fetch_20260209": _web_fetch(),
    "web_fetch_20260309": _web_fetch({"use_cache": boolean}),
    "web_fetch_20260318": _web_fetch({"use_cache": boolean, "url_sources": anything}),
    "web_search_20250305": _web_search(),
    "web_search_20260209": _web_search(),
    "web_search_20260318": _web_search({"response_inclusion": anything}),
}
_BEHIND_BETAS: Mapping[str, Mapping[str, Check]] = {
    "advisor": {
        "advisor_20260301": _named("advisor", {"model": text(minimum=1), "max_uses": _COUNT, "max_tokens": _COUNT})
    },
    "mcp": {
        "mcp_toolset": record(
            {"type": anything, "mcp_server_name": text(minimum=1)},
            {"default_config": dictionary, "configs": nullable(dictionary), "cache_control": CACHE_CONTROL},
        )
    },
}


@lru_cache(maxsize=64)
def tool(features: frozenset[str]) -> Check:
    """Return the check of any tool definition, with the types that the opened betas add; no type means custom."""
    variants: dict[str, Check] = {"custom": CUSTOM, **SERVER_TOOLS}
    for feature, more in _BEHIND_BETAS.items():
        if feature in features:
            variants.update(more)
    return tagged(variants, default="custom")


_PARALLEL: Fields = {"disable_parallel_tool_use": boolean}
TOOL_CHOICE = tagged({
    "auto": record({"type": anything}, _PARALLEL),
    "any": record({"type": anything}, _PARALLEL),
    "tool": record({"type": anything, "name": text(minimum=1)}, _PARALLEL),
    "none": record({"type": anything}),
})
