"""Requests and replies of the conversation pages: what is decoded, checked, and shown again."""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Raw

from claude_code_proxy.endpoints.openai.body import BodyDecoder
from claude_code_proxy.endpoints.openai.metadata import check_metadata
from claude_code_proxy.endpoints.openai.request import Wire
from claude_code_proxy.endpoints.responses.items import UnknownItem, decode_item
from claude_code_proxy.endpoints.responses.response import ENCRYPTED
from claude_code_proxy.endpoints.responses.stored import with_ids
from claude_code_proxy.errors import InvalidRequest

_MOST_ADDED = 20  # items of one request
_METADATA = "metadata"


class _NewConversation(Wire, frozen=True):
    items: list[Raw] | None = None
    metadata: dict[str, str] | None = None


class _ChangedConversation(Wire, frozen=True):
    metadata: dict[str, str] | None = None


class _AddedItems(Wire, frozen=True):
    items: list[Raw]


_new = BodyDecoder(_NewConversation)
_changed = BodyDecoder(_ChangedConversation)
_added = BodyDecoder(_AddedItems)
_decode_item = msgspec.json.Decoder(dict[str, Raw]).decode


def decode_new(body: bytes, number: str) -> tuple[bytes, list[bytes]]:
    """Return metadata and items of a new conversation, as they are kept. Raise `InvalidRequest`.

    `number` is a part of the ids that items without one get.
    """
    request, _ = _new.decode(body or b"{}")
    return msgspec.json.encode(check_metadata(request.metadata)), _checked(request.items or [], number)


def decode_changed(body: bytes) -> bytes:
    """Return the metadata that replaces the earlier one. Raise `InvalidRequest`."""
    request, _ = _changed.decode(body)
    return msgspec.json.encode(check_metadata(request.metadata))


def decode_added(body: bytes, number: str) -> list[bytes]:
    """Return items to add to a conversation. Raise `InvalidRequest`."""
    request, _ = _added.decode(body)
    return _checked(request.items, number)


def render_conversation(id: str, *, created: float, metadata: bytes) -> bytes:
    conversation = {"id": id, "object": "conversation", "created_at": int(created), _METADATA: Raw(metadata)}
    return msgspec.json.encode(conversation)


def render_deleted(id: str) -> bytes:
    return msgspec.json.encode({"id": id, "object": "conversation.deleted", "deleted": True})


def shown(item: bytes, include: Sequence[str]) -> Raw:
    """Return an item as its owner reads it: the sealed thinking only where it is to be included."""
    if b"encrypted_content" not in item or ENCRYPTED in include:
        return Raw(item)
    fields: Mapping[str, Raw] = _decode_item(item)
    if fields.get("type") != Raw(b'"reasoning"'):
        return Raw(item)
    return Raw(msgspec.json.encode({name: value for name, value in fields.items() if name != "encrypted_content"}))


def _checked(items: list[Raw], number: str) -> list[bytes]:
    if len(items) > _MOST_ADDED:
        raise InvalidRequest(
            f"Invalid 'items': array too long. Expected an array with maximum length {_MOST_ADDED}, but got an array "
            f"with length {len(items)} instead.",
            param="items",
            code="array_above_max_length",
        )
    for index, raw in enumerate(items):
        item = decode_item(raw, f"items[{index}]", note_unknown=_not_noted)
        if isinstance(item, UnknownItem):
            raise InvalidRequest(
                f"There is no item of type '{item.type}'.", param=f"items[{index}].type", code="invalid_value"
            )
    return [msgspec.json.encode(item) for item in with_ids(items, number)]


def _not_noted(_: str) -> None:
    """Keep an unknown field: each request that the item becomes part of tells of it."""
