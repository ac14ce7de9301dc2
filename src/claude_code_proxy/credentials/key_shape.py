"""What the first letters of a credential show: one that stands in the wrong setting is named, with the right one.

Anthropic's prefixes: https://platform.claude.com/docs/en/api/overview and `claude setup-token`.
"""

from claude_code_proxy.credentials.credential import Credential

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
"""For a prefix: the advice, and the kinds of credential that it is right for."""


def wrong_shape(credential: Credential) -> str:
    """Return what is wrong with the credential by its shape, and where it belongs; empty if nothing is.

    A key of a gateway may have any shape, so an unknown one is not judged.
    """
    text = credential.secret.reveal()
    for prefix, advice, kinds in _SHAPES:
        if text.startswith(prefix):
            return "" if credential.kind in kinds else advice
    return ""
