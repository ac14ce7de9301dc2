"""The headers of a request to the Messages API: who we are, what we show, which version and betas we speak.

https://platform.claude.com/docs/en/api/versioning. 2023-06-01 is the newest version that takes sampling parameters.
"""

from collections.abc import Sequence

from claude_code_proxy import __version__
from claude_code_proxy.credentials.credential import Credential
from claude_code_proxy.http1.client import encode_headers

VERSION = b"2023-06-01"
USER_AGENT = f"claude-code-proxy/{__version__}".encode()
_OAUTH_BETA = "oauth-2025-04-20"
_BETA = b"anthropic-beta"
_WORKSPACE = b"anthropic-workspace-id"


def request_headers(credential: Credential, betas: tuple[str, ...], *, workspace_id: str = "") -> bytes:
    """Return the whole block, ready to send. An OAuth token is taken only together with its beta."""
    fields = [*_common(credential), (b"anthropic-version", VERSION)]
    if credential.kind != "api_key":
        betas = (_OAUTH_BETA, *betas)
    if betas:
        fields.append((_BETA, ",".join(betas).encode()))
    if workspace_id:
        fields.append((_WORKSPACE, workspace_id.encode()))
    return encode_headers(fields)


def forwarded_headers(
    credential: Credential, caller: Sequence[tuple[bytes, bytes]], *, workspace_id: str = ""
) -> bytes:
    """Return the whole block for a request that goes on as its caller wrote it. `caller` are its `anthropic-*` headers.

    Version and betas stay as they are; only what belongs to the credential is put in.
    """
    fields = dict(caller)
    fields.setdefault(b"anthropic-version", VERSION)
    if credential.kind != "api_key":
        betas = fields.get(_BETA, b"")
        if _OAUTH_BETA.encode() not in betas:
            fields[_BETA] = b",".join(filter(None, (betas, _OAUTH_BETA.encode())))
    if workspace_id:
        fields[_WORKSPACE] = workspace_id.encode()
    return encode_headers([*_common(credential), *fields.items()])


def _common(credential: Credential) -> list[tuple[bytes, bytes]]:
    secret = credential.secret.reveal().encode()
    return [
        (b"content-type", b"application/json"),
        (b"accept", b"application/json"),
        (b"accept-encoding", b"identity"),
        (b"user-agent", USER_AGENT),
        (b"x-api-key", secret) if credential.kind == "api_key" else (b"authorization", b"Bearer " + secret),
    ]
