"""A row of the reliability table: a fault, what the proxy promises under it, and the coroutine that measures it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """`kept` tells whether the promise held; `measured` is one line of figures for a person."""

    kept: bool
    measured: str


Measure = Callable[[], Awaitable[Outcome]]


@dataclass(frozen=True)
class Row:
    theme: str
    name: str
    fault: str
    promise: str
    measure: Measure


ROWS: list[Row] = []


def row(theme: str, *, fault: str, promise: str) -> Callable[[Measure], Measure]:
    """Register a measurement under its theme. Its name on the command line is that of the function."""

    def register(measure: Measure) -> Measure:
        ROWS.append(Row(theme, measure.__name__.replace("_", "-"), fault, promise, measure))
        return measure

    return register


def tally(words: list[str]) -> str:
    """Count words: `whole 48, error 2`."""
    return ", ".join(f"{word} {words.count(word)}" for word in sorted(set(words)))
