"""Which field of a Responses request a place in its Messages request was made from."""

import re
from collections.abc import Sequence

_NAMES = {
    "max_tokens": "max_output_tokens",
    "system": "instructions",
    "output_config.format": "text.format",
    "output_config.effort": "reasoning.effort",
    "thinking": "reasoning",
    "metadata": "user",
    "messages": "input",
}
_SCHEMA = ("output_config.format.schema", "text.format.schema")
_FUNCTION_FIELDS = {"input_schema": "parameters"}
_TOOL = re.compile(r"tools\[(\d+)\](?:\.(\w+)(.*))?", re.DOTALL)
_BLOCK = re.compile(r"messages\[(\d+)\](?:\.content\[(\d+)\])?.*", re.DOTALL)


def field_name(path: str, *, tools: Sequence[str], blocks: Sequence[Sequence[str]]) -> str:
    """Return the client's name of `path`; `path` itself if both APIs have the field.

    `tools` has the client's path of each tool, `blocks` that of each block of each message.
    """
    if found := _TOOL.fullmatch(path):
        index, field, rest = int(found[1]), found[2], found[3] or ""
        tool = tools[index] if index < len(tools) else path.partition(".")[0]
        return f"{tool}.{_FUNCTION_FIELDS.get(field, field)}{rest}" if field else tool
    if found := _BLOCK.fullmatch(path):
        return _block_field(int(found[1]), int(found[2] or 0), blocks=blocks)
    start, name = _SCHEMA
    return name + path[len(start) :] if path.startswith(start) else _NAMES.get(path, path)


def _block_field(message: int, block: int, *, blocks: Sequence[Sequence[str]]) -> str:
    """Return the item from which a block was made; `input` where adaptation has made the block."""
    if message >= len(blocks) or not blocks[message]:
        return "input"
    return blocks[message][min(block, len(blocks[message]) - 1)]
