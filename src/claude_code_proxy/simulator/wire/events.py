"""A Message to the frames of its stream: word by word, with the pings, padding and cumulative usage of the service."""

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from claude_code_proxy.simulator import tokens
from claude_code_proxy.simulator.parsed_request import Block

PING = b'event: ping\ndata: {"type": "ping"}\n\n'
_MAX_PADDING = 16


@dataclass(frozen=True)
class Frame:
    """One event as bytes; `is_content` marks a piece of the answer, which the pace counts."""

    data: bytes
    is_content: bool = False


def encode(event: dict[str, Any]) -> bytes:
    """Encode an event, padded with spaces before the last brace as the service does, by a checksum of the event."""
    text = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
    padding = " " * (zlib.crc32(text.encode(errors="replace")) % _MAX_PADDING)
    return f"event: {event['type']}\ndata: {text[:-1]}{padding}}}\n\n".encode()


def frames(message: dict[str, Any], *, cut_json: str | None = None, unknown: bool = False) -> list[Frame]:
    """Return the frames of a Message; `cut_json` is the sent part of a truncated call, whose block never stops."""
    result = [Frame(encode({"type": "message_start", "message": _started(message)}))]
    blocks = message["content"]
    for index, block in enumerate(blocks):
        cut = cut_json if index == len(blocks) - 1 else None
        for event in _block_events(index, block, cut_json=cut):
            result.append(Frame(encode(event), is_content=event["type"] == "content_block_delta"))
            if len(result) == 2:
                result.append(Frame(PING))
    if unknown:
        result.append(Frame(encode({"type": "simulated_event", "novelty": "an event that no client knows yet"})))
    result.append(Frame(encode(_ended(message))))
    result.append(Frame(encode({"type": "message_stop"})))
    return result


def error(kind: str, message: str, *, request_id: str) -> Frame:
    details = {"details": None, "type": kind, "message": message}
    return Frame(encode({"type": "error", "error": details, "request_id": request_id}))


def _started(message: dict[str, Any]) -> dict[str, Any]:
    usage = {
        name: value
        for name, value in message["usage"].items()
        if name not in {"output_tokens_details", "server_tool_use", "iterations"}
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
        "output_tokens_details", "server_tool_use", "iterations",
    )  # fmt: skip
    usage = message["usage"]
    delta = {name: message[name] for name in ("stop_reason", "stop_sequence", "stop_details")}
    return {"type": "message_delta", "delta": delta, "usage": {name: usage[name] for name in counted if name in usage}}


def _block_events(index: int, block: Block, *, cut_json: str | None) -> Iterator[dict[str, Any]]:
    start, deltas = _start_and_deltas(block, cut_json)
    yield {"type": "content_block_start", "index": index, "content_block": start}
    for delta in deltas:
        yield {"type": "content_block_delta", "index": index, "delta": delta}
    if cut_json is None:
        yield {"type": "content_block_stop", "index": index}


def _start_and_deltas(block: Block, cut_json: str | None) -> tuple[Block, list[dict[str, Any]]]:
    """Return the block as it starts, and the deltas that follow."""
    match block["type"]:
        case "text":
            citations = block.get("citations")
            start = {**({"citations": []} if citations else {}), "type": "text", "text": ""}
            cited = [{"type": "citations_delta", "citation": citation} for citation in citations or ()]
            return start, [*cited, *({"type": "text_delta", "text": piece} for piece in tokens.pieces(block["text"]))]
        case "thinking":
            thinking_deltas = [
                {"type": "thinking_delta", "thinking": piece} for piece in tokens.pieces(block["thinking"])
            ]
            signed = {"type": "signature_delta", "signature": block["signature"]}
            return {"type": "thinking", "thinking": "", "signature": ""}, [*thinking_deltas, signed]
        case "tool_use" | "server_tool_use":
            return {**block, "input": {}}, list(_json_deltas(block["input"], cut_json))
        case "compaction":
            whole = {name: block[name] for name in ("content", "encrypted_content")}
            return {**block, **dict.fromkeys(whole)}, [{"type": "compaction_delta", **whole}]
        case _:
            return block, []


def _json_deltas(value: dict[str, Any], cut_json: str | None) -> Iterator[dict[str, Any]]:
    """Yield the arguments in pieces after an empty one, as the service does; empty arguments have only that."""
    yield {"type": "input_json_delta", "partial_json": ""}
    text = json.dumps(value, ensure_ascii=False) if cut_json is None else cut_json
    for at in range(0, len(text) if value or cut_json else 0, 9):
        yield {"type": "input_json_delta", "partial_json": text[at : at + 9]}
