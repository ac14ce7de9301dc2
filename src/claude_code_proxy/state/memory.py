"""State in the memory of one process: bounded, and lost when the process ends."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence

from claude_code_proxy.state.thinking_store import KeptEntry

_ENTRY_BYTES = 200  # overhead of an entry, beside its key and value


class MemoryThinkingStore:
    """A `ThinkingStore` of at most `most_bytes`; the least recently used entry is removed first."""

    def __init__(self, most_bytes: int = 64 * 1024 * 1024) -> None:
        self._most_bytes = most_bytes
        self._entries: OrderedDict[str, KeptEntry] = OrderedDict()
        self.size = 0

    def __len__(self) -> int:
        return len(self._entries)

    async def get(self, keys: Sequence[str], now: float) -> dict[str, bytes]:
        return self.find(keys, now)

    async def put(self, entries: Iterable[KeptEntry]) -> None:
        for entry in entries:
            self.add(entry)

    def find(self, keys: Iterable[str], now: float) -> dict[str, bytes]:
        """Return the same as `get`, without an event loop."""
        found: dict[str, bytes] = {}
        if not self._entries:
            return found
        for key in keys:
            entry = self._entries.get(key)
            if entry is None:
                continue
            if entry.until <= now:
                self._drop(key)
                continue
            self._entries.move_to_end(key)
            found[key] = entry.value
        return found

    def add(self, entry: KeptEntry) -> None:
        self._drop(entry.key)
        cost = _cost(entry)
        if cost > self._most_bytes:
            return
        self._entries[entry.key] = entry
        self.size += cost
        while self.size > self._most_bytes:
            self._drop(next(iter(self._entries)))

    def _drop(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.size -= _cost(entry)


def _cost(entry: KeptEntry) -> int:
    return len(entry.value) + len(entry.key) + _ENTRY_BYTES
