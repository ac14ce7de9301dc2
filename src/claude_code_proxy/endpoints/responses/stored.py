"""What is kept of a response, and how a later request and the pages about it read that again.

Kept are the response as it was sent, the items of its input, each with an id, and the turns of both for Claude: those
have the signed thinking and the results of hosted tools, which items do not tell.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
from msgspec import Raw, Struct

from claude_code_proxy import messages
from claude_code_proxy.endpoints.endpoint import KeptReply
from claude_code_proxy.errors import InvalidRequest

_INDEX_DIGITS = 3
_MOST_ITEMS = 100


class KeptInput(Struct, frozen=True):
    """What of a request is kept with its response."""

    previous: str
    metadata: dict[str, str]
    items: str | list[Raw]
    turns: tuple[messages.InputMessage, ...]
    stored: bool = True


class _StoredTurn(Struct, frozen=True):
    role: messages.Role
    content: list[Raw]


class _Output(Struct, frozen=True):
    output: list[Raw] = []


class _PeekedId(Struct, frozen=True):
    id: str | None = None
    type: str | None = None
    role: str | None = None


_decode_turns = msgspec.json.Decoder(list[_StoredTurn]).decode
_decode_output = msgspec.json.Decoder(_Output).decode
_decode_items: Callable[[bytes], list[Raw]] = msgspec.json.Decoder(list[Raw]).decode
_decode_item: Callable[[Raw], dict[str, Any]] = msgspec.json.Decoder(dict[str, Any]).decode
_peek = msgspec.json.Decoder(_PeekedId).decode


def to_kept_reply(response_id: str, reply: bytes, *, given: KeptInput, answer: messages.Message) -> KeptReply:
    turns = (*given.turns, messages.InputMessage("assistant", answer.content))
    return KeptReply(
        id=response_id,
        previous=given.previous,
        metadata=msgspec.json.encode(given.metadata),
        reply=reply,
        input=msgspec.json.encode(_with_ids(given.items, response_id)),
        turns=messages.encode_request([turn for turn in turns if turn.content]),
        stored=given.stored,
    )


def decode_turns(turns: bytes) -> tuple[messages.InputMessage, ...]:
    """Return the turns that were kept. Raise `msgspec.DecodeError` for anything else."""
    return tuple(
        messages.InputMessage(turn.role, tuple(map(messages.decode_block, turn.content)))
        for turn in _decode_turns(turns)
    )


def join_turns(turns: Iterable[bytes]) -> bytes:
    """Return the turns of several responses as one list."""
    inner = (one.strip()[1:-1] for one in turns)
    return b"[" + b",".join(one for one in inner if one) + b"]"


def response_id_of(item_id: str) -> str:
    """Return the id of the response that an item is part of, by how ids are made here."""
    _, _, number = item_id.partition("_")
    return f"resp_{number[:-_INDEX_DIGITS].removesuffix('i')}"


def find_item(item_id: str, *, reply: bytes, given: bytes) -> bytes | None:
    """Return an item of the output or input of a response that is kept."""
    for raw in (*_decode_output(reply).output, *_decode_items(given)):
        if _peek(raw).id == item_id:
            return bytes(raw)
    return None


def references(items: str | Sequence[Raw] | None) -> list[str]:
    """Return the ids of the items that are only named in an input."""
    found = []
    for raw in items if not isinstance(items, str) and items else ():
        if len(memoryview(raw)) > 300:  # a reference is an id and a type
            continue
        try:
            peeked = _peek(raw)
        except msgspec.DecodeError:
            continue
        if peeked.id and (peeked.type == "item_reference" or not (peeked.type or peeked.role)):
            found.append(peeked.id)
    return found


def render_page(items: Sequence[Raw], *, limit: int, after: str, ascending: bool) -> bytes:
    """Return a page of items as a list, by default the newest first. Raise `InvalidRequest` for an unknown `after`."""
    ordered = list(items) if ascending else list(items)[::-1]
    ids = [_peek(raw).id or "" for raw in ordered]
    if after and after not in ids:
        raise InvalidRequest(f"Item with id '{after}' not found.", param="after", code="invalid_value")
    start = ids.index(after) + 1 if after else 0
    page, names = ordered[start : start + limit], ids[start : start + limit]
    return msgspec.json.encode({
        "object": "list",
        "data": page,
        "first_id": names[0] if names else None,
        "last_id": names[-1] if names else None,
        "has_more": start + limit < len(ordered),
    })


def decode_kept_items(given: bytes) -> list[Raw]:
    return _decode_items(given)


def check_limit(text: str | None) -> int:
    """Return the number of items of a page. Raise `InvalidRequest`."""
    if text is None:
        return 20
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= _MOST_ITEMS:
        raise InvalidRequest(f"'limit' must be 1 to {_MOST_ITEMS}.", param="limit", code="invalid_value")
    return int(text)


def _with_ids(items: str | list[Raw], response_id: str) -> list[Raw | dict[str, Any]]:
    """Return items as the service lists them: with an id, and content as parts."""
    number = response_id.partition("_")[2]
    if isinstance(items, str):
        return [_as_listed({"role": "user", "content": items}, f"{number}i000")]
    return [_as_listed(_decode_item(raw), f"{number}i{index:03x}") for index, raw in enumerate(items)]


def _as_listed(item: dict[str, Any], suffix: str) -> dict[str, Any]:
    kind = item.get("type") or ("message" if item.get("role") else "item_reference")
    listed = {"id": f"{_prefix(kind)}_{suffix}", **{name: value for name, value in item.items() if value is not None}}
    listed["type"] = kind
    content = item.get("content")
    if kind == "message" and isinstance(content, str):
        part = "output_text" if item.get("role") == "assistant" else "input_text"
        listed["content"] = [{"type": part, "text": content} | ({"annotations": []} if part == "output_text" else {})]
    if kind == "message":
        listed.setdefault("status", "completed")
    return listed


def _prefix(kind: str) -> str:
    return {"message": "msg", "reasoning": "rs", "function_call": "fc", "function_call_output": "fco"}.get(kind, "item")
