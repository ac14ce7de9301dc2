"""The upstream refused our credential: say whose it is, where it stands and what mends it.

Without this a caller reads "invalid x-api-key" and looks at their own key.
"""

from claude_code_proxy.credentials.credential import Credential
from claude_code_proxy.errors import DiagnosisKind, UpstreamRejected

CODE = "upstream_authentication"
_WAYS_OUT = (
    "(A Claude Code login that is sent straight to the Messages API is often refused: leave CLAUDE_LOGIN_VIA unset, "
    "so that Claude Code itself serves it, or set ANTHROPIC_API_KEY.)"
)
_RENEW = (
    "(Claude Code renews a login that is refused before its time when it is refused itself: run `claude -p hello` "
    "once; the new token is used at once. If that does not help, sign in again with `claude auth login`.)"
)
_MAKE_ANOTHER = "(`claude setup-token` makes another token for CLAUDE_CODE_OAUTH_TOKEN.)"


def explain(error: UpstreamRejected, credential: Credential, *, renews: bool) -> UpstreamRejected:
    """Return the refusal in words that name the credential; any other error as it is. `renews`: it is a login file."""
    match error.diagnosis.kind, credential.kind:
        case DiagnosisKind.LOGIN_REFUSED | DiagnosisKind.OUT_OF_MONEY, "login":
            return error.replace(message=f"{error.message} {_WAYS_OUT}")
        case DiagnosisKind.CREDENTIAL_REFUSED, "login":
            way = _RENEW if renews else _MAKE_ANOTHER
            return error.replace(message=f"{_named(error, credential)} {way}", code=CODE)
        case DiagnosisKind.CREDENTIAL_REFUSED, _:
            return error.replace(message=_named(error, credential), code=CODE)
        case _:
            return error


def _named(error: UpstreamRejected, credential: Credential) -> str:
    return f"Anthropic refused this proxy's {credential.origin}: {error.message}"
