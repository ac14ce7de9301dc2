"""Rough token counts: characters by the model's tokenizer generation, images by their size.

The estimate is stable and grows with the text; it is not the count of the real service.
"""

import base64
import json
import math
import re
from typing import Any

from claude_code_proxy.simulator import images
from claude_code_proxy.simulator.models import SimulatedModel
from claude_code_proxy.simulator.parsed_request import Block, ParsedRequest

_PIECE = re.compile(r"\s*\S{1,16}|\s+$")
_PER_MESSAGE = 4
_TOOL_PROMPT = 290
_PDF_PAGE = 1500
_HEAD = 64 * 1024  # how much of an image is read for its size


def pieces(text: str) -> list[str]:
    """Split a text as a stream sends it: word by word, each with the space before it. One piece is one output token."""
    return _PIECE.findall(text)


def count_text(text: str, model: SimulatedModel) -> int:
    return math.ceil(len(text) / model.chars_per_token)


def count_json(value: Any, model: SimulatedModel) -> int:
    return count_text(json.dumps(value, ensure_ascii=False), model)


def count_block(block: Block, model: SimulatedModel) -> int:
    match block["type"]:
        case "text":
            return count_text(block["text"], model)
        case "thinking":
            return count_text(block["thinking"], model)
        case "image":
            return _count_image(block["source"], model)
        case "document":
            return _count_document(block["source"], model)
        case "tool_result" if isinstance(block.get("content"), list):
            return _PER_MESSAGE + sum(count_block(inner, model) for inner in block["content"])
        case _:
            plain = {name: value for name, value in block.items() if name not in {"cache_control", "encrypted_content"}}
            return count_json(plain, model)


def _count_image(source: Block, model: SimulatedModel) -> int:
    most = 4784 if model.generation >= 4.7 else 1568
    if source["type"] != "base64":
        return most
    data = base64.b64decode(source["data"][:_HEAD] + "=" * (-len(source["data"][:_HEAD]) % 4))
    width, height = images.size(data) or (1000, 1000)
    return min(most, math.ceil(width / 28) * math.ceil(height / 28))


def _count_document(source: Block, model: SimulatedModel) -> int:
    match source["type"]:
        case "text":
            return count_text(source["data"], model)
        case "content":
            return count_json(source["content"], model)
        case _:
            return _PDF_PAGE


def count_tools(request: ParsedRequest) -> int:
    if not request.tools:
        return 0
    return _TOOL_PROMPT + sum(
        count_json(tool, request.model) for tool in request.tools if not tool.get("defer_loading")
    )


def count_prompt(request: ParsedRequest) -> int:
    """Count the whole request, without thinking that was dropped."""
    model = request.model
    total = count_tools(request) + sum(count_block(block, model) for block in request.system)
    for turn in request.turns:
        total += _PER_MESSAGE
        for at, block in enumerate(turn.blocks):
            if (turn.index, at) not in request.dropped:
                total += count_block(block, model)
    return total
