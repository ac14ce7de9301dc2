"""Splits a conversation into history, prompt and tool results, and computes the digest that identifies it.

Pure. The digest covers the whole conversation, and does not depend on how a client sends it back: without thinking,
with other white space around texts, with the keys of a call's input in another order.
"""

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Any

import msgspec
from msgspec import Struct

from claude_code_proxy import messages

LARGEST_RESULT = 400_000  # characters; the runtime puts longer ones of a live call into a file
_canonical = msgspec.json.Encoder(order="sorted").encode


class SplitConversation(Struct, frozen=True):
    """A conversation in parts.

    `past` is the history that a new process gets, and `prompt` the new question; it is empty if the past ends in
    results. `head` is the conversation up to the last answer, and `results` are the tool results for its calls.
    """

    past: tuple[messages.InputMessage, ...]
    prompt: tuple[messages.Block, ...]
    head: tuple[messages.InputMessage, ...]
    results: tuple[messages.ToolResult, ...]

    def answers(self, calls: Iterable[str]) -> bool:
        """Return whether a process that waits for these calls can take the results unchanged."""
        plain = all(map(_is_plain, self.results))
        return plain and not self.prompt and {result.tool_use_id for result in self.results} == set(calls)


def split(conversation: Sequence[messages.InputMessage]) -> SplitConversation:
    """Split the conversation at its last message, which must be the user's."""
    *before, last = conversation
    results = tuple(block for block in last.content if isinstance(block, messages.ToolResult))
    prompt = tuple(block for block in last.content if not isinstance(block, messages.ToolResult))
    past = tuple(before)
    if results:
        past = (*before, messages.InputMessage("user", results))
    return SplitConversation(past=past, prompt=prompt, head=tuple(before), results=results)


def digest(launch: bytes, conversation: Iterable[messages.InputMessage]) -> bytes:
    """Return the digest of a conversation. `launch` is `Launch.key`: a process keeps what it was started with."""
    total = blake2b(launch, digest_size=16)
    for message in conversation:
        total.update(_canonical((message.role, _comparable(message))))
    return total.digest()


def blocks(content: Iterable[messages.Block]) -> list[dict[str, Any]]:
    """Return the blocks as JSON values, without cache breakpoints: the runtime sets its own."""
    return [_block(block) for block in content]


def _block(block: messages.Block) -> dict[str, Any]:
    value: dict[str, Any] = msgspec.json.decode(messages.encode_request(block))
    value.pop("cache_control", None)
    if isinstance(block, messages.ToolResult):
        value["content"] = blocks(block.content)
    return value


def _comparable(message: messages.InputMessage) -> list[Any]:
    """Return all text joined (clients split it differently), then the other blocks in order."""
    shown = [block for block in message.content if not isinstance(block, messages.AnyThinking)]
    text = "".join(block.text for block in shown if isinstance(block, messages.Text)).strip()
    return [text, *(_block(block) for block in shown if not isinstance(block, messages.Text))]


def _is_plain(result: messages.ToolResult) -> bool:
    """Return whether the result reaches the model unchanged through a live call."""
    texts = [block.text for block in result.content if isinstance(block, messages.Text)]
    images = [block for block in result.content if _is_inline_image(block)]
    if len(texts) + len(images) < len(result.content) or (images and result.is_error):
        return False
    return sum(map(len, texts)) <= LARGEST_RESULT


def _is_inline_image(block: messages.Block) -> bool:
    return isinstance(block, messages.Image) and isinstance(block.source, messages.Base64Source)
