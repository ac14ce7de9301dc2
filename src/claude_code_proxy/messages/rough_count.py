"""How many tokens a request has, roughly: from its bytes, where the service did not say."""

from collections.abc import Iterator
from typing import Any

from claude_code_proxy import messages

_BYTES_PER_TOKEN = 3.5  # of JSON; Claude's tokenizers differ
_MEDIUM_TOKENS = 1600  # of an image or a page


def blocks_of(request: messages.MessagesRequest) -> Iterator[tuple[str, Any]]:
    """Every block with its path, in the order in which the service reads, and caches, them."""
    yield from ((f"tools[{index}]", tool) for index, tool in enumerate(request.tools))
    yield from ((f"system[{index}]", block) for index, block in enumerate(request.system))
    for number, message in enumerate(request.messages):
        yield from ((f"messages[{number}].content[{index}]", block) for index, block in enumerate(message.content))


def tokens_of(block: Any) -> int:
    if isinstance(block, messages.Image | messages.Document):
        return _MEDIUM_TOKENS
    return round(len(messages.encode_request(block)) / _BYTES_PER_TOKEN)


def input_tokens(request: messages.MessagesRequest) -> int:
    return sum(tokens_of(block) for _, block in blocks_of(request))
