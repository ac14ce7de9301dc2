"""What was made of a schema, kept by the schema's bytes: an agent sends the same ones with every request.

Bounded by the bytes of the schemas, of which what is made takes a few times as many.
"""

from collections.abc import Callable
from typing import Generic, TypeVar

LARGEST = 32 * 1024  # bytes of a schema that is kept
_MOST = 4 * 1024 * 1024  # bytes of all of them

T = TypeVar("T")


class SchemaCache(Generic[T]):
    """A function of a schema, which remembers its results. All are forgotten when there are too many."""

    def __init__(self, make: Callable[[bytes], T]) -> None:
        self._make = make
        self._made: dict[bytes, T] = {}
        self._size = 0

    def __call__(self, schema: bytes) -> T:
        if schema in self._made:
            return self._made[schema]
        made = self._make(schema)
        if len(schema) <= LARGEST:
            if self._size + len(schema) > _MOST:
                self._made.clear()
                self._size = 0
            self._made[schema] = made
            self._size += len(schema)
        return made
