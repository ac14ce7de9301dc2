"""`GET /v1/models`: the catalogue in OpenAI's shape, and the task that keeps it as new as the upstream's own list."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

import msgspec
from msgspec import UNSET, Struct, UnsetType

from claude_code_proxy.errors import InvalidRequest, ProxyError
from claude_code_proxy.models.catalogue import Catalogue
from claude_code_proxy.models.model import Model
from claude_code_proxy.models.upstream_list import ModelInfo
from claude_code_proxy.server.app_state import AppState
from claude_code_proxy.server.process.logs import report_unhandled
from claude_code_proxy.server.telemetry.access_log import clean

_log = logging.getLogger(__name__)
_RETRY_SECONDS = 30.0


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
    """Every model that can be asked for, and every alias."""
    models = [_listed(model, model.id) for model in catalogue.listing()]
    models += [_listed(catalogue.find(alias), alias) for alias in catalogue.aliases if "*" not in alias]
    return msgspec.json.encode({"object": "list", "data": models})


def render_model(catalogue: Catalogue, name: str) -> bytes:
    """Raises `InvalidRequest` (404) for the name of no model."""
    model = catalogue.find(name)
    if not model.known or model.status == "retired":
        hint = f" Use {model.successor} instead." if model.successor else ""
        raise InvalidRequest(
            f"The model `{name}` does not exist or you do not have access to it.{hint}",
            param="model",
            code="model_not_found",
            status=404,
        )
    return msgspec.json.encode(_listed(model, name))


def _listed(model: Model, name: str) -> ListedModel:
    return ListedModel(
        id=name,
        created=model.released or int(datetime(2023, 1, 1, tzinfo=UTC).timestamp()),
        shutdown_date=model.retires_at,
        name=model.name,
        context_window=model.context_window,
        max_output_tokens=model.max_output,
    )


async def keep_fresh(state: AppState, ask: Callable[[], Awaitable[Sequence[ModelInfo]]], *, seconds: float) -> None:
    """Reads the upstream's list now and every `seconds`; a failure keeps the catalogue, and is logged once."""
    failing = False
    while True:
        try:
            state.catalogue = state.catalogue.with_upstream(await ask())
            failing = False
        except ProxyError as error:
            if not failing:
                _log.info("the upstream's list of models cannot be read (%s); the last one stays", clean(error.kind))
            failing = True
        except Exception as error:  # noqa: BLE001 - a mistake of ours must not end the task in silence
            report_unhandled(error)
            failing = True
        await asyncio.sleep(min(seconds, _RETRY_SECONDS) if failing else seconds)
