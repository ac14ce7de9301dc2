"""Which field of a chat completion request a place in its Messages request was made from.

The other way round of `request`, `tools` and `conversation`. It is needed only when something is to be said of a field.
"""

import re
from collections.abc import Callable, Sequence
from itertools import takewhile

from claude_code_proxy.endpoints.chat_completions import schema as chat

_NAMES = {
    "stop_sequences": "stop",
    "system": "messages",
    "output_config.format": "response_format",
    "output_config.effort": "reasoning_effort",
    "metadata": "user",
}
_SCHEMA = ("output_config.format.schema", "response_format.json_schema.schema")
_FUNCTION_FIELDS = {"input_schema": "parameters"}
_PARTS = {chat.ImagePart: "image_url", chat.FilePart: "file", chat.AudioPart: "input_audio"}
_TOOL = re.compile(r"tools\[(\d+)\](?:\.(\w+)(.*))?", re.DOTALL)
_BLOCK = re.compile(r"messages\[(\d+)\]\.content\[(\d+)\](?:\.content\[(\d+)\])?.*", re.DOTALL)


def field_name(path: str, *, tools: Sequence[str], chat_messages: Callable[[], Sequence[chat.ChatMessage]]) -> str:
    """Return the client's name of `path`; `path` itself if both APIs have the field.

    `tools` has the client's path of each tool. `chat_messages` is called only for the path of a block.
    """
    if found := _TOOL.fullmatch(path):
        return _tool_field(int(found[1]), found[2] or "", rest=found[3] or "", tools=tools)
    if found := _BLOCK.fullmatch(path):
        place = tuple(int(index) for index in found.groups() if index is not None)
        return path_in(chat_messages(), place) or "messages"
    start, name = _SCHEMA
    return name + path[len(start) :] if path.startswith(start) else _NAMES.get(path, path)


def path_in(chat_messages: Sequence[chat.ChatMessage], block: tuple[int, ...]) -> str | None:
    """Return the path of the field from which a block was made; None if there is no such place.

    `block` is the index of a message in the Messages request, which lacks the leading system messages, then the index
    in its content, and then the index in the content of a tool result.
    """
    at = block[0] + sum(1 for _ in takewhile(_is_system, chat_messages))
    if at >= len(chat_messages):
        return None
    sent = chat_messages[at]
    if isinstance(sent, chat.AssistantMessage):
        return f"messages[{at}]"
    inner = block[2:] if isinstance(sent, chat.ToolMessage | chat.FunctionMessage) else block[1:]
    return f"messages[{at}].{_path_in(sent.content, inner)}"


def _tool_field(index: int, field: str, *, rest: str, tools: Sequence[str]) -> str:
    tool = tools[index] if index < len(tools) else f"tools[{index}]"
    return f"{tool}.{_FUNCTION_FIELDS.get(field, field)}{rest}" if field else tool.removesuffix(".function")


def _is_system(message: chat.ChatMessage) -> bool:
    return isinstance(message, chat.SystemMessage | chat.DeveloperMessage)


def _path_in(content: chat.Content, blocks: tuple[int, ...]) -> str:
    if not blocks or not isinstance(content, list) or blocks[0] >= len(content):
        return "content"
    name = _PARTS.get(type(content[blocks[0]]))
    return f"content[{blocks[0]}]" + (f".{name}" if name else "")
