"""The shapes of content blocks: which fields each has, per place where a block may stand.

Only shapes: what the values mean together (pairing, order, emptiness) is left to `conversation` and its neighbours.
"""

from collections.abc import Mapping
from functools import lru_cache

from claude_code_proxy.simulator.rules.shape import (
    Check,
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
    text_or,
)

TOOL_USE_ID = r"^[a-zA-Z0-9_-]+$"
SERVER_TOOL_USE_ID = r"^srvtoolu_[a-zA-Z0-9_]+$"
MEDIA_TYPES = ("image/jpeg", "image/png", "image/gif", "image/webp")

CACHE_CONTROL = nullable(tagged({"ephemeral": record({"type": anything}, {"ttl": literal("5m", "1h")})}))
CITATIONS_SWITCH = nullable(record({}, {"enabled": boolean}))
CALLER = tagged({
    "direct": record({"type": anything}),
    "code_execution_20250825": record({"type": anything, "tool_id": text(pattern=SERVER_TOOL_USE_ID)}),
    "code_execution_20260120": record({"type": anything, "tool_id": text(pattern=SERVER_TOOL_USE_ID)}),
})
_CACHED: Mapping[str, Check] = {"cache_control": CACHE_CONTROL}
_TYPE: Mapping[str, Check] = {"type": anything}
_NUMBER = integer(minimum=0)

CITATION = tagged({
    "char_location": record(
        {
            **_TYPE,
            "cited_text": text(),
            "document_index": _NUMBER,
            "document_title": nullable(text()),
            "start_char_index": _NUMBER,
            "end_char_index": _NUMBER,
        },
        {"file_id": nullable(text())},
    ),
    "page_location": record(
        {
            **_TYPE,
            "cited_text": text(),
            "document_index": _NUMBER,
            "document_title": nullable(text()),
            "start_page_number": _NUMBER,
            "end_page_number": _NUMBER,
        },
        {"file_id": nullable(text())},
    ),
    "content_block_location": record(
        {
            **_TYPE,
            "cited_text": text(),
            "document_index": _NUMBER,
            "document_title": nullable(text()),
            "start_block_index": _NUMBER,
            "end_block_index": _NUMBER,
        },
        {"file_id": nullable(text())},
    ),
    "web_search_result_location": record({
        **_TYPE,
        "cited_text": text(),
        "url": text(),
        "title": nullable(text()),
        "encrypted_index": text(),
    }),
    "search_result_location": record({
        **_TYPE,
        "cited_text": text(),
        "source": text(),
        "title": nullable(text()),
        "search_result_index": _NUMBER,
        "start_block_index": _NUMBER,
        "end_block_index": _NUMBER,
    }),
})

TEXT = record({**_TYPE, "text": text()}, {**_CACHED, "citations": nullable(items(CITATION))})
IMAGE = record(
    {
        **_TYPE,
        "source": tagged({
            "base64": record({**_TYPE, "media_type": literal(*MEDIA_TYPES), "data": text()}),
            "url": record({**_TYPE, "url": text(minimum=1)}),
            "file": record({**_TYPE, "file_id": text(minimum=1)}),
        }),
    },
    {**_CACHED, "transformations": nullable(record({}, {"oversized_image": literal("downsize", "error")}))},
)
DOCUMENT = record(
    {
        **_TYPE,
        "source": tagged({
            "base64": record({**_TYPE, "media_type": literal("application/pdf"), "data": text()}),
            "text": record({**_TYPE, "media_type": literal("text/plain"), "data": text()}),
            "content": record({**_TYPE, "content": text_or(items(tagged({"text": TEXT, "image": IMAGE})))}),
            "url": record({**_TYPE, "url": text(minimum=1)}),
            "file": record({**_TYPE, "file_id": text(minimum=1)}),
        }),
    },
    {**_CACHED, "title": nullable(text()), "context": nullable(text()), "citations": CITATIONS_SWITCH},
)
SEARCH_RESULT = record(
    {**_TYPE, "source": text(), "title": text(), "content": items(tagged({"text": TEXT}))},
    {**_CACHED, "citations": CITATIONS_SWITCH},
)
TOOL_REFERENCE = record({**_TYPE, "tool_name": text(minimum=1)}, _CACHED)
TOOL_RESULT = record(
    {**_TYPE, "tool_use_id": text(pattern=TOOL_USE_ID)},
    {
        **_CACHED,
        "is_error": boolean,
        "content": text_or(
            items(
                tagged({
                    "text": TEXT,
                    "image": IMAGE,
                    "document": DOCUMENT,
                    "search_result": SEARCH_RESULT,
                    "tool_reference": TOOL_REFERENCE,
                })
            )
        ),
    },
)
TOOL_USE = record(
    {**_TYPE, "id": text(pattern=TOOL_USE_ID), "name": text(minimum=1, maximum=200), "input": dictionary},
    {**_CACHED, "caller": CALLER, "toolset_name": nullable(text())},
)
THINKING = record({**_TYPE, "thinking": text(), "signature": text()})
REDACTED_THINKING = record({**_TYPE, "data": text()})
SERVER_TOOL_USE = record(
    {**_TYPE, "id": text(pattern=SERVER_TOOL_USE_ID), "name": text(minimum=1), "input": dictionary},
    {**_CACHED, "caller": CALLER},
)
CONTAINER_UPLOAD = record({**_TYPE, "file_id": text(minimum=1)}, _CACHED)

_WEB_SEARCH_RESULT = record(
    {**_TYPE, "url": text(), "title": text(), "encrypted_content": text()}, {"page_age": nullable(text())}
)


def _found_or_error(value: object, path: str) -> None:
    """Check the content of a web search result: a list of results, or one error object."""
    if isinstance(value, list):
        items(tagged({"web_search_result": _WEB_SEARCH_RESULT}))(value, path)
    else:
        tagged({"web_search_tool_result_error": record({**_TYPE, "error_code": text()})})(value, path)


WEB_SEARCH_TOOL_RESULT = record(
    {**_TYPE, "tool_use_id": text(pattern=SERVER_TOOL_USE_ID), "content": _found_or_error},
    {**_CACHED, "caller": CALLER},
)
# The content of other hosted results is not checked, only the block around it.
HOSTED_RESULT = record(
    {**_TYPE, "tool_use_id": text(pattern=SERVER_TOOL_USE_ID), "content": anything}, {**_CACHED, "caller": CALLER}
)
HOSTED_RESULTS = (
    "web_fetch_tool_result",
    "code_execution_tool_result",
    "bash_code_execution_tool_result",
    "text_editor_code_execution_tool_result",
    "tool_search_tool_result",
)
MCP_TOOL_USE = record(
    {**_TYPE, "id": text(pattern=TOOL_USE_ID), "name": text(), "server_name": text(), "input": dictionary}, _CACHED
)
MCP_TOOL_RESULT = record(
    {**_TYPE, "tool_use_id": text(pattern=TOOL_USE_ID)},
    {**_CACHED, "is_error": boolean, "content": text_or(items(tagged({"text": TEXT})))},
)
TOOL_CHANGE = record({**_TYPE, "tool": tagged({"tool_reference": record({**_TYPE, "name": text(minimum=1)})})})

COMPACTION = record(
    {**_TYPE},
    {
        **_CACHED,
        "content": nullable(text(minimum=1)),
        "encrypted_content": nullable(text()),
        "signature": nullable(text()),
        "tool_changes": nullable(items(tagged({"tool_addition": TOOL_CHANGE, "tool_removal": TOOL_CHANGE}))),
    },
)

_CONTENT: Mapping[str, Check] = {
    "text": TEXT,
    "image": IMAGE,
    "document": DOCUMENT,
    "search_result": SEARCH_RESULT,
    "thinking": THINKING,
    "redacted_thinking": REDACTED_THINKING,
    "tool_use": TOOL_USE,
    "tool_result": TOOL_RESULT,
    "server_tool_use": SERVER_TOOL_USE,
    "web_search_tool_result": WEB_SEARCH_TOOL_RESULT,
    **dict.fromkeys(HOSTED_RESULTS, HOSTED_RESULT),
    "container_upload": CONTAINER_UPLOAD,
}
_BEHIND_BETAS: Mapping[str, Mapping[str, Check]] = {
    "advisor": {"advisor_tool_result": HOSTED_RESULT},
    "compaction": {"compaction": COMPACTION},
    "fallbacks": {"fallback": dictionary},
    "mcp": {"mcp_tool_use": MCP_TOOL_USE, "mcp_tool_result": MCP_TOOL_RESULT},
    "tool_changes": {"tool_addition": TOOL_CHANGE, "tool_removal": TOOL_CHANGE},
}


@lru_cache(maxsize=64)
def content_block(features: frozenset[str]) -> Check:
    """Return the check of any block of a message, with the types that the opened betas add."""
    variants = dict(_CONTENT)
    for feature, more in _BEHIND_BETAS.items():
        if feature in features:
            variants.update(more)
    return tagged(variants)
