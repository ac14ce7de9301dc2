"""Hosted search results that come back: their encrypted parts must be those that were given out."""

from collections.abc import Iterator

from claude_code_proxy.simulator import signature
from claude_code_proxy.simulator.parsed_request import Block, ParsedRequest
from claude_code_proxy.simulator.rules.shape import fail


def check(asked: ParsedRequest) -> None:
    for turn in asked.turns:
        for at, block in enumerate(turn.blocks):
            _check_block(block, turn.path(at), secret=asked.caller.secret)


def _check_block(block: Block, path: str, *, secret: bytes) -> None:
    for name, where, sealed in _sealed(block):
        if not signature.is_sealed_text(sealed, secret):
            raise fail(path, f"Invalid `{name}` in `{where}` block")


def _sealed(block: Block) -> Iterator[tuple[str, str, str]]:
    """The name, the place and the value of every encrypted part."""
    if block["type"] == "web_search_tool_result" and isinstance(block["content"], list):
        yield from (("encrypted_content", "web_search_result", one["encrypted_content"]) for one in block["content"])
    for citation in block.get("citations") or () if block["type"] == "text" else ():
        if citation["type"] == "web_search_result_location":
            yield "encrypted_index", "web_search_result_location", citation["encrypted_index"]
