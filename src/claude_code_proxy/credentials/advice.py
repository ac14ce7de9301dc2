"""What to tell people about a credential that does not work: it is in the wrong setting, or the upstream refused it.

Without it, a caller reads "invalid x-api-key" and checks their own key instead of the proxy's.
Anthropic's prefixes: https://platform.claude.com/docs/en/api/overview and `claude setup-token`.
"""

from claude_code_proxy.credentials.credential import Credential
from claude_code_proxy.errors import DiagnosisKind, ProxyError, UpstreamRejected

CODE = "upstream_authentication"
_WAYS_OUT = (
    "(A Claude Code login that is sent straight to the Messages API is often refused: leave CLAUDE_LOGIN_VIA unset, "
    "so that Claude Code itself serves it, or set ANTHROPIC_API_KEY.)"
)
_RENEW = (
    "(Run `claude -p hello` once: Claude Code renews a login that the service refuses to it, and the proxy uses the "
    "new token at once. If that does not help, sign in again with `claude auth login`.)"
)
_MAKE_ANOTHER = "(`claude setup-token` makes another token for CLAUDE_CODE_OAUTH_TOKEN.)"
_CHECK_IT = "check that it is complete and active, and that ANTHROPIC_API_BASE is the service that it is for"

_OPENAI = (
    "it looks like a key of another service. ANTHROPIC_API_KEY takes a key of the Claude Console, "
    "which begins with sk-ant-api"
)
_API_KEY = "it looks like an API key: set it as ANTHROPIC_API_KEY"
_OAUTH = (
    "it looks like an OAuth token: set it as CLAUDE_CODE_OAUTH_TOKEN if `claude setup-token` printed it, "
    "else as CLAUDE_ACCESS_TOKEN"
)
_REFRESH = "it looks like the refresh token of a login, which belongs in no setting; sign in with `claude auth login`"
_ADMIN = "it looks like an Admin API key, which cannot send messages; make an API key in the Claude Console"

_SHAPES: tuple[tuple[str, str, frozenset[str]], ...] = (
    ("sk-ant-oat", _OAUTH, frozenset({"bearer", "login"})),
    ("sk-ant-ort", _REFRESH, frozenset()),
    ("sk-ant-admin", _ADMIN, frozenset()),
    ("sk-ant-api", _API_KEY, frozenset({"api_key", "bearer"})),
    ("sk-proj-", _OPENAI, frozenset()),
    ("sk-svcacct-", _OPENAI, frozenset()),
)
"""Rows: the prefix of a secret, the advice if it is in the wrong setting, the kinds of credential it is right for."""


def wrong_shape(credential: Credential) -> str:
    """Return what is wrong with the credential by its shape, and where it belongs; empty if nothing is.

    A key of a gateway may have any shape, so an unknown one is not judged.
    """
    text = credential.secret.reveal()
    for prefix, advice, kinds in _SHAPES:
        if text.startswith(prefix):
            return "" if credential.kind in kinds else advice
    return ""


def remedy(credential: Credential) -> str:
    """Return what to do about a refused credential."""
    return wrong_shape(credential) or _CHECK_IT


def is_refusal(error: ProxyError) -> bool:
    """Return whether the upstream refused the credential itself."""
    return isinstance(error, UpstreamRejected) and (
        error.status == 401 or error.diagnosis.kind is DiagnosisKind.CREDENTIAL_REFUSED
    )


def explain(error: UpstreamRejected, credential: Credential, *, renews: bool) -> UpstreamRejected:
    """Return the refusal with the credential named and a remedy; any other error unchanged.

    `renews` is True for a login file, which Claude Code renews.
    """
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
