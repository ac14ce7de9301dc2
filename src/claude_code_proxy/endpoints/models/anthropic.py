"""The catalogue -> the list of models, or one model, in Anthropic's shape.

https://platform.claude.com/docs/en/api/models-list
"""

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec
from msgspec import Struct

from claude_code_proxy.endpoints.models.selection import find_model, named_models
from claude_code_proxy.errors import InvalidRequest
from claude_code_proxy.models.catalogue import Catalogue
from claude_code_proxy.models.model import Model

_PAGE = 20  # models, where the request does not say
_LARGEST_PAGE = 1000


class AnthropicModel(Struct, frozen=True):
    """Times are RFC 3339; a date that is not known is the epoch, as the API has it."""

    id: str
    display_name: str
    created_at: str
    lifecycle: str
    max_input_tokens: int
    max_tokens: int
    retires_at: str | None = None
    type: str = "model"


class AnthropicModelPage(Struct, frozen=True):
    data: list[AnthropicModel]
    has_more: bool
    first_id: str | None
    last_id: str | None


def render_list(catalogue: Catalogue, query: Mapping[str, str]) -> bytes:
    """Return the page that `limit`, `after_id` and `before_id` ask for. Raise `InvalidRequest`."""
    names = [name for name, _ in named_models(catalogue)]
    start, end = 0, len(names)
    if "after_id" in query:
        start = _position(names, query=query, field="after_id") + 1
    if "before_id" in query:
        end = _position(names, query=query, field="before_id")
    limit = _limit(query)
    backwards = "before_id" in query
    page = range(max(start, end - limit), end) if backwards else range(start, min(end, start + limit))
    models = [_listed(catalogue.find(names[index]), names[index]) for index in page]
    has_more = page.start > start if backwards else page.stop < end
    first, last = (models[0].id, models[-1].id) if models else (None, None)
    return msgspec.json.encode(AnthropicModelPage(models, has_more=has_more, first_id=first, last_id=last))


def render_model(catalogue: Catalogue, name: str) -> bytes:
    """Raise `InvalidRequest` (404) for the name of no model."""
    return msgspec.json.encode(_listed(find_model(catalogue, name), name))


def _listed(model: Model, name: str) -> AnthropicModel:
    return AnthropicModel(
        id=name,
        display_name=model.name,
        created_at=datetime.fromtimestamp(model.released, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        lifecycle=model.status,
        max_input_tokens=model.context_window,
        max_tokens=model.max_output,
        retires_at=f"{model.retires_at}T00:00:00Z" if model.retires_at else None,
    )


def _position(names: list[str], *, query: Mapping[str, str], field: str) -> int:
    try:
        return names.index(query[field])
    except ValueError:
        raise InvalidRequest(f"{field}: there is no model `{query[field]}` in the list.", param=field) from None


def _limit(query: Mapping[str, str]) -> int:
    text = query.get("limit", str(_PAGE))
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= _LARGEST_PAGE):
        raise InvalidRequest(f"limit: must be a whole number from 1 to {_LARGEST_PAGE}.", param="limit")
    return int(text)
