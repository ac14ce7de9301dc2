"""A Message -> the frames of its stream: word by word, with the pings, padding and cumulative usage of the real one."""

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from claude_code_proxy.simulator import tokens
from claude_code_proxy.simulator.parsed_request import Block

PING = b'event: ping\ndata: {"type": "ping"}\n\n'
_MOST_PADDING = 16


@dataclass(frozen=True)
class Frame:
    """One event as it goes out; `spoken` where it is a piece of the answer, which is what the pace counts."""

    data: bytes
    spoken: bool = False


def encode(event: dict[str, Any]) -> bytes:
    """The service pads events with spaces before the last brace; so does this, by a checksum of the event."""
    text = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
    padding = " " * (zlib.crc32(text.encode(errors="replace")) % _MOST_PADDING)
    return f"event: {event['type']}\ndata: {text[:-1]}{padding}}}\n\n".encode()


def frames(message: dict[str, Any], *, cut_json: str | None = None, unknown: bool = False) -> list[Frame]:
    """`cut_json` is the part that came of the last block, a tool call; such a block is never stopped."""
    made = [Frame(encode({"type": "message_start", "message": _started(message)}))]
    blocks = message["content"]
    for index, block in enumerate(blocks):
        cut = cut_json if index == len(blocks) - 1 else None
        for event in _block_events(index, block, cut_json=cut):
            made.append(Frame(encode(event), spoken=event["type"] == "content_block_delta"))
            if len(made) == 2:
                made.append(Frame(PING))
    if unknown:
        made.append(Frame(encode({"type": "simulated_event", "novelty": "an event that no client knows yet"})))
    made.append(Frame(encode(_ended(message))))
    made.append(Frame(encode({"type": "message_stop"})))
    return made


def error(kind: str, message: str, *, request_id: str) -> Frame:
    details = {"details": None, "type": kind, "message": message}
    return Frame(encode({"type": "error", "error": details, "request_id": request_id}))


def _started(message: dict[str, Any]) -> dict[str, Any]:
    usage = {
        name: value
        for name, value in message["usage"].items()
        if name not in {"output_tokens_details", "server_tool_use"}
    }
    return {
        **message,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "stop_details": None,
        "usage": {**usage, "output_tokens": min(1, usage["output_tokens"])},
    }


def _ended(message: dict[str, Any]) -> dict[str, Any]:
    counted = (
        "input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens",
        "output_tokens_details", "server_tool_use",
    )  # fmt: skip
    usage = message["usage"]
    delta = {name: message[name] for name in ("stop_reason", "stop_sequence", "stop_details")}
    return {"type": "message_delta", "delta": delta, "usage": {name: usage[name] for name in counted if name in usage}}


def _block_events(index: int, block: Block, *, cut_json: str | None) -> Iterator[dict[str, Any]]:
    start, deltas = _opened(block, cut_json)
    yield {"type": "content_block_start", "index": index, "content_block": start}
    for delta in deltas:
        yield {"type": "content_block_delta", "index": index, "delta": delta}
    if cut_json is None:
        yield {"type": "content_block_stop", "index": index}


def _opened(block: Block, cut_json: str | None) -> tuple[Block, list[dict[str, Any]]]:
    """The block as it starts, and what is then added to it."""
    match block["type"]:
        case "text":
            citations = block.get("citations")
            start = {**({"citations": []} if citations else {}), "type": "text", "text": ""}
            cited = [{"type": "citations_delta", "citation": citation} for citation in citations or ()]
            return start, [*cited, *({"type": "text_delta", "text": piece} for piece in tokens.pieces(block["text"]))]
        case "thinking":
            thought = [{"type": "thinking_delta", "thinking": piece} for piece in tokens.pieces(block["thinking"])]
            signed = {"type": "signature_delta", "signature": block["signature"]}
            return {"type": "thinking", "thinking": "", "signature": ""}, [*thought, signed]
        case "tool_use" | "server_tool_use":
            return {**block, "input": {}}, list(_json_deltas(block["input"], cut_json))
        case _:
            return block, []


def _json_deltas(value: dict[str, Any], cut_json: str | None) -> Iterator[dict[str, Any]]:
    """First an empty piece, as the real one does; a call without arguments has nothing more."""
    yield {"type": "input_json_delta", "partial_json": ""}
    text = json.dumps(value, ensure_ascii=False) if cut_json is None else cut_json
    for at in range(0, len(text) if value or cut_json else 0, 9):
        yield {"type": "input_json_delta", "partial_json": text[at : at + 9]}
