"""A credential that the upstream refused is not ready, until it is another one or is taken."""

import logging
from pathlib import Path

import pytest

from claude_code_proxy.credentials.chain import CredentialSource, explicit
from claude_code_proxy.credentials.login_file import LoginFile
from claude_code_proxy.errors import ProxyError, UpstreamUnavailable
from claude_code_proxy.secret import Secret
from claude_code_proxy.server.checked_credential import CheckedCredential
from claude_code_proxy.upstreams.anthropic.rejections import rejected

REFUSED = rejected(
    401, {}, body=b'{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}'
)


def source(key: str = "sk-ant-test-1") -> CredentialSource:
    return CredentialSource(explicit(Secret(key), None), LoginFile((Path("/nowhere"),)))


async def ask(checked: CheckedCredential, answer: ProxyError | None) -> None:
    async def models() -> list[object]:
        if answer is not None:
            raise answer
        return []

    if answer is None:
        assert await checked.models(models) == []  # type: ignore[arg-type]
    else:
        with pytest.raises(type(answer)):
            await checked.models(models)  # type: ignore[arg-type]


async def test_a_refusal_is_told_once_and_ends_with_the_next_list(caplog: pytest.LogCaptureFixture) -> None:
    checked = CheckedCredential(source())
    assert checked.readiness().ok
    with caplog.at_level(logging.WARNING):
        await ask(checked, REFUSED)
        await ask(checked, REFUSED)
    readiness = checked.readiness()
    assert not readiness.ok
    assert "ANTHROPIC_API_KEY (HTTP 401)" in readiness.reason
    assert caplog.messages == [readiness.reason]
    await ask(checked, None)
    assert checked.readiness().ok


async def test_the_setting_it_belongs_to_is_named() -> None:
    checked = CheckedCredential(source("sk-proj-a1"))
    await ask(checked, REFUSED)
    assert "Claude Console" in checked.readiness().reason
    assert "sk-proj-a1" not in checked.readiness().reason


@pytest.mark.parametrize(
    "answer", [UpstreamUnavailable("no answer"), rejected(404, {}, body=b""), rejected(529, {}, body=b"")]
)
async def test_another_failure_says_nothing_of_the_credential(answer: ProxyError) -> None:
    checked = CheckedCredential(source())
    await ask(checked, answer)
    assert checked.readiness().ok


async def test_a_start_waits_no_longer_than_it_is_told() -> None:
    checked = CheckedCredential(source())
    await checked.wait(0.01)
    assert checked.readiness().ok
