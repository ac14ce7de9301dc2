"""A refusal by the upstream, as the proxy reads it from its status, type and text."""

from claude_code_proxy.errors import RejectionHeaders, UpstreamRejected
from claude_code_proxy.upstreams.diagnosis import diagnose


def rejected(
    message: str,
    status: int = 400,
    kind: str = "invalid_request_error",
    *,
    error_code: str | None = None,
    headers: RejectionHeaders = RejectionHeaders(),  # noqa: B008 - frozen
) -> UpstreamRejected:
    diagnosis = diagnose(message, status=status, kind=kind, error_code=error_code)
    return UpstreamRejected(message, status=status, kind=kind, diagnosis=diagnosis, headers=headers)
