"""Which tools the simulator calls for a request, and with which arguments.

A tool is called when it is forced, when the text names it or uses the words of its name, or when a directive says so.
One text may cause several calls. `steps: N` in the text makes a loop of N rounds, one call each.
"""

import re
from collections.abc import Callable
from typing import Any

from claude_code_proxy.simulator.answers.intent import Intent, split_words
from claude_code_proxy.simulator.answers.schema_sample import sample
from claude_code_proxy.simulator.parsed_request import Block, ParsedRequest
from claude_code_proxy.simulator.refusal import Refusal
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
_PATHS = frozenset({"path", "file", "filename", "filepath"})
_PATH = re.compile(r"(?<![\w/.])(?:(?:~|\.{1,2})?/)?[\w-][\w./-]*\.[A-Za-z]\w{0,5}\b|(?<![\w/.])/[\w./-]+\w")
_PLACE = re.compile(r"\b(?:in|at|for|to|from|of)\s+((?:[A-Z][\w'’-]+)(?:[ ,]+[A-Z][\w'’-]+)*)")


def calls(request: ParsedRequest, intent: Intent, *, new_id: Callable[[str], str]) -> list[Block]:
    """Return the tool_use blocks of the answer; none if it is to be text."""
    if intent.script.steps:
        return [_call(tool, arguments, new_id=new_id) for tool, arguments in _scripted(request, intent)]
    return [_call(tool, _arguments(tool, intent), new_id=new_id) for tool in _chosen(request, intent)]


def _call(tool: Tool, arguments: dict[str, Any], *, new_id: Callable[[str], str]) -> Block:
    return {
        "type": "tool_use",
        "id": new_id("toolu_01"),
        "name": tool["name"],
        "input": arguments,
        "caller": {"type": "direct"},
    }


def _scripted(request: ParsedRequest, intent: Intent) -> list[tuple[Tool, dict[str, Any]]]:
    """Return the call of the script's next step, unless a summary is wanted. Its tool must be offered, if any is."""
    step = intent.script.next
    if step is None or step.tool is None or not request.tools or intent.wants_summary:
        return []
    offered = [tool for tool in request.tools if tool.get("name") == step.tool]
    if not offered:
        raise Refusal(f"script: there is no tool `{step.tool}` among {[tool.get('name') for tool in request.tools]}.")
    return [(offered[0], step.input)]


def _chosen(request: ParsedRequest, intent: Intent) -> list[Tool]:
    choice = request.tool_choice
    tools = [tool for tool in request.tools if is_custom(tool)]
    offered = [tool for tool in tools if not tool.get("defer_loading")]
    if choice["type"] == "none" or not offered or intent.faults.no_call:
        return []
    if choice["type"] == "tool":
        return [tool for tool in tools if tool["name"] == choice["name"]]
    demanded = [tool for tool in offered if _mention(tool["name"], intent.wants_call) >= 0]
    selected = demanded or _wanted(offered, intent)
    if not selected and (choice["type"] == "any" or intent.wants_call):
        selected = offered[:1]
    return selected[:1] if choice.get("disable_parallel_tool_use") else selected


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
    mentioned = _mentioned(offered, text)
    if mentioned:
        return mentioned
    text_words = set(split_words(text))
    return _nearest(offered, text_words) or [tool for tool in offered if _shares_description(tool, text_words)][:1]


def _mentioned(offered: list[Tool], text: str) -> list[Tool]:
    """Return the tools that the text names, in its order; a name inside a longer one is no name."""
    spans = [(at, at + len(tool["name"]), tool) for tool in offered if (at := _mention(tool["name"], text)) >= 0]
    outer = [
        (start, tool)
        for start, end, tool in spans
        if not any(low <= start and end <= high and high - low > end - start for low, high, _ in spans)
    ]
    return [tool for _, tool in sorted(outer, key=lambda found: found[0])]


def _nearest(offered: list[Tool], text_words: set[str]) -> list[Tool]:
    """Return the tools with the words of the text in their names; of several with the same words the nearest one."""
    shared = [(_name_words(tool["name"]) & text_words, _name_words(tool["name"]), tool) for tool in offered]
    near = [(found, len(found) / len(words), tool) for found, words, tool in shared if len(found) * 2 >= len(words) > 0]
    chosen: list[Tool] = []
    covered: set[str] = set()
    for found, _, tool in sorted(near, key=lambda one: (-one[1], -len(one[0]))):
        if not found <= covered:
            chosen.append(tool)
            covered |= found
    return [tool for tool in offered if tool in chosen]


def _mention(name: str, text: str) -> int:
    """Return where the text has the name, as it is or with spaces; -1 if it does not."""
    spaced = re.sub(r"[_-]+", " ", name)
    for form in (name, spaced) if " " in spaced else (name,):
        found = re.search(rf"(?<![\w-]){re.escape(form)}(?![\w-])", text, re.IGNORECASE)
        if found and (len(form) > 3 or form != form.lower()):
            return found.start()
    return -1


def _name_words(name: str) -> set[str]:
    separated = re.sub(r"([a-z])([A-Z])", r"\1 \2", name)
    return {word for word in split_words(separated.replace("_", " ")) if word not in _COMMON and len(word) > 2}


def _shares_description(tool: Tool, text_words: set[str]) -> bool:
    words = {word for word in split_words(tool.get("description", "")) if len(word) > 4 and word not in _COMMON}
    return len(words & text_words) >= 2


def _arguments(tool: Tool, intent: Intent) -> dict[str, Any]:
    if intent.faults.bad_json:
        return {"unexpected": True}
    arguments = sample(tool["input_schema"], lambda name, schema: hint_value(name, schema, text=intent.task))
    return arguments if isinstance(arguments, dict) else {}


def hint_value(name: str, schema: dict[str, Any], *, text: str) -> Any:
    """Return what the text has for a property: `name = value`, one of its enum, a place, or the text itself."""
    for value in schema.get("enum") or ():
        if isinstance(value, str) and re.search(rf"\b{re.escape(value)}\b", text, re.IGNORECASE):
            return value
    text_words = (
        re.search(rf"\b{re.escape(name)}\s*(?:=|:|\bis\b)\s*[\"'“]?([^\"'”,;\n]+)", text, re.IGNORECASE)
        if name
        else None
    )
    if name and text_words:
        return _typed(text_words[1].strip().rstrip("."), schema)
    words = set(split_words(re.sub(r"([a-z])([A-Z])", r"\1 \2", name).replace("_", " ")))
    if words & _PLACES:
        place = _PLACE.search(text)
        return place[1].strip() if place else "Paris"
    if words & _PATHS:
        path = _PATH.search(text)
        return path[0] if path else None
    return text if words & _QUESTIONS and text else None


def _typed(text_words: str, schema: dict[str, Any]) -> Any:
    number = re.match(r"-?\d+(\.\d+)?", text_words)
    match schema.get("type"):
        case "integer":
            return int(float(number[0])) if number else None
        case "number":
            return float(number[0]) if number else None
        case "boolean":
            return text_words.lower() in {"true", "yes"}
        case _:
            return text_words
