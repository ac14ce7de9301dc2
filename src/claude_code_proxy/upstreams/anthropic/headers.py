"""The headers of a request to the Messages API: who we are, what we show, which version and betas we speak.

https://platform.claude.com/docs/en/api/versioning. 2023-06-01 is the newest version that takes sampling parameters.
"""

from claude_code_proxy import __version__
from claude_code_proxy.credentials.credential import Credential
from claude_code_proxy.http1.client.transport import encode_headers

VERSION = b"2023-06-01"
USER_AGENT = f"claude-code-proxy/{__version__}".encode()
_OAUTH_BETA = "oauth-2025-04-20"


def request_headers(credential: Credential, betas: tuple[str, ...], *, workspace_id: str = "") -> bytes:
    """The whole block, ready to send. An OAuth token is taken only together with its beta."""
    secret = credential.secret.reveal().encode()
    fields = [
        (b"content-type", b"application/json"),
        (b"accept", b"application/json"),
        (b"accept-encoding", b"identity"),
        (b"user-agent", USER_AGENT),
        (b"anthropic-version", VERSION),
    ]
    if credential.kind == "api_key":
        fields.append((b"x-api-key", secret))
    else:
        fields.append((b"authorization", b"Bearer " + secret))
        betas = (_OAUTH_BETA, *betas)
    if betas:
        fields.append((b"anthropic-beta", ",".join(betas).encode()))
    if workspace_id:
        fields.append((b"anthropic-workspace-id", workspace_id.encode()))
    return encode_headers(fields)
