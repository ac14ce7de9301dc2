"""How many tokens a request has, roughly: from its characters, where the service did not say."""

from collections.abc import Iterator
from typing import TypeAlias

from claude_code_proxy.messages import content as blocks
from claude_code_proxy.messages.request import AnyTool, MessagesRequest, Tool, encode_request

_CHARACTERS_PER_TOKEN = 3.5  # Claude's tokenizers differ
_MEDIUM_TOKENS = 1600  # of an image or a page
_MEDIUM = round(_MEDIUM_TOKENS * _CHARACTERS_PER_TOKEN)
_Part: TypeAlias = blocks.Block | AnyTool


def parts_of(request: MessagesRequest) -> Iterator[tuple[str, _Part]]:
    """Return every tool and block with its path, in the order in which the service reads, and caches, them."""
    yield from ((f"tools[{index}]", tool) for index, tool in enumerate(request.tools))
    yield from ((f"system[{index}]", block) for index, block in enumerate(request.system))
    for number, message in enumerate(request.messages):
        yield from ((f"messages[{number}].content[{index}]", block) for index, block in enumerate(message.content))


def size_of(part: _Part) -> int:
    """Return the size of a tool or block in characters, as far as the service counts them as tokens."""
    match part:
        case blocks.Text():
            return len(part.text)
        case blocks.ToolUse():
            return len(memoryview(part.input)) + len(part.name)
        case blocks.ToolResult():
            return sum(map(size_of, part.content))
        case blocks.Document(source=blocks.TextSource(data=text)):
            return len(text)
        case blocks.Image() | blocks.Document():
            return _MEDIUM
        case blocks.Thinking():
            return len(part.thinking)
        case Tool():
            return len(memoryview(part.input_schema)) + len(part.name) + len(part.description or "")
        case _:
            return len(encode_request(part))


def tokens_of(part: _Part) -> int:
    return round(size_of(part) / _CHARACTERS_PER_TOKEN)


def input_tokens(request: MessagesRequest) -> int:
    return sum(tokens_of(part) for _, part in parts_of(request))
