"""The seam: a place that keeps bytes by key for a while. A shared store for replicas can take this place.

Losing an entry is always allowed; a store never raises for it.
"""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Protocol


class Store(Protocol):
    """Times are epoch seconds; entries are gone once `now` has reached their `until`."""

    def get(self, keys: Iterable[str], now: float) -> dict[str, bytes]:
        """What is there of `keys`."""

    def put(self, key: str, value: bytes, *, until: float) -> None: ...

    def close(self) -> None: ...


class MemoryStore:
    """At most `most_bytes` of values; what was not asked for the longest goes first."""

    def __init__(self, most_bytes: int = 64 * 1024 * 1024) -> None:
        self._most_bytes = most_bytes
        self._entries: OrderedDict[str, tuple[bytes, float]] = OrderedDict()
        self.size = 0

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, keys: Iterable[str], now: float) -> dict[str, bytes]:
        found = {}
        for key in keys:
            entry = self._entries.get(key)
            if entry is None:
                continue
            if entry[1] <= now:
                self._drop(key)
                continue
            self._entries.move_to_end(key)
            found[key] = entry[0]
        return found

    def put(self, key: str, value: bytes, *, until: float) -> None:
        self._drop(key)
        if len(value) > self._most_bytes:
            return
        self._entries[key] = (value, until)
        self.size += _cost(key, value)
        while self.size > self._most_bytes:
            self._drop(next(iter(self._entries)))

    def close(self) -> None:
        self._entries.clear()
        self.size = 0

    def _drop(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.size -= _cost(key, entry[0])


def _cost(key: str, value: bytes) -> int:
    return len(value) + len(key) + 200  # the entry itself
