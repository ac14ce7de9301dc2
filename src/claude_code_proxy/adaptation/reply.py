"""The way back: what adaptation changed in a request is undone in its reply.

A `ReplyFilter` is Messages in, Messages out, like adaptation itself; one instance per reply. Most requests need none.
"""

from collections.abc import Sequence
from typing import Protocol

from claude_code_proxy import messages


class ReplyFilter(Protocol):
    """Either `message` is called once, or `feed` for every event and then `close`."""

    def message(self, message: messages.Message) -> messages.Message: ...

    def feed(self, event: messages.Event) -> Sequence[messages.Event]:
        """The events that stand for `event`: itself, others, or none yet."""

    def close(self) -> Sequence[messages.Event]:
        """What was still held back. Called after `message_stop`."""
