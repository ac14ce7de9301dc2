"""Where a block of the Messages request stood in the chat messages that it was made from.

The other way round of `conversation`, needed only when something is wrong with that block.
"""

from collections.abc import Sequence
from itertools import takewhile

from claude_code_proxy.endpoints.chat_completions import schema as chat

_NAMES = {chat.ImagePart: "image_url", chat.FilePart: "file", chat.AudioPart: "input_audio"}


def path_in(chat_messages: Sequence[chat.ChatMessage], block: tuple[int, ...]) -> str | None:
    """`block` is the index of a message in the Messages request, which lacks the leading system messages, then the
    index in its content, and then the index in the content of a tool result. None if there is no such place."""
    at = block[0] + sum(1 for _ in takewhile(_is_system, chat_messages))
    if at >= len(chat_messages):
        return None
    sent = chat_messages[at]
    if isinstance(sent, chat.AssistantMessage):
        return f"messages[{at}]"
    inner = block[2:] if isinstance(sent, chat.ToolMessage | chat.FunctionMessage) else block[1:]
    return f"messages[{at}].{_path_in(sent.content, inner)}"


def _is_system(message: chat.ChatMessage) -> bool:
    return isinstance(message, chat.SystemMessage | chat.DeveloperMessage)


def _path_in(content: chat.Content, blocks: tuple[int, ...]) -> str:
    if not blocks or not isinstance(content, list) or blocks[0] >= len(content):
        return "content"
    name = _NAMES.get(type(content[blocks[0]]))
    return f"content[{blocks[0]}]" + (f".{name}" if name else "")
