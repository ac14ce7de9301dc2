"""The task that keeps the catalogue as new as the upstream's own list of models."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from claude_code_proxy.errors import ProxyError
from claude_code_proxy.models.upstream_list import ModelInfo
from claude_code_proxy.server.app_state import AppState
from claude_code_proxy.server.process.logs import report_unhandled
from claude_code_proxy.server.telemetry.access_log import clean

_log = logging.getLogger(__name__)
_RETRY_SECONDS = 30.0


async def keep_fresh(state: AppState, ask: Callable[[], Awaitable[Sequence[ModelInfo]]], *, seconds: float) -> None:
    """Read the upstream's list now and every `seconds`; a failure keeps the catalogue, and is logged once."""
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
