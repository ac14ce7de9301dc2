"""How many tokens something is, roughly: characters by the model's tokenizer generation, images by their size.

An estimate that is stable and grows with the text is all that the simulation promises; it is not the service's count.
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
_HEAD = 64 * 1024  # as much of an image as is looked at


def pieces(text: str) -> list[str]:
    """The text as a stream brings it: word by word, each with the space before it. One piece is one output token."""
    return _PIECE.findall(text)


def of_text(text: str, model: SimulatedModel) -> int:
    return math.ceil(len(text) / model.chars_per_token)


def of_json(value: Any, model: SimulatedModel) -> int:
    return of_text(json.dumps(value, ensure_ascii=False), model)


def of_block(block: Block, model: SimulatedModel) -> int:
    match block["type"]:
        case "text":
            return of_text(block["text"], model)
        case "thinking":
            return of_text(block["thinking"], model)
        case "image":
            return _of_image(block["source"], model)
        case "document":
            return _of_document(block["source"], model)
        case "tool_result" if isinstance(block.get("content"), list):
            return _PER_MESSAGE + sum(of_block(inner, model) for inner in block["content"])
        case _:
            plain = {name: value for name, value in block.items() if name not in {"cache_control", "encrypted_content"}}
            return of_json(plain, model)


def _of_image(source: Block, model: SimulatedModel) -> int:
    most = 4784 if model.generation >= 4.7 else 1568
    if source["type"] != "base64":
        return most
    data = base64.b64decode(source["data"][:_HEAD] + "=" * (-len(source["data"][:_HEAD]) % 4))
    width, height = images.size(data) or (1000, 1000)
    return min(most, math.ceil(width / 28) * math.ceil(height / 28))


def _of_document(source: Block, model: SimulatedModel) -> int:
    match source["type"]:
        case "text":
            return of_text(source["data"], model)
        case "content":
            return of_json(source["content"], model)
        case _:
            return _PDF_PAGE


def of_tools(asked: ParsedRequest) -> int:
    if not asked.tools:
        return 0
    return _TOOL_PROMPT + sum(of_json(tool, asked.model) for tool in asked.tools if not tool.get("defer_loading"))


def of_prompt(asked: ParsedRequest) -> int:
    """Everything that is sent, but for the thinking that was dropped."""
    model = asked.model
    total = of_tools(asked) + sum(of_block(block, model) for block in asked.system)
    for turn in asked.turns:
        total += _PER_MESSAGE
        for at, block in enumerate(turn.blocks):
            if (turn.index, at) not in asked.dropped:
                total += of_block(block, model)
    return total
