"""The catalogue -> the list of models, or one model, in OpenAI's shape.

https://platform.openai.com/docs/api-reference/models
"""

from datetime import UTC, datetime

import msgspec
from msgspec import UNSET, Struct, UnsetType

from claude_code_proxy.endpoints.models.selection import find_model, named_models
from claude_code_proxy.models.catalogue import Catalogue
from claude_code_proxy.models.model import Model

_UNRELEASED = int(datetime(2023, 1, 1, tzinfo=UTC).timestamp())  # stands for a date that is not known


class ListedModel(Struct, frozen=True):
    """The official fields, and further ones that some clients read."""

    id: str
    created: int
    owned_by: str = "anthropic"
    object: str = "model"
    shutdown_date: str | None = None
    name: str | UnsetType = UNSET
    context_window: int | UnsetType = UNSET
    max_output_tokens: int | UnsetType = UNSET


def render_list(catalogue: Catalogue) -> bytes:
    """Return every model that can be asked for, and every alias."""
    models = [_listed(model, name) for name, model in named_models(catalogue)]
    return msgspec.json.encode({"object": "list", "data": models})


def render_model(catalogue: Catalogue, name: str) -> bytes:
    """Raise `InvalidRequest` (404) for the name of no model."""
    return msgspec.json.encode(_listed(find_model(catalogue, name), name))


def _listed(model: Model, name: str) -> ListedModel:
    return ListedModel(
        id=name,
        created=model.released or _UNRELEASED,
        shutdown_date=model.retires_at,
        name=model.name,
        context_window=model.context_window,
        max_output_tokens=model.max_output,
    )
