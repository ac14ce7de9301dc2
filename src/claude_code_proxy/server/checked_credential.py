"""Whether the upstream takes the credential, as far as reading its list of models has shown.

The list is read at the start and now and then, and costs nothing. A refusal holds for the credential that was refused:
a renewed login, or the next list that can be read, ends it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from claude_code_proxy.credentials.chain import CredentialSource, Readiness
from claude_code_proxy.credentials.credential import Credential
from claude_code_proxy.credentials.key_shape import wrong_shape
from claude_code_proxy.errors import DiagnosisKind, ProxyError, Unauthenticated, UpstreamRejected
from claude_code_proxy.models.upstream_list import ModelInfo

CHECK_IT = "check that it is complete and active, and that ANTHROPIC_API_BASE is the service that it is for"
_log = logging.getLogger(__name__)


class CheckedCredential:
    """Readiness of a credential source, corrected by what its credential was answered."""

    def __init__(self, source: CredentialSource) -> None:
        self._source = source
        self._refused: tuple[Credential, str] | None = None
        self._known = asyncio.Event()

    async def models(self, ask: Callable[[], Awaitable[Sequence[ModelInfo]]]) -> Sequence[ModelInfo]:
        """Return the list that `ask` reads; note whether its credential was refused. Raise what `ask` raises."""
        try:
            infos = await ask()
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
            reason = f"The upstream refuses {credential.origin} (HTTP {error.status}): {advice(credential)}."
            self._refused = credential, reason
            _log.warning("%s", reason)

    def _current(self) -> Credential | None:
        try:
            return self._source.resolve()
        except Unauthenticated:
            return None


def is_refusal(error: ProxyError) -> bool:
    """Return whether the upstream refused the credential itself."""
    return isinstance(error, UpstreamRejected) and (
        error.status == 401 or error.diagnosis.kind is DiagnosisKind.CREDENTIAL_REFUSED
    )


def advice(credential: Credential) -> str:
    """Return what to do about a refused credential."""
    return wrong_shape(credential) or CHECK_IT
