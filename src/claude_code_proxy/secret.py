"""A value that must never be printed: masked wherever it is shown, compared in constant time.

Whoever really needs the text says so with `reveal()`; nothing else gives it away, pickling included.
"""

import hmac
from typing import NoReturn

MASK = "****"


class Secret:
    """Wraps the text of a key or token; equal to another `Secret` of the same text."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def matches(self, candidate: str | bytes) -> bool:
        """Compare with what somebody showed us, without telling by the time it takes where they differ."""
        shown = candidate if isinstance(candidate, bytes) else candidate.encode("utf-8", "surrogatepass")
        return hmac.compare_digest(self._text.encode("utf-8", "surrogatepass"), shown)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.matches(other._text)

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __bool__(self) -> bool:
        return bool(self._text)

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __str__(self) -> str:
        return MASK

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not pickled")
