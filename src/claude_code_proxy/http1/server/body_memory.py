"""The memory of all request bodies of a server: reserved before it is used, and waited for where there is none left.

A body takes twice its size: once as it arrives, and once for what the handler makes of it. One that fits at no time
takes all there is, so that it is served alone. Small bodies do not wait behind large ones.
"""

from collections.abc import Callable
from sys import maxsize

from claude_code_proxy.http1.server.request import RejectedRequest, Request

_COPIES = 2
_SMALL = 1024 * 1024  # bytes reserved
_FULL = "This server has no memory left for another request body. Try again shortly."


class BodyMemory:
    """Requests that have memory reserved, up to `capacity` bytes, and those that wait for it in their order."""

    __slots__ = ("_waiting", "capacity", "free")

    def __init__(self, capacity: int = maxsize) -> None:
        self.capacity = self.free = capacity
        self._waiting: dict[Request, Callable[[], None]] = {}

    @property
    def used(self) -> int:
        return self.capacity - self.free

    @property
    def waiting(self) -> int:
        """The number of requests that wait."""
        return len(self._waiting)

    def take(self, request: Request, length: int) -> bool:
        """Reserve memory for a body of that length, if there is some."""
        size = length * _COPIES
        if size > self.free or (self._waiting and size > _SMALL):
            size = min(size, self.capacity)
            if size > self.free or self._waiting:
                return False
        self.free -= size
        request.reserved = size
        return True

    def wait(self, request: Request, admitted: Callable[[], None]) -> None:
        """Call `admitted` when the body that was announced has its memory, unless the request is released before."""
        self._waiting[request] = admitted

    def grow(self, request: Request, size: int) -> None:
        """Raise a reservation to `size` bytes. Raise `RejectedRequest` where they are not free."""
        more = min(size, self.capacity) - request.reserved
        if more > self.free:
            raise out_of_memory()
        if more > 0:
            self.free -= more
            request.reserved += more

    def grow_with_body(self, request: Request, length: int) -> None:
        """Raise a reservation to that of a body of which `length` bytes have arrived."""
        self.grow(request, length * _COPIES)

    def release(self, request: Request) -> None:
        """Let go what a request has reserved, or its place among those that wait."""
        self._waiting.pop(request, None)
        self.free += request.reserved
        request.reserved = 0
        while self._waiting:
            first, admitted = next(iter(self._waiting.items()))
            size = min((first.length or 0) * _COPIES, self.capacity)
            if size > self.free:
                return
            del self._waiting[first]
            self.free -= size
            first.reserved = size
            admitted()


def out_of_memory() -> RejectedRequest:
    """Return the refusal of a body that there is no memory for."""
    return RejectedRequest(503, _FULL)
