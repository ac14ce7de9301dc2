"""A value that must never be printed: masked wherever it is shown, compared in constant time.

Code that needs the text calls `reveal()`; nothing else gives it away, pickling included.
"""

import hmac
from collections.abc import Mapping
from typing import NoReturn

MASK = "****"
_SHORTEST = 8  # shorter text may stand anywhere by chance


class Secret:
    """The text of a key or token; equal to another `Secret` of the same text.

    `needle` is what `mask` looks for; None where the text is too short to be masked.
    """

    __slots__ = ("_bytes", "_text", "needle")

    def __init__(self, text: str) -> None:
        self._text = text
        self._bytes = text.encode("utf-8", "surrogatepass")
        self.needle = self._bytes if len(text) >= _SHORTEST else None

    def reveal(self) -> str:
        return self._text

    def mask(self, data: bytes) -> bytes:
        """Return `data` without this secret. A service that echoes what it received must not pass it on through us."""
        return data.replace(self._bytes, MASK.encode()) if len(self._text) >= _SHORTEST else data

    def mask_values(self, headers: Mapping[bytes, bytes]) -> Mapping[bytes, bytes]:
        """Return `headers` with this secret masked in their values; nearly always, that is the very same object."""
        if self._bytes not in b"\n".join(headers.values()):
            return headers
        return {name: self.mask(value) for name, value in headers.items()}

    def mask_text(self, text: str) -> str:
        return text.replace(self._text, MASK) if len(self._text) >= _SHORTEST else text

    def matches(self, candidate: str | bytes) -> bool:
        """Return whether a caller's text is this one. The time it takes does not depend on where they differ."""
        given = candidate if isinstance(candidate, bytes) else candidate.encode("utf-8", "surrogatepass")
        return hmac.compare_digest(self._bytes, given)

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


NO_SECRET = Secret("")
