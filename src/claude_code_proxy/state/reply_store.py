"""The store of replies that their caller wanted kept: responses, and stored chat completions.

A reply is its owner's alone: every method is given the owner, and another owner's reply is as good as none. What is
kept may go when its time has come, or when there is too much of it, the oldest first.
"""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct


class StoreFailed(Exception):
    """The store cannot be used just now. The message says why, without values."""


class StoredReply(Struct, frozen=True):
    """A reply as it was sent, with what it answers.

    `owner` names the caller that may see it. `created` and `until` are in epoch seconds. `previous` is the id of the
    reply that it continues, or empty. The last four are JSON: labels of the caller's, the body of the reply, the input,
    and the turns of input and answer as Messages.
    """

    id: str
    kind: str
    owner: str
    created: float
    until: float
    previous: str
    metadata: bytes
    reply: bytes
    input: bytes
    turns: bytes

    @property
    def size(self) -> int:
        """The bytes of its content."""
        return len(self.metadata) + len(self.reply) + len(self.input) + len(self.turns)


class ReplyStore(Protocol):
    """Once `put` has returned, every process that shares the store finds the reply. All methods raise `StoreFailed`."""

    async def get(self, id: str, *, owner: str, now: float) -> StoredReply | None:
        """Return a reply that is kept at `now`."""

    async def chain(self, id: str, *, owner: str, now: float) -> Sequence[StoredReply]:
        """Return a reply and all that it continues, the first one first; nothing if one of them is missing."""

    async def put(self, reply: StoredReply) -> None:
        """Keep a reply, in place of an earlier one with its id and owner."""

    async def delete(self, id: str, *, owner: str) -> bool:
        """Forget a reply; return whether there was one."""
