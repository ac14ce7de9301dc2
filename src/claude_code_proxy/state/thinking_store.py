"""The store of kept thinking: its records, and the protocol that each engine implements.

Every kind of state has such a module: frozen records, and a protocol of async methods with a contract that one test
suite holds every engine to. Here, an entry may be lost at any time, so no method raises for what goes wrong with a file
or a server: the engine reports it, and answers with what it has.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from msgspec import Struct


class KeptEntry(Struct, frozen=True):
    """One entry: `value` is found under `key` until `until`, in epoch seconds."""

    key: str
    value: bytes
    until: float


class ThinkingStore(Protocol):
    """Keeps bytes under keys until they expire. After `put`, a `get` in the same process finds the entries."""

    async def get(self, keys: Sequence[str], now: float) -> Mapping[str, bytes]:
        """Return the values of those `keys` that are kept at `now`, within a fraction of a second."""

    async def put(self, entries: Iterable[KeptEntry]) -> None:
        """Keep the entries, each in place of an earlier one under its key.

        Return when other processes find them too, or after a fraction of a second if that takes longer.
        """
