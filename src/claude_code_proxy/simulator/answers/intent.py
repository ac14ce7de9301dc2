"""What a request asks for, as far as the simulator reads it: the last text, the tool results, the images.

Making text and calls of it is left to `replies`, `tool_calls` and `web_search`.
"""

import base64
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from claude_code_proxy.simulator.answers.prompt_schema import find_schema
from claude_code_proxy.simulator.answers.script import Script, follow, without_scripts
from claude_code_proxy.simulator.parsed_request import Block, ParsedRequest, ParsedTurn, to_blocks
from claude_code_proxy.simulator.rules.conversation import is_continuation
from claude_code_proxy.simulator.wire import faults

_STEPS = re.compile(r"\bsteps:\s*(\d+)", re.IGNORECASE)
_JSON_WANTED = re.compile(
    r"\b(only|valid|object|respond|reply|return|output|answer|format)\b[^.\n]*\bjson\b"
    r"|\bjson\b[^.\n]*\b(only|object|format)\b",
    re.IGNORECASE,
)
_CALL_WANTED = re.compile(r"\b(?:call|use)\b[^.\n]{0,40}(?:\btools?\b|`[\w-]+`)[^.\n]{0,140}\bnow\b", re.IGNORECASE)
_SCHEMA_SHOWN = re.compile(r"\bjson\b|\bschema\b", re.IGNORECASE)
_SUMMARY_WANTED = re.compile(r"\bsummarize this conversation\b|\bcheckpoint compaction\b", re.IGNORECASE)
# What clients add to the user's text: it is no wish of the user.
_REMINDER = re.compile(r"<(system-reminder|environment_context)>.*?</\1>", re.DOTALL)
# The edit formats of coding tools: an echo with one of their blocks would change a file.
_EDIT_FORMAT = re.compile(
    r"SEARCH/REPLACE|<<<<<<< SEARCH|\*\*\* Begin Patch|\bunified diff\b|\*file listing\*|<(?:write_to_file|apply_diff)>"
)


@dataclass(frozen=True)
class Result:
    """One tool result of the last turn: the name of the tool, its text and a description of each image or document."""

    tool: str
    text: str
    failed: bool
    media: tuple[str, ...]


@dataclass(frozen=True)
class Intent:
    """`task` is the text that began the current tool loop, `rounds` its calls so far; texts are without directives."""

    task: str
    text: str
    results: tuple[Result, ...]
    rounds: int
    media: tuple[str, ...]
    directive: str
    faults: faults.Faults
    wants_json: bool
    wants_call: str  # the last text, if it says to call a tool at once
    continues: bool
    schema: dict[str, Any] | None = None  # what the prompt says that the answer must fit
    script: Script = field(default_factory=Script)
    edits_files: bool = False  # the prompt has an edit format, so that the client reads changes of files in the answer

    @property
    def wants_summary(self) -> bool:
        """Whether the client asks for a summary to go on from."""
        return _SUMMARY_WANTED.search(self.text) is not None

    @property
    def steps(self) -> int | None:
        if self.faults.steps is not None:
            return self.faults.steps
        found = _STEPS.search(self.task)
        return int(found[1]) if found else None


def read_intent(request: ParsedRequest) -> Intent:
    user_turns = [turn for turn in request.turns if turn.role == "user" and _user_text(turn)]
    text = _user_text(user_turns[-1]) if user_turns else ""
    opener = next(
        (turn for turn in reversed(user_turns) if not _has_results(turn)), user_turns[-1] if user_turns else None
    )
    task = _user_text(opener) if opener else text
    prompt = f"{_words(request.system)}\n{task}"
    directive, active = faults.find(text)
    if not directive:
        directive, active = faults.find(task)
    last = next((turn for turn in reversed(request.turns) if turn.role != "system"), request.turns[-1])
    from_user = last if last.role == "user" else None
    since = opener.index if opener else -1
    return Intent(
        task=without_scripts(faults.without_directives(task)),
        text=without_scripts(faults.without_directives(text)),
        results=tuple(_results(from_user, request)) if from_user else (),
        rounds=sum(1 for turn in request.turns if turn.index > since and any(True for _ in turn.of_type("tool_use"))),
        media=tuple(_media(from_user.blocks)) if from_user else (),
        directive=directive,
        faults=active,
        wants_json=bool(_JSON_WANTED.search(prompt)),
        wants_call=_wants_call(request.turns[-1]),
        continues=last.role == "assistant" and is_continuation(last),
        schema=find_schema(prompt) if _SCHEMA_SHOWN.search(prompt) else None,
        script=follow(request.turns),
        edits_files=bool(_EDIT_FORMAT.search(prompt)),
    )


def _words(blocks: Iterable[Block]) -> str:
    return "\n".join(block["text"] for block in blocks if block["type"] == "text").strip()


def _user_text(turn: ParsedTurn) -> str:
    return _REMINDER.sub("", _words(turn.blocks)).strip()


def _has_results(turn: ParsedTurn) -> bool:
    return any(True for _ in turn.of_type("tool_result"))


def _results(turn: ParsedTurn, request: ParsedRequest) -> Iterator[Result]:
    names = {block["id"]: block["name"] for one in request.turns for _, block in one.of_type("tool_use")}
    for _, block in turn.of_type("tool_result"):
        inner = to_blocks(block.get("content"))
        yield Result(
            tool=names.get(block["tool_use_id"], "the tool"),
            text=_words(inner) or " ".join(_titles(inner)),
            failed=bool(block.get("is_error")),
            media=tuple(_media(inner)),
        )


def _titles(blocks: Iterable[Block]) -> Iterator[str]:
    return (block["title"] for block in blocks if block["type"] == "search_result")


def _media(blocks: Iterable[Block]) -> Iterator[str]:
    """Describe each image and document: its kind and its size or address."""
    for block in blocks:
        if block["type"] not in {"image", "document"}:
            continue
        source = block["source"]
        title = f' "{block["title"]}"' if block.get("title") else ""
        yield f"{'an' if block['type'] == 'image' else 'a'} {block['type']}{title} ({_source(source)})"


def _source(source: Block) -> str:
    match source["type"]:
        case "base64":
            return f"{source['media_type']}, {len(base64.b64decode(source['data']))} bytes"
        case "text":
            return f"{source['media_type']}, {len(source['data'])} characters"
        case "url":
            return str(source["url"])
        case "file":
            return str(source["file_id"])
        case _:
            return f"{len(json.dumps(source['content']))} characters"


def _wants_call(last: ParsedTurn) -> str:
    """Return the text of the last turn if it demands a call; such a text acts like a forced `tool_choice`."""
    words = _words(last.blocks)
    return words if _CALL_WANTED.search(words) else ""


def split_words(value: Any) -> list[str]:
    """Return the words of a text in lower case, without the s of a plural."""
    return [word if len(word) < 4 else word.removesuffix("s") for word in re.findall(r"[a-z]+", str(value).lower())]
