"""Faults on demand, by a directive in the text of a request: `[[simulate: status=429 retry-after=2]]`.

Grammar: `[[simulate:` then words separated by spaces, each `name` or `name=value`, then `]]`. The last one in the last
user text counts. READERS below has the names, `docs/simulated.md` describes them. An unknown name is a 400, so that a
test with a typing error does not pass for the wrong reason.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

from claude_code_proxy.simulator.refusal import Refusal

_DIRECTIVE = re.compile(r"\[\[simulate:([^\]]*)\]\]")


@dataclass(frozen=True, kw_only=True)
class Faults:
    """What to do other than a good answer. Times are in seconds; None and False change nothing.

    `times` is for how many requests it holds; `id` distinguishes two directives of the same text.
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

    def answer_only(self) -> "Faults":
        """Return the faults without failures, for when `times` is used up: what to answer, and how fast."""
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


def _unescape(value: str) -> str:
    return value.replace("_", " ").replace("\\n", "\n")


READERS: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(("status", "times", "error_after", "cut_after", "cut_bytes", "pings", "words", "steps"), int),
    **dict.fromkeys(("head_delay", "first_event_delay", "middle_delay", "pace"), float),
    **dict.fromkeys(
        ("html", "reset", "empty", "thinking_only", "no_thinking", "unknown", "no_call", "bad_json"), _flag
    ),
    **dict.fromkeys(("id", "retry_after", "should_retry", "error", "refusal"), str),
    **dict.fromkeys(("message", "answer"), _unescape),
    "pause": _times,
    "split": _sizes,
    "call": _names,
}
FIELDS = tuple(field.name.replace("_", "-") for field in fields(Faults))


def find(text: str) -> tuple[str, Faults]:
    """Return the directive as written and its faults; both are empty if the text has none."""
    found = _DIRECTIVE.findall(text)
    return (found[-1].strip(), parse(found[-1])) if found else ("", NONE)


def without_directives(text: str) -> str:
    return _DIRECTIVE.sub("", text).strip()


def parse(words: str) -> Faults:
    values: dict[str, Any] = {}
    for word in words.split():
        name, _, value = word.partition("=")
        reader = READERS.get(name.replace("-", "_"))
        if reader is None:
            raise Refusal(f"simulate: there is no `{name}`. There are: {', '.join(FIELDS)}.")
        try:
            values[name.replace("-", "_")] = reader(value)
        except ValueError:
            raise Refusal(f"simulate: `{value}` is not a value for `{name}`.") from None
    return Faults(**values)
