"""What is kept of a response, and how a later request and the pages about it read that again.

Kept are the response as it was sent, the items of its input, each with an id, and the turns of both for Claude: those
have the signed thinking and the results of hosted tools, which items do not tell.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Raw, Struct

from claude_code_proxy import messages
from claude_code_proxy.endpoints.endpoint import KeptReply
from claude_code_proxy.errors import InvalidRequest

_INDEX_DIGITS = 3
_MOST_ITEMS = 100
_UNFINISHED = frozenset({"queued", "in_progress", "cancelled", "failed"})
_LONGEST_REFERENCE = 300  # bytes: it is an id and a type


class KeptInput(Struct, frozen=True):
    """What of a request is kept with its response."""

    previous: str
    metadata: dict[str, str]
    items: str | list[Raw]
    turns: tuple[messages.InputMessage, ...]
    stored: bool = True
    conversation: str = ""


class _StoredTurn(Struct, frozen=True):
    role: messages.Role
    content: list[Raw]


class _Named(Struct, frozen=True):
    id: str = ""


class _StoredOutput(Struct, frozen=True):
    output: list[Raw] = []
    conversation: _Named | None = None
    status: str = ""


class _PeekedId(Struct, frozen=True):
    id: str | None = None
    type: str | None = None
    role: str | None = None


_decode_turns = msgspec.json.Decoder(list[_StoredTurn]).decode
_decode_output = msgspec.json.Decoder(_StoredOutput).decode
_decode_items: Callable[[bytes], list[Raw]] = msgspec.json.Decoder(list[Raw]).decode
_decode_item: Callable[[Raw], dict[str, Any]] = msgspec.json.Decoder(dict[str, Any]).decode
_peek = msgspec.json.Decoder(_PeekedId).decode


def to_kept_reply(
    response_id: str, reply: bytes, *, given: KeptInput, answer: messages.Message, whole: Callable[[], bytes]
) -> KeptReply:
    """Return what is kept of a response. `whole` makes it with the sealed thinking, as a conversation needs it.

    The turns of a response in a conversation are not kept: the conversation itself tells what came before.
    """
    items = with_ids(given.items, response_id)
    turns = () if given.conversation else (*given.turns, messages.InputMessage("assistant", answer.content))
    added = [*items, *_decode_output(whole()).output] if given.conversation else []
    return KeptReply(
        id=response_id,
        previous=given.previous,
        metadata=msgspec.json.encode(given.metadata),
        reply=reply,
        input=msgspec.json.encode(items),
        turns=messages.encode_request([turn for turn in turns if turn.content]),
        stored=given.stored,
        conversation=given.conversation,
        items=msgspec.json.encode(added),
    )


def to_kept_input(response_id: str, reply: bytes, *, given: KeptInput) -> KeptReply:
    """Return what is kept of a response that is not made yet."""
    return KeptReply(
        id=response_id,
        previous=given.previous,
        metadata=msgspec.json.encode(given.metadata),
        reply=reply,
        input=msgspec.json.encode(with_ids(given.items, response_id)),
        turns=b"[]",
    )


def check_continues(response_id: str, turns: bytes, *, reply: bytes) -> None:
    """Raise `InvalidRequest` for a response that is not complete, or that only its conversation can continue."""
    if turns.strip() not in {b"", b"[]"}:
        return
    output = _decode_output(reply)
    if output.status in _UNFINISHED:
        raise InvalidRequest(
            f"Response with id '{response_id}' cannot be continued: its status is '{output.status}'.",
            param="previous_response_id",
            code="invalid_value",
        )
    conversation = output.conversation
    if conversation is not None:
        raise InvalidRequest(
            f"Response with id '{response_id}' is part of the conversation '{conversation.id}'. Continue that with "
            "'conversation'.",
            param="previous_response_id",
            code="invalid_value",
        )


def split_items(items: bytes) -> list[bytes]:
    """Return each item of a list."""
    return [bytes(raw) for raw in _decode_items(items)]


def item_id(raw: Raw) -> str:
    """Return the id that an item has in it."""
    return _peek(raw).id or ""


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
    return [id for id in map(_reference, () if isinstance(items, str) else items or ()) if id]


def resolved(items: str | list[Raw], stored: Mapping[str, bytes]) -> str | list[Raw]:
    """Return the items of an input with what its references name in their place."""
    if isinstance(items, str) or not stored:
        return items
    return [Raw(stored.get(_reference(raw), raw)) for raw in items]


def _reference(raw: Raw) -> str:
    """Return the id that an item names, if it does no more than that."""
    if len(memoryview(raw)) > _LONGEST_REFERENCE:
        return ""
    try:
        peeked = _peek(raw)
    except msgspec.DecodeError:
        return ""
    is_reference = peeked.type == "item_reference" or not (peeked.type or peeked.role)
    return peeked.id or "" if is_reference else ""


def render_page(items: Sequence[Raw], *, limit: int, after: str, ascending: bool) -> bytes:
    """Return a page of items as a list, by default the newest first. Raise `InvalidRequest` for an unknown `after`."""
    ordered = list(items) if ascending else list(items)[::-1]
    ids = [item_id(raw) for raw in ordered]
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


def with_ids(items: str | list[Raw], response_id: str) -> list[Raw | dict[str, Any]]:
    """Return items as the service lists them: with an id, made from the response's, and content as parts."""
    number = response_id.rpartition("_")[2]
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
