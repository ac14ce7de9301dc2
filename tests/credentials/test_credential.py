"""A credential never shows its secret."""

from claude_code_proxy.credentials.credential import Credential
from claude_code_proxy.secret import Secret


def test_its_repr_tells_all_but_the_secret() -> None:
    shown = repr(Credential("api_key", Secret("sk-ant-test-1"), "ANTHROPIC_API_KEY"))
    assert "ANTHROPIC_API_KEY" in shown
    assert "sk-ant-test-1" not in shown
