"""The real Claude Code renews a made-up login, at a stand-in for the token endpoint in a network of the test's own."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx
import openai
import pytest

from tests.credentials.token_endpoint import TokenEndpoint, token_endpoint
from tests.upstreams.claude_code.conftest import network as network
from tests.upstreams.claude_code.stage import Stage, login, staged

pytestmark = pytest.mark.claude_code
MODEL = "claude-sonnet-5-5"


@pytest.fixture
async def endpoint(network: bool, tmp_path: Path) -> AsyncIterator[TokenEndpoint]:
    if not network:
        pytest.skip("this machine gives no network of its own to a test")
    async with token_endpoint(tmp_path) as made:
        yield made


@asynccontextmanager
async def renewing(endpoint: TokenEndpoint, home: Path, told: dict[str, Any], **settings: str) -> AsyncIterator[Stage]:
    options = {"HTTPS_PROXY": "", "SSL_CERT_FILE": "", "NODE_EXTRA_CA_CERTS": str(endpoint.certificate)} | settings
    async with staged(home, told=told, before=endpoint.before, **options) as stage:
        yield stage


def token_of(stage: Stage) -> str:
    told = json.loads((stage.home / ".claude" / ".credentials.json").read_text())
    return str(told["claudeAiOauth"]["accessToken"])


async def until(stage: Stage, token: str, seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while token_of(stage) != token:
            await asyncio.sleep(0.1)


async def ready(stage: Stage) -> tuple[int, str]:
    async with httpx.AsyncClient(trust_env=False) as http:
        told = await http.get(stage.url.removesuffix("/v1") + "/health/ready")
    return told.status_code, told.text


async def chat(stage: Stage, *said: Any) -> str:
    async with stage.client() as client:
        reply = await client.chat.completions.create(
            model=MODEL, messages=list(said) or [{"role": "user", "content": "Hi"}]
        )
    return str(reply.choices[0].message.content)


async def test_an_expired_login_is_renewed_at_the_start(endpoint: TokenEndpoint, tmp_path: Path) -> None:
    async with renewing(endpoint, tmp_path, login(expires_in=-60)) as stage:
        await until(stage, "sk-ant-oat01-new-1")
        assert "Hi" in await chat(stage)
        assert stage.service.requests[-1].headers["authorization"] == "Bearer sk-ant-oat01-new-1"
    assert endpoint.posts == 1


async def test_a_login_that_is_good_is_left_alone(endpoint: TokenEndpoint, tmp_path: Path) -> None:
    async with renewing(endpoint, tmp_path, login(expires_in=3600)) as stage:
        await asyncio.sleep(2)
        assert (await ready(stage))[0] == 200
    assert endpoint.posts == 0


async def test_fifty_requests_at_once_renew_it_once(endpoint: TokenEndpoint, tmp_path: Path) -> None:
    endpoint.delay = 2.0
    history = [{"role": "user", "content": "One"}, {"role": "assistant", "content": "Two"}]
    async with renewing(endpoint, tmp_path, login(expires_in=-60), CLAUDE_CODE_PROCESSES="2") as stage:
        asked = [chat(stage, *history, {"role": "user", "content": f"Number {i}"}) for i in range(50)]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        assert any(isinstance(answer, str) for answer in answers)
        assert token_of(stage) == "sk-ant-oat01-new-1"
        assert {one.headers["authorization"] for one in stage.service.requests} == {"Bearer sk-ant-oat01-new-1"}
    assert endpoint.posts == 1


async def test_a_slow_token_endpoint_is_waited_for(endpoint: TokenEndpoint, tmp_path: Path) -> None:
    endpoint.delay = 12.0
    async with renewing(endpoint, tmp_path, login(expires_in=-60)) as stage:
        await until(stage, "sk-ant-oat01-new-1")
    assert endpoint.posts == 1


async def test_a_stop_in_the_middle_of_a_renewal_does_not_lose_the_login(
    endpoint: TokenEndpoint, tmp_path: Path
) -> None:
    endpoint.delay = 4.0
    async with renewing(endpoint, tmp_path, login(expires_in=-60)) as stage:
        async with asyncio.timeout(20):
            while not endpoint.posts:
                await asyncio.sleep(0.05)
    assert token_of(stage) == "sk-ant-oat01-new-1"


async def test_a_login_that_has_ended_is_signed_out(endpoint: TokenEndpoint, tmp_path: Path) -> None:
    endpoint.status = 400
    async with renewing(endpoint, tmp_path, login(expires_in=-60)) as stage:
        await until(stage, "")
        await asyncio.sleep(1.2)
        status, told = await ready(stage)
        assert (status, "signed out" in told) == (503, True)
        with pytest.raises(openai.AuthenticationError, match="signed out"):
            await chat(stage)


async def test_expiry_in_the_middle_of_a_conversation(endpoint: TokenEndpoint, tmp_path: Path) -> None:
    async with renewing(endpoint, tmp_path, login(expires_in=312)) as stage:
        said: list[Any] = [{"role": "user", "content": "One"}]
        said.append({"role": "assistant", "content": await chat(stage, *said)})
        await asyncio.sleep(13.0)  # now less is left than Claude Code is content with
        assert endpoint.posts == 0
        assert "Two" in await chat(stage, *said, {"role": "user", "content": "Two"})
        await until(stage, "sk-ant-oat01-new-1")
    assert endpoint.posts == 1


async def test_sent_straight_it_is_kept_fresh_too(endpoint: TokenEndpoint, tmp_path: Path) -> None:
    async with renewing(endpoint, tmp_path, login(expires_in=-60), CLAUDE_LOGIN_VIA="messages-api") as stage:
        await until(stage, "sk-ant-oat01-new-1")
        await asyncio.sleep(1.2)
        assert "Hi" in await chat(stage)
        assert stage.service.requests[-1].headers["user-agent"].startswith("claude-code-proxy/")
