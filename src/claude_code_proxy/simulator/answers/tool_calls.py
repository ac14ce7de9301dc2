"""Which tools a request makes the simulation call, and with which arguments.

A tool is called when it is forced, when the text names it or uses the words of its name, or when a directive says so.
One text may bring several calls. `steps: N` in the text makes a loop of N rounds, one call each.
"""

import math
import re
from collections.abc import Callable
from typing import Any

from claude_code_proxy.simulator.answers.intent import Intent, words_of
from claude_code_proxy.simulator.answers.schema_sample import sample
from claude_code_proxy.simulator.parsed_request import Block, ParsedRequest
from claude_code_proxy.simulator.rules.tools import is_custom

Tool = dict[str, Any]

_COMMON = frozenset({
    "a", "add", "call", "create", "current", "delete", "do", "fetch", "find", "for", "from", "function", "get", "in",
    "info", "list", "local", "lookup", "make", "my", "new", "of", "on", "parallel", "read", "run", "search", "set",
    "the", "to", "tool", "update", "use", "user", "with", "write",
})  # fmt: skip
_ALL_OF_THEM = re.compile(r"\b(all|both|every)\b[^.]{0,20}\btools?\b", re.IGNORECASE)
_PLACES = frozenset({"city", "location", "place", "town", "country", "region", "destination", "area"})
_QUESTIONS = frozenset({"query", "question", "text", "prompt", "input", "message", "search", "topic", "q", "task"})
_PLACE = re.compile(r"\b(?:in|at|for|to|from|of)\s+((?:[A-Z][\w'’-]+)(?:[ ,]+[A-Z][\w'’-]+)*)")


def calls(asked: ParsedRequest, intent: Intent, *, new_id: Callable[[str], str]) -> list[Block]:
    """The tool_use blocks of the answer; empty where it is words that are wanted."""
    return [
        {
            "type": "tool_use",
            "id": new_id("toolu_01"),
            "name": tool["name"],
            "input": _arguments(tool, intent),
            "caller": {"type": "direct"},
        }
        for tool in _chosen(asked, intent)
    ]


def _chosen(asked: ParsedRequest, intent: Intent) -> list[Tool]:
    choice = asked.tool_choice
    tools = [tool for tool in asked.tools if is_custom(tool)]
    offered = [tool for tool in tools if not tool.get("defer_loading")]
    if choice["type"] == "none" or not offered or intent.faults.no_call:
        return []
    if choice["type"] == "tool":
        return [tool for tool in tools if tool["name"] == choice["name"]]
    demanded = [tool for tool in offered if _mention(tool["name"], intent.wants_call) >= 0]
    wanted = demanded or _wanted(offered, intent)
    if not wanted and (choice["type"] == "any" or intent.wants_call):
        wanted = offered[:1]
    return wanted[:1] if choice.get("disable_parallel_tool_use") else wanted


def _wanted(offered: list[Tool], intent: Intent) -> list[Tool]:
    named = [tool for name in intent.faults.call for tool in offered if tool["name"] == name]
    steps = intent.steps
    if steps is None:
        return [] if intent.rounds or intent.results else named or _matching(offered, intent.text)
    if intent.rounds >= steps:
        return []
    pool = named or _matching(offered, intent.task) or offered
    return [pool[intent.rounds % len(pool)]]


def _matching(offered: list[Tool], text: str) -> list[Tool]:
    if _ALL_OF_THEM.search(text):
        return offered
    at = {tool["name"]: _mention(tool["name"], text) for tool in offered}
    mentioned = sorted((tool for tool in offered if at[tool["name"]] >= 0), key=lambda tool: at[tool["name"]])
    if mentioned:
        return mentioned
    said = set(words_of(text))
    by_name = [tool for tool in offered if _shares_name(tool["name"], said)]
    return by_name or [tool for tool in offered if _shares_description(tool, said)][:1]


def _mention(name: str, text: str) -> int:
    """Where the text says the name, as it is or with spaces; -1 where it does not."""
    spoken = re.sub(r"[_-]+", " ", name)
    for form in (name, spoken) if " " in spoken else (name,):
        found = re.search(rf"(?<![\w-]){re.escape(form)}(?![\w-])", text, re.IGNORECASE)
        if found and (len(form) > 3 or form != form.lower()):
            return found.start()
    return -1


def _shares_name(name: str, said: set[str]) -> bool:
    separated = re.sub(r"([a-z])([A-Z])", r"\1 \2", name)
    words = {word for word in words_of(separated.replace("_", " ")) if word not in _COMMON and len(word) > 2}
    return bool(words) and len(words & said) >= math.ceil(len(words) / 2)


def _shares_description(tool: Tool, said: set[str]) -> bool:
    words = {word for word in words_of(tool.get("description", "")) if len(word) > 4 and word not in _COMMON}
    return len(words & said) >= 2


def _arguments(tool: Tool, intent: Intent) -> dict[str, Any]:
    if intent.faults.bad_json:
        return {"unexpected": True}
    made = sample(tool["input_schema"], lambda name, schema: hinted(name, schema, text=intent.task))
    return made if isinstance(made, dict) else {}


def hinted(name: str, schema: dict[str, Any], *, text: str) -> Any:
    """What the text says for a property: `name = value`, one of its enum, the place, or the text itself."""
    for value in schema.get("enum") or ():
        if isinstance(value, str) and re.search(rf"\b{re.escape(value)}\b", text, re.IGNORECASE):
            return value
    said = (
        re.search(rf"\b{re.escape(name)}\s*(?:=|:|\bis\b)\s*[\"'“]?([^\"'”,;\n]+)", text, re.IGNORECASE)
        if name
        else None
    )
    if name and said:
        return _typed(said[1].strip().rstrip("."), schema)
    words = set(words_of(re.sub(r"([a-z])([A-Z])", r"\1 \2", name).replace("_", " ")))
    if words & _PLACES:
        place = _PLACE.search(text)
        return place[1].strip() if place else "Paris"
    return text if words & _QUESTIONS and text else None


def _typed(said: str, schema: dict[str, Any]) -> Any:
    number = re.match(r"-?\d+(\.\d+)?", said)
    match schema.get("type"):
        case "integer":
            return int(float(number[0])) if number else None
        case "number":
            return float(number[0]) if number else None
        case "boolean":
            return said.lower() in {"true", "yes"}
        case _:
            return said
