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

from claude_code_proxy import simulator
from tests.credentials.token_endpoint import TokenEndpoint, token_endpoint
from tests.upstreams.claude_code.conftest import network as network
from tests.upstreams.claude_code.stage import TOKEN, Stage, login, staged

pytestmark = pytest.mark.claude_code
MODEL = "claude-sonnet-5-5"


@pytest.fixture
async def endpoint(network: bool, tmp_path: Path) -> AsyncIterator[TokenEndpoint]:
    if not network:
        pytest.skip("this machine gives no network of its own to a test")
    async with token_endpoint(tmp_path) as made:
        yield made


@asynccontextmanager
async def renewing(
    endpoint: TokenEndpoint,
    home: Path,
    told: dict[str, Any],
    service: simulator.SimulatorOptions | None = None,
    **settings: str,
) -> AsyncIterator[Stage]:
    options = {"HTTPS_PROXY": "", "SSL_CERT_FILE": "", "NODE_EXTRA_CA_CERTS": str(endpoint.certificate)} | settings
    async with staged(home, login_document=told, before=endpoint.before, service=service, **options) as stage:
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


ONLY_NEW = simulator.SimulatorOptions(api_keys=frozenset({"sk-ant-oat01-new-1"}))
TOLD = ({"role": "user", "content": "One"}, {"role": "assistant", "content": "Two"})


async def test_a_login_that_the_service_refuses_is_renewed_by_the_conversation_that_begins(
    endpoint: TokenEndpoint, tmp_path: Path
) -> None:
    """Its file says that an hour is left. A conversation that is told cannot renew it, and says so; later it can."""
    async with renewing(endpoint, tmp_path, login(expires_in=3600), service=ONLY_NEW) as stage:
        with pytest.raises(openai.AuthenticationError, match="Start a new conversation to renew it"):
            await chat(stage, *TOLD, {"role": "user", "content": "Three"})
        assert endpoint.posts == 0
        assert "Hi" in await chat(stage)
        assert token_of(stage) == "sk-ant-oat01-new-1"
        assert "Three" in await chat(stage, *TOLD, {"role": "user", "content": "Three"})
    assert endpoint.posts == 1


async def test_a_directory_that_cannot_be_written_keeps_its_login_as_it_is(
    endpoint: TokenEndpoint, tmp_path: Path
) -> None:
    """A renewal that cannot be written down would lose it, so none is tried."""
    config = tmp_path / ".claude"
    read_only = f'mount --bind {config} {config} && mount -o remount,ro,bind {config} && exec "$@"'
    before = [*endpoint.before, "sh", "-c", read_only, "sh"]
    async with staged(tmp_path, login_document=login(expires_in=-60), before=before) as stage:
        await asyncio.sleep(2)
        status, told = await ready(stage)
        assert (status, f"{config} cannot be written" in told) == (503, True)
        with pytest.raises(openai.AuthenticationError, match="mount the whole directory, writable"):
            await chat(stage)
        assert token_of(stage) == TOKEN
        (config / ".credentials.json").write_text(json.dumps(login(expires_in=3600)))
        await asyncio.sleep(1.2)
        assert (await ready(stage))[0] == 200
        assert "Hi" in await chat(stage)
    assert endpoint.posts == 0


@pytest.mark.parametrize("via", ["claude-code", "messages-api"])
async def test_a_file_that_is_half_written_costs_no_request(endpoint: TokenEndpoint, tmp_path: Path, via: str) -> None:
    async with renewing(endpoint, tmp_path, login(expires_in=3600), CLAUDE_LOGIN_VIA=via) as stage:
        assert "Hi" in await chat(stage)
        path = stage.home / ".claude" / ".credentials.json"
        whole = json.dumps(login(expires_in=7200, accessToken="sk-ant-oat01-next"))
        path.write_text(whole[:60])
        await asyncio.sleep(1.2)
        assert (await ready(stage))[0] == 200
        asking = asyncio.create_task(chat(stage))
        await asyncio.sleep(1.0)
        path.write_text(whole)
        assert "Hi" in await asking
        await asyncio.sleep(1.2)
        assert "Hi" in await chat(stage)
        assert stage.service.requests[-1].headers["authorization"] == "Bearer sk-ant-oat01-next"
    assert endpoint.posts == 0


async def test_a_login_that_is_refused_in_the_middle_of_a_conversation(endpoint: TokenEndpoint, tmp_path: Path) -> None:
    async with renewing(endpoint, tmp_path, login(expires_in=3600)) as stage:
        said: list[Any] = [{"role": "user", "content": "One"}]
        said.append({"role": "assistant", "content": await chat(stage, *said)})
        stage.service.simulation.options = ONLY_NEW
        assert "Two" in await chat(stage, *said, {"role": "user", "content": "Two"})
        assert token_of(stage) == "sk-ant-oat01-new-1"
    assert endpoint.posts == 1
