"""A script in the conversation: which tools an agent is made to call, one after another, whatever they return.

    [[script:
    exec_command {"cmd": "cat greeting.py"}
    apply_patch {"input": "*** Begin Patch\\n..."}
    say It is done.
    ]]

Each line is a call, the name of a tool and its input as JSON, or what is said. The last script counts. A summary of the
conversation repeats it and tells how many steps were done, so that the script goes on after what was summarized.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from claude_code_proxy.simulator.parsed_request import Block, ParsedTurn
from claude_code_proxy.simulator.refusal import Refusal

_MARKS = re.compile(r"\[\[script:[ \t]*\n(?P<steps>.*?)\n[ \t]*\]\]|\[\[steps done: (?P<done>\d+)\]\]", re.DOTALL)


@dataclass(frozen=True)
class Step:
    """One call; or, without a tool, what is said."""

    tool: str | None
    input: dict[str, Any]
    text: str = ""


@dataclass(frozen=True)
class Script:
    """`text` is the script as it stands in the conversation, `done` the number of steps that were done."""

    text: str = ""
    steps: tuple[Step, ...] = ()
    done: int = 0

    @property
    def next(self) -> Step | None:
        return self.steps[self.done] if self.done < len(self.steps) else None

    @property
    def summary(self) -> str:
        """What a summary has to tell, so that the script goes on after it."""
        return f"{self.text}\n[[steps done: {self.done}]]" if self.steps else ""


def follow(turns: Iterable[ParsedTurn]) -> Script:
    """Return the last script of a conversation, as far as it was followed."""
    text, done = "", 0
    for block in (block for turn in turns for block in turn.blocks):
        if block["type"] == "tool_use":
            done += 1
        for found in (found for words in _texts(block) for found in _MARKS.finditer(words)):
            if found["done"] is not None:
                done = int(found["done"])
            elif found[0] != text:  # what is only repeated goes on
                text, done = found[0], 0
    script = _MARKS.fullmatch(text)
    return Script(text, tuple(map(_step, _lines(script["steps"]))), done) if script else Script()


def without_scripts(text: str) -> str:
    return _MARKS.sub("", text).strip()


def _texts(block: Block) -> Iterator[str]:
    """Yield the text of a block that the user wrote, or that summarizes."""
    if block["type"] == "text":
        yield block["text"]
    elif block["type"] == "compaction":
        yield block.get("content") or ""


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _step(line: str) -> Step:
    name, _, rest = line.partition(" ")
    if name == "say":
        return Step(None, {}, rest)
    try:
        value = json.loads(rest)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise Refusal(f"script: the input of `{name}` is not a JSON object.")
    return Step(name, value)
