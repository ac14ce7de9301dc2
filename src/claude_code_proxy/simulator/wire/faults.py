"""Misbehaviour on demand, said in the text of a request: `[[simulate: status=429 retry-after=2]]`.

Grammar: `[[simulate:` then words separated by spaces, each `name` or `name=value`, then `]]`. The last one in the last
user text counts. `docs/simulated.md` lists the names; READERS below is where they are known. An unknown name is a 400,
so that a test with a slip of the pen does not pass for the wrong reason.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

from claude_code_proxy.simulator.refusal import Refusal

_DIRECTIVE = re.compile(r"\[\[simulate:([^\]]*)\]\]")


@dataclass(frozen=True, kw_only=True)
class Faults:
    """What to do other than answer well. Seconds, counts and sizes; None and False leave things as they are.

    `times` is for how many requests it holds; `id` only tells two directives apart that say the same.
    """

    times: int | None = None
    id: str | None = None
    # The whole reply.
    status: int | None = None
    message: str | None = None
    retry_after: str | None = None
    should_retry: str | None = None
    html: bool = False
    # How bytes go out.
    head_delay: float = 0
    first_event_delay: float = 0
    middle_delay: float = 0
    pace: float | None = None
    split: tuple[int, ...] = ()
    pings: int = 0
    # How a stream ends.
    error_after: int | None = None
    error: str = "overloaded_error"
    cut_after: int | None = None
    cut_bytes: int | None = None
    reset: bool = False
    # What is answered.
    answer: str | None = None
    words: int | None = None
    refusal: str | None = None
    pause: int = 0
    empty: bool = False
    thinking_only: bool = False
    no_thinking: bool = False
    unknown: bool = False
    call: tuple[str, ...] = ()
    steps: int | None = None
    no_call: bool = False
    bad_json: bool = False

    @property
    def fails(self) -> bool:
        return self.status is not None or self.html

    def forgiven(self) -> "Faults":
        """What is left of it once it has been done often enough: how to answer, and how fast."""
        return replace(NONE, answer=self.answer, words=self.words, call=self.call, steps=self.steps, pace=self.pace)


NONE = Faults()


def _flag(value: str) -> bool:
    return value.lower() not in {"0", "false", "no", "off"}


def _times(value: str) -> int:
    return int(value) if value else 1


def _sizes(value: str) -> tuple[int, ...]:
    sizes = (1,) if value == "byte" else tuple(int(size) for size in value.split(","))
    if any(size < 1 for size in sizes):
        raise ValueError
    return sizes


def _names(value: str) -> tuple[str, ...]:
    return tuple(name for name in value.split(",") if name)


def _spoken(value: str) -> str:
    return value.replace("_", " ")


READERS: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(("status", "times", "error_after", "cut_after", "cut_bytes", "pings", "words", "steps"), int),
    **dict.fromkeys(("head_delay", "first_event_delay", "middle_delay", "pace"), float),
    **dict.fromkeys(
        ("html", "reset", "empty", "thinking_only", "no_thinking", "unknown", "no_call", "bad_json"), _flag
    ),
    **dict.fromkeys(("id", "retry_after", "should_retry", "error", "refusal"), str),
    **dict.fromkeys(("message", "answer"), _spoken),
    "pause": _times,
    "split": _sizes,
    "call": _names,
}
FIELDS = tuple(field.name.replace("_", "-") for field in fields(Faults))


def find(text: str) -> tuple[str, Faults]:
    """The directive as it was written, and what it says; both empty where there is none."""
    found = _DIRECTIVE.findall(text)
    return (found[-1].strip(), parse(found[-1])) if found else ("", NONE)


def without_directives(text: str) -> str:
    return _DIRECTIVE.sub("", text).strip()


def parse(words: str) -> Faults:
    said: dict[str, Any] = {}
    for word in words.split():
        name, _, value = word.partition("=")
        reader = READERS.get(name.replace("-", "_"))
        if reader is None:
            raise Refusal(f"simulate: there is no `{name}`. There are: {', '.join(FIELDS)}.")
        try:
            said[name.replace("-", "_")] = reader(value)
        except ValueError:
            raise Refusal(f"simulate: `{value}` is not a value for `{name}`.") from None
    return Faults(**said)
