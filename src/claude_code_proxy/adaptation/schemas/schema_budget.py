"""How much work one schema may cause: a budget of parts, shared by all walks over it and all expansions of references.

A few hundred bytes can describe billions of parts: definitions that each refer ten times to the next, for example.
Whoever puts a part into another place, or visits it there, pays for all that stands in it.
"""

from typing import Any

MOST_PARTS = 30_000
_TEXT = 256  # characters of text that count as one part


TOO_LARGE = (
    f"The schema is too large: with its references followed, it has more than {MOST_PARTS:,} parts. "
    "Leave out what the task does not need, or refer to fewer definitions."
)


class SchemaTooLarge(Exception):
    """The budget is spent."""


class SchemaBudget:
    """The parts that are left for one schema."""

    def __init__(self) -> None:
        self.spent = 0

    def spend(self, parts: int = 1) -> None:
        """Raise `SchemaTooLarge` if nothing is left."""
        self.spent += parts
        if self.spent > MOST_PARTS:
            raise SchemaTooLarge

    def spend_on(self, value: Any) -> None:
        """Spend one for each part of `value`, which counts wherever it stands. Raise `SchemaTooLarge`."""
        parts = [value]
        while parts:
            part = parts.pop()
            if isinstance(part, dict):
                parts.extend(part.values())
            elif isinstance(part, list):
                parts.extend(part)
            elif isinstance(part, str):
                self.spent += len(part) // _TEXT
            self.spend()
            if len(parts) > MOST_PARTS:
                raise SchemaTooLarge
