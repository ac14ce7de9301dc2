"""A hosted web search in an answer: the call, made-up results and a text that cites them; in a pause only the call."""

import re
from collections.abc import Callable
from typing import Any

from claude_code_proxy.simulator import signature
from claude_code_proxy.simulator.answers.intent import Intent
from claude_code_proxy.simulator.answers.replies import text_block
from claude_code_proxy.simulator.parsed_request import Block, ParsedRequest

_ASKED_FOR = re.compile(r"\b(search|web|internet|online|latest|newest|news|today|look up)\b", re.IGNORECASE)
_RESULTS = 3


def is_declared(request: ParsedRequest) -> bool:
    return any(str(tool.get("type", "")).startswith("web_search_") for tool in request.tools)


def is_requested(request: ParsedRequest, intent: Intent) -> bool:
    if not is_declared(request) or request.tool_choice["type"] == "none" or intent.results:
        return False
    forced = request.tool_choice["type"] == "tool" and request.tool_choice["name"] == "web_search"
    return forced or bool(_ASKED_FOR.search(intent.text)) or intent.faults.pause > 0


def call(intent: Intent, new_id: Callable[[str], str]) -> Block:
    query = re.sub(r"\s+", " ", intent.text).strip()[:120] or "news"
    return {
        "type": "server_tool_use",
        "id": new_id("srvtoolu_01"),
        "name": "web_search",
        "input": {"query": query},
        "caller": {"type": "direct"},
    }


def result_blocks(call_block: Block, secret: bytes) -> list[Block]:
    """Return the results of a call and the text about them."""
    query = str(call_block["input"].get("query", ""))
    results = [_result(query, number, secret=secret) for number in range(1, _RESULTS + 1)]
    cited = f"Result 1 for “{query}” says that this is a simulated page."
    citation = {
        "type": "web_search_result_location",
        "cited_text": cited,
        "url": results[0]["url"],
        "title": results[0]["title"],
        "encrypted_index": signature.seal_text(f"index of {query}", secret),
    }
    return [
        {
            "type": "web_search_tool_result",
            "tool_use_id": call_block["id"],
            "content": results,
            "caller": {"type": "direct"},
        },
        text_block("I searched the web. "),
        {"citations": [citation], "type": "text", "text": f"The first result is about “{query}”"},
        text_block(f", and there are {_RESULTS - 1} more."),
    ]


def pending_call(request: ParsedRequest) -> Block | None:
    """Return the call that a paused turn ended with."""
    last = request.turns[-1]
    if last.role != "assistant":
        return None
    final = last.blocks[-1]
    return final if final["type"] == "server_tool_use" else None


def calls_so_far(request: ParsedRequest) -> int:
    last = request.turns[-1]
    return sum(1 for _ in last.of_type("server_tool_use")) if last.role == "assistant" else 0


def _result(query: str, number: int, *, secret: bytes) -> dict[str, Any]:
    return {
        "type": "web_search_result",
        "title": f"Result {number} for {query}",
        "url": f"https://example.com/search/{number}",
        "encrypted_content": signature.seal_text(f"{number} {query}", secret),
        "page_age": "November 1, 2026" if number == 1 else None,
    }
