"""The upstream's list of models keeps the catalogue fresh, and shows that a credential is refused."""

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path

import pytest

from claude_code_proxy.credentials.chain import CredentialSource, explicit
from claude_code_proxy.credentials.login_file import LoginFile
from claude_code_proxy.errors import ProxyError, UpstreamRejected, UpstreamUnavailable
from claude_code_proxy.models.catalogue import BUILT_IN
from claude_code_proxy.models.upstream_list import ModelInfo
from claude_code_proxy.secret import Secret
from claude_code_proxy.server.app_state import AppState
from claude_code_proxy.server.upstream_models import CheckedCredential, keep_fresh
from claude_code_proxy.upstreams.anthropic.rejections import rejected
from tests.server.running import eventually, running
from tests.server.scripted_upstream import Call, Script, ScriptedUpstream, refusal, saying

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


NEW = ModelInfo("claude-new-9", display_name="New 9")


class ScriptedList:
    """Gives one answer after the other, the last one for ever; an exception is raised."""

    def __init__(self, *answers: Sequence[ModelInfo] | Exception) -> None:
        self._answers = answers
        self.times = 0

    async def __call__(self) -> Sequence[ModelInfo]:
        answer = self._answers[min(self.times, len(self._answers) - 1)]
        self.times += 1
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
async def serving(upstream: ScriptedUpstream) -> AppState:
    async with running(upstream.url) as proxy:
        return proxy.assembly.state


async def kept_fresh(serving: AppState, asked: ScriptedList, times: int) -> None:
    task = asyncio.create_task(keep_fresh(serving, asked, seconds=0.005))
    try:
        await eventually(lambda: asked.times >= times)
        await asyncio.sleep(0)
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_it_is_read_at_once_and_again(serving: AppState) -> None:
    asked = ScriptedList([], [NEW])
    await kept_fresh(serving, asked, 3)
    assert serving.catalogue.listed == ("claude-new-9",)


@pytest.mark.parametrize("error", [UpstreamUnavailable("down"), ProxyError("odd"), ValueError("a mistake of ours")])
async def test_a_failure_leaves_it_as_it_is_and_the_next_try_follows(serving: AppState, error: Exception) -> None:
    await kept_fresh(serving, ScriptedList([NEW], error), 4)
    assert serving.catalogue.listed == ("claude-new-9",)
    await kept_fresh(serving, ScriptedList(error, error, []), 4)
    assert not serving.catalogue.listing()


async def test_a_failure_is_told_once(serving: AppState, caplog: pytest.LogCaptureFixture) -> None:
    down = UpstreamUnavailable("down")
    with caplog.at_level(logging.INFO, logger="claude_code_proxy.server.upstream_models"):
        await kept_fresh(serving, ScriptedList(down, down, [], down, down, down), 7)
    assert len(caplog.messages) == 2


async def test_a_failure_is_told_in_one_clean_word(serving: AppState, caplog: pytest.LogCaptureFixture) -> None:
    odd = UpstreamRejected("words", status=500, kind="odd\r\n2026 ERROR forged: \x1b[2J" + "x" * 500)
    with caplog.at_level(logging.INFO, logger="claude_code_proxy.server.upstream_models"):
        await kept_fresh(serving, ScriptedList(odd), 1)
    (line,) = caplog.messages
    assert "(odd??2026?ERROR?forged:??[2J" in line
    assert line.isprintable()
    assert len(line) < 200


async def test_a_model_that_the_list_leaves_out_is_still_known(serving: AppState) -> None:
    await kept_fresh(serving, ScriptedList([NEW]), 2)
    assert serving.catalogue.find("claude-sonnet-4-6").known


@pytest.mark.parametrize(
    "answer",
    [
        refusal(404, "not_found_error", "nothing here"),
        refusal(401, "authentication_error", "invalid x-api-key"),
        saying(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nnot json!"),
        saying(b'HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{"data":[5]'),
        saying(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n\xff\xfe"),
        saying(b"HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n"),
        saying(b"no http at all\r\n\r\n"),
    ],
)
async def test_the_built_in_list_serves_when_the_upstream_cannot_be_asked(
    upstream: ScriptedUpstream, answer: Script
) -> None:
    upstream.models = answer
    async with running(upstream.url) as proxy:
        await eventually(lambda: upstream.models_asked > 0)
        ids = [model["id"] for model in (await proxy.get("/v1/models")).json["data"]]
    assert ids == [model.id for model in BUILT_IN.listing()]


async def test_it_serves_when_there_is_no_upstream_at_all() -> None:
    async with running("http://127.0.0.1:9") as proxy:
        assert len((await proxy.get("/v1/models")).json["data"]) == len(BUILT_IN.listing())


async def test_pages_follow_each_other(upstream: ScriptedUpstream) -> None:
    pages = {
        b"GET /v1/models?limit=1000 ": b'{"data":[{"id":"claude-a/b 9"}],"has_more":true}',
        b"GET /v1/models?limit=1000&after_id=claude-a%2Fb%209 ": b'{"data":[{"id":"claude-c-9"}],"has_more":false}',
    }

    async def page(call: Call) -> None:
        body = next(body for line, body in pages.items() if call.head.startswith(line))
        await call.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))

    upstream.models = page
    async with running(upstream.url) as proxy:
        await eventually(lambda: proxy.assembly.state.catalogue.listed is not None)
        assert proxy.assembly.state.catalogue.listed == ("claude-a/b 9", "claude-c-9")
