"""Everything before a turn -> a short digest, which shows whether the conversation has changed.

Models that bind thinking to its prefix sign the system prompt, the tools and every earlier block except thinking.
Thinking itself must be an unbroken run, whose beginning may be missing.
"""

import hashlib
from collections.abc import Sequence

from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.state.turn import mark_of

_NONE_YET = b""


class Prefix:
    """The digest of one conversation: without cache breakpoints, but with the format, which the prompt may hold."""

    def __init__(self, request: messages.MessagesRequest) -> None:
        self._at = 0
        self.previous = _NONE_YET  # the mark of the last thinking block so far
        self._hash = hashlib.blake2b(digest_size=16)
        for block in request.system:
            self._hash.update(_bare(block))
        for tool in request.tools:
            self._hash.update(messages.encode_request(messages.with_cache_control(tool, None)))
        if request.output_config is not None and request.output_config.format is not None:
            self._hash.update(messages.encode_request(request.output_config.format))

    def of(self, conversation: Sequence[messages.InputMessage]) -> bytes:
        """Return the digest of `conversation`. Call this with a growing list; only new messages are hashed."""
        for message in conversation[self._at :]:
            self._hash.update(message.role.encode())
            for block in message.content:
                if isinstance(block, messages.AnyThinking):
                    self.previous = mark_of(block)
                else:
                    self._hash.update(_bare(block))
        self._at = len(conversation)
        return self._hash.digest()

    def continues(self, previous: bytes) -> bool:
        """Return whether thinking that came after `previous` still follows it, or is the first so far."""
        return self.previous in {_NONE_YET, previous}


def _bare(block: messages.Block) -> bytes:
    if block.cache_control is not None:
        block = replace(block, cache_control=None)
    return messages.encode_request(block)
