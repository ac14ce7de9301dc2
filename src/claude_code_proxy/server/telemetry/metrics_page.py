"""`GET /metrics`: what this worker counted and, with several, what the others did, as one page."""

from collections.abc import Callable

from claude_code_proxy.http1.server.request import Request
from claude_code_proxy.http1.server.responder import Headers
from claude_code_proxy.server.telemetry.counters import Counts, CredentialGauge
from claude_code_proxy.server.telemetry.multiprocess import SharedCounts


class MetricsPage:
    """`counts` reads what this worker counted; `share`, when there is one, knows the other workers."""

    def __init__(
        self,
        counts: Callable[[], Counts],
        credential: Callable[[], CredentialGauge],
        *,
        share: SharedCounts | None = None,
    ) -> None:
        self._counts = counts
        self._credential = credential
        self._share = share

    async def __call__(self, request: Request) -> tuple[int, Headers, bytes]:
        from claude_code_proxy.server.telemetry.prometheus import render  # noqa: PLC0415 - a server that nobody scrapes needs none of it

        counts = self._counts()
        if self._share is not None:
            counts = await self._share.together(counts)
        accept = request.headers.get(b"accept", b"").decode("latin-1")
        body, content_type = render(counts, self._credential(), accept=accept)
        return 200, [(b"content-type", content_type.encode())], body
