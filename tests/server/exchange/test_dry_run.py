"""A dry run shows what would be sent, what was changed, what would be cached and cost; and sends nothing."""

import asyncio
import json
from typing import Any

import pytest

from claude_code_proxy.adaptation.adapt import AdaptOptions
from claude_code_proxy.endpoints.chat_completions import CHAT_COMPLETIONS
from claude_code_proxy.errors import InvalidRequest
from claude_code_proxy.models.catalogue import BUILT_IN
from claude_code_proxy.secret import Secret
from claude_code_proxy.server.app_state import AppState, Policy
from claude_code_proxy.server.exchange.dry_run import dry_run
from claude_code_proxy.state.kept_thinking import KeptThinking
from claude_code_proxy.state.memory import MemoryThinkingStore
from claude_code_proxy.upstreams.claude_code.capabilities import PROFILE as CLAUDE_CODE_TERMS
from claude_code_proxy.upstreams.upstream import EVERYTHING_SUPPORTED, UpstreamProfile
from tests.server.running import ASKED, running
from tests.server.scripted_upstream import ScriptedUpstream

LONG = "You are an agent that knows a lot. " * 400


def shown(profile: UpstreamProfile = EVERYTHING_SUPPORTED, **body: object) -> dict[str, Any]:
    serving = AppState(
        upstream=None,  # type: ignore[arg-type]  # nothing is sent, so nobody is there to send it to
        catalogue=BUILT_IN,
        policy=Policy("claude-sonnet-4-6", AdaptOptions()),
        keep_alive=None,  # type: ignore[arg-type]
        limiter=None,  # type: ignore[arg-type]
        kept_thinking=KeptThinking(MemoryThinkingStore(), lambda: 0.0),
        now=lambda: 0.0,
        profile=profile,
    )
    found: dict[str, Any] = json.loads(asyncio.run(dry_run(serving, CHAT_COMPLETIONS, body=json.dumps(body).encode())))
    return found


def test_the_request_as_it_would_be_sent() -> None:
    found = shown(model="anthropic/claude-opus-4.6", messages=[{"role": "user", "content": "Hello"}], stop="END")
    assert found["model"] == "claude-opus-4-6"
    assert found["request"]["messages"] == [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}]
    assert found["request"]["stop_sequences"] == ["END"]
    assert found["request"]["max_tokens"] == 128_000


def test_what_the_name_of_the_model_asks_for() -> None:
    found = shown(model="opus-low", messages=[{"role": "user", "content": "Hello"}])
    assert (found["model"], found["request"]["output_config"]) == ("claude-opus-5-5", {"effort": "low"})
    assert "model" in {adjustment["param"] for adjustment in found["adjustments"]}


def test_every_adjustment_with_its_reason() -> None:
    found = shown(
        model="claude-sonnet-5-5", messages=[{"role": "user", "content": "Hi"}], temperature=0.2, seed=1, foo=2
    )
    reported = {adjustment["param"]: adjustment for adjustment in found["adjustments"]}
    assert set(reported) >= {"temperature", "seed", "foo"}
    assert all(adjustment["reason"] for adjustment in reported.values())


def test_the_cache_plan_names_each_breakpoint_and_whether_it_pays() -> None:
    found = shown(
        model="claude-sonnet-5-5", messages=[{"role": "system", "content": LONG}, {"role": "user", "content": "Hi"}]
    )
    (first, *_) = found["cache"]["breakpoints"]
    assert first["at"] == "system[0]"
    assert first["cached"] is True
    assert first["prefix_tokens"] > found["cache"]["minimum_tokens"]


def test_the_estimate_is_in_dollars_and_cheaper_from_the_cache() -> None:
    estimate = shown(model="claude-sonnet-5-5", messages=[{"role": "user", "content": LONG}])["estimate"]
    assert 2000 < estimate["input_tokens"] < 6000
    assert estimate["input"] == pytest.approx(estimate["input_tokens"] * 2 / 1e6)
    assert estimate["input_from_cache"] < estimate["input"] / 10
    assert estimate["output_at_most"] == pytest.approx(128_000 * 10 / 1e6)


def test_a_price_that_is_not_known_is_not_guessed() -> None:
    found = shown(model="claude-next-9", messages=[{"role": "user", "content": "Hi"}])
    assert found["known_model"] is False
    assert found["estimate"]["input"] is None


def test_what_the_endpoint_refuses_is_refused_here_too() -> None:
    with pytest.raises(InvalidRequest) as refused:
        shown(model="claude-sonnet-5-5", messages=[])
    assert refused.value.param == "messages"


async def test_over_the_wire_it_is_what_is_then_sent(upstream: ScriptedUpstream) -> None:
    request = {**ASKED, "model": "anthropic/claude-sonnet-4-6", "max_tokens": 5, "logit_bias": {"1": 2}}
    async with running(upstream.url) as proxy:
        async with proxy.client() as client:
            await client.post(request, path="/v1/translate")
            reported = (await client.reply()).json
        assert upstream.calls == []
        await proxy.ask(**request)
    assert reported["request"] == upstream.calls[0].json


async def test_over_the_wire_it_asks_for_the_key_and_is_recorded(upstream: ScriptedUpstream) -> None:
    async with running(upstream.url, proxy_api_key=(Secret("key"),)) as proxy, proxy.client() as client:
        await client.post(ASKED, path="/v1/translate")
        assert (await client.reply()).status == 401
        await client.post(ASKED, path="/v1/translate", headers={"authorization": "Bearer key"})
        assert (await client.reply()).status == 200
        assert [record.status for record in proxy.records] == [401, 200]


async def test_betas_of_the_caller(upstream: ScriptedUpstream) -> None:
    reported = {"anthropic-beta": "context-management-2025-06-27,made-up-2099-01-01"}
    async with running(upstream.url) as proxy:
        reply = await proxy.ask(path="/v1/translate", headers=reported, model="claude-opus-4-8", speed="fast")
    assert reply.json["betas"] == ["context-management-2025-06-27", "fast-mode-2026-02-01"]
    assert {"anthropic-beta"} == {adjustment["param"] for adjustment in reply.json["adjustments"]}
    assert upstream.calls == []


def test_through_claude_code_it_shows_what_that_can_carry() -> None:
    found = shown(CLAUDE_CODE_TERMS, messages=[{"role": "user", "content": "Hi"}], inference_geo="us")
    assert "inference_geo" not in found["request"]
    assert "inference_geo" in {adjustment["param"] for adjustment in found["adjustments"]}


def test_a_bad_image_is_named_as_in_a_request() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/bmp;base64,Qk0wMDAwMDAw"}}
    with pytest.raises(InvalidRequest) as caught:
        shown(messages=[{"role": "user", "content": [{"type": "text", "text": "Hi"}, image]}])
    assert caught.value.param == "messages[0].content[1].image_url"


def test_a_long_prompt_speed_and_region_have_their_price() -> None:
    user = {"role": "user", "content": "word " * 80_000}
    found = shown(model="claude-haiku-5-5", messages=[user], max_tokens=1000)["estimate"]
    assert found["input_tokens"] > 100_000
    assert found["input"] == pytest.approx(found["input_tokens"] * 0.50e-6)
    assert found["output_at_most"] == pytest.approx(1000 * 2.50e-6)
    hello = {"role": "user", "content": "Hi"}
    quick = shown(model="claude-opus-5-5", messages=[hello], max_tokens=1000, speed="fast", inference_geo="us")
    assert quick["estimate"]["output_at_most"] == pytest.approx(1000 * 20e-6 * 2 * 1.1)
