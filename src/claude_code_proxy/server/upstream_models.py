"""Reading the upstream's own list of models: keeps the catalogue fresh and shows whether the credential is good.

The list is read at the start and now and then, and costs nothing. A refusal holds for the credential that was refused:
a renewed login, or the next list that can be read, ends it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from claude_code_proxy.credentials.advice import is_refusal, remedy
from claude_code_proxy.credentials.chain import CredentialSource, Readiness
from claude_code_proxy.credentials.credential import Credential
from claude_code_proxy.errors import ProxyError, Unauthenticated
from claude_code_proxy.models.upstream_list import ModelInfo
from claude_code_proxy.server.app_state import AppState
from claude_code_proxy.server.process.logs import report_unhandled
from claude_code_proxy.server.telemetry.access_log import clean

_log = logging.getLogger(__name__)
_RETRY_SECONDS = 30.0


class CheckedCredential:
    """Readiness of a credential source, corrected by what its credential was answered."""

    def __init__(self, source: CredentialSource) -> None:
        self._source = source
        self._refused: tuple[Credential, str] | None = None
        self._known = asyncio.Event()

    async def models(self, read_models: Callable[[], Awaitable[Sequence[ModelInfo]]]) -> Sequence[ModelInfo]:
        """Return the list that `read_models` reads, and note whether its credential was refused.

        Errors of `read_models` are raised unchanged.
        """
        try:
            infos = await read_models()
        except ProxyError as error:
            self._note(error)
            raise
        finally:
            self._known.set()
        self._refused = None
        return infos

    async def wait(self, seconds: float) -> None:
        """Wait until the list was read once, successfully or not, but no longer than `seconds`."""
        try:
            await asyncio.wait_for(self._known.wait(), seconds)
        except TimeoutError:
            return

    def readiness(self) -> Readiness:
        readiness = self._source.readiness()
        if not readiness.ok or self._refused is None or self._current() != self._refused[0]:
            return readiness
        return Readiness(ok=False, reason=self._refused[1])

    def _note(self, error: ProxyError) -> None:
        credential = self._current()
        if credential is None or not is_refusal(error):
            return
        if self._refused is None or self._refused[0] != credential:
            reason = f"The upstream refuses {credential.origin} (HTTP {error.status}): {remedy(credential)}."
            self._refused = credential, reason
            _log.warning("%s", reason)

    def _current(self) -> Credential | None:
        try:
            return self._source.resolve()
        except Unauthenticated:
            return None


async def keep_fresh(
    state: AppState, read_models: Callable[[], Awaitable[Sequence[ModelInfo]]], *, seconds: float
) -> None:
    """Read the upstream's list now and every `seconds`; a failure keeps the catalogue, and is logged once."""
    failing = False
    while True:
        try:
            state.catalogue = state.catalogue.with_upstream(await read_models())
            failing = False
        except ProxyError as error:
            if not failing:
                _log.info("the upstream's list of models cannot be read (%s); the last one stays", clean(error.kind))
            failing = True
        except Exception as error:  # noqa: BLE001 - a mistake of ours must not end the task in silence
            report_unhandled(error)
            failing = True
        await asyncio.sleep(min(seconds, _RETRY_SECONDS) if failing else seconds)
