"""What stands before a turn -> a short digest, by which a changed conversation is told from the same one.

Models that bind thinking to its prefix sign the system prompt, the tools and every block before it but other thinking;
of that, they want an unbroken run, which may have lost its beginning.
"""

import hashlib
from collections.abc import Sequence

from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.state.turn import mark_of

_NONE_YET = b""


class Prefix:
    """Cache breakpoints do not count. A format does, because it may be asked for in the system prompt."""

    def __init__(self, request: messages.MessagesRequest) -> None:
        self._at = 0
        self.previous = _NONE_YET  # stands for the last thinking in it
        self._hash = hashlib.blake2b(digest_size=16)
        for block in request.system:
            self._hash.update(_bare(block))
        for tool in request.tools:
            self._hash.update(messages.encode_request(messages.with_cache_control(tool, None)))
        if request.output_config is not None and request.output_config.format is not None:
            self._hash.update(messages.encode_request(request.output_config.format))

    def of(self, conversation: Sequence[messages.InputMessage]) -> bytes:
        """Each time of more of the same conversation: what has been looked at is not looked at again."""
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
        """Whether thinking that came after `previous` would follow it still, or be the first."""
        return self.previous in {_NONE_YET, previous}


def _bare(block: messages.Block) -> bytes:
    if block.cache_control is not None:
        block = replace(block, cache_control=None)
    return messages.encode_request(block)
