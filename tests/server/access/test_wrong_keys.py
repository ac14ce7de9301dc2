"""Wrong keys are slowed down, each address for itself; a right one never is."""

import asyncio
import time

import pytest

from claude_code_proxy.errors import Overloaded
from claude_code_proxy.http1.server.request import Request
from claude_code_proxy.secret import Secret
from claude_code_proxy.server.access.peers import Peers
from claude_code_proxy.server.access.wrong_keys import WrongKeys
from tests.server.running import Running, running
from tests.server.scripted_upstream import ScriptedUpstream

KEY = "key-of-a-caller"
FREE = 10


def sent_from(address: str) -> Request:
    return Request("POST", "/v1/chat/completions", peer=f"{address}:5000")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_first_ones_are_answered_at_once_and_one_more_each_second() -> None:
    clock = Clock()
    wrong = WrongKeys(Peers(()), clock)
    request = sent_from("203.0.113.9")
    assert [wrong.delays(request) for _ in range(FREE + 1)] == [False] * FREE + [True]
    assert not wrong.delays(sent_from("203.0.113.10")), "another address"
    clock.now += 1
    assert [wrong.delays(request) for _ in range(2)] == [False, True]
    clock.now += 3600
    assert [wrong.delays(request) for _ in range(FREE + 1)] == [False] * FREE + [True]


async def test_many_at_once_wait_for_each_other_and_not_for_ever() -> None:
    wrong = WrongKeys(Peers(()), Clock())
    request = sent_from("203.0.113.9")
    while not wrong.delays(request):
        pass
    waiting = [asyncio.create_task(wrong.wait(request)) for _ in range(30)]
    await asyncio.sleep(0.01)
    refused = [task for task in waiting if task.done()]
    assert len(refused) == 20
    error = refused[0].exception()
    assert isinstance(error, Overloaded)
    assert (error.status, error.retry_after) == (429, 11.0)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_the_waiting_and_the_remembered_are_bounded() -> None:
    wrong = WrongKeys(Peers(()), Clock())
    waiting = []
    for number in range(300):
        request = sent_from(f"203.0.{number // 250}.{number % 250}")
        while not wrong.delays(request):
            pass
        waiting.append(asyncio.create_task(wrong.wait(request)))
    await asyncio.sleep(0.01)
    assert sum(task.done() for task in waiting) == 100
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    for number in range(20_000):
        wrong.delays(sent_from(f"10.0.{number // 250}.{number % 250}"))
    assert not wrong.delays(sent_from("203.0.0.1")), "it was forgotten for others"
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(wrong.wait(await _slowed(wrong)), 0.05)


async def _slowed(wrong: WrongKeys) -> Request:
    request = sent_from("198.51.100.1")
    while not wrong.delays(request):
        pass
    return request


async def status(proxy: Running, key: str, *, stream: bool = False) -> int:
    return (await proxy.ask(headers={"authorization": f"Bearer {key}"}, stream=stream)).status


async def test_who_tries_keys_waits_and_who_has_one_does_not(upstream: ScriptedUpstream) -> None:
    async with running(upstream.url, proxy_api_key=(Secret(KEY),)) as proxy:
        assert {await status(proxy, f"guess-{number}") for number in range(FREE)} == {401}
        begun = time.monotonic()
        slowed = asyncio.create_task(status(proxy, "guess"))
        assert {await status(proxy, KEY) for _ in range(5)} == {200}
        assert (await proxy.get("/v1/models", headers={"x-api-key": KEY})).status == 200
        assert not slowed.done()
        assert await slowed == 401
        assert time.monotonic() - begun > 0.5
        assert {(await proxy.ask()).status for _ in range(20)} == {401}, "no key at all is no guess"


async def test_a_refusal_that_waits_reads_no_body_and_keeps_its_words(upstream: ScriptedUpstream) -> None:
    async with running(upstream.url, proxy_api_key=(Secret(KEY),)) as proxy:
        for number in range(FREE):
            await status(proxy, f"guess-{number}")
        wrong = {"authorization": "Bearer guess"}
        replies = await asyncio.gather(
            proxy.ask(headers=wrong, messages=[{"role": "user", "content": "x" * 3_000_000}]),
            proxy.get("/v1/models", headers=wrong),
            proxy.get("/nowhere", headers=wrong),
        )
    assert [reply.status for reply in replies] == [401, 401, 401]
    assert {reply.error["code"] for reply in replies} == {"invalid_api_key"}
    assert not upstream.calls


@pytest.mark.parametrize(("trusted", "slowed"), [((), True), (("127.0.0.1/32",), False)])
async def test_behind_a_trusted_proxy_each_caller_is_one(
    upstream: ScriptedUpstream, trusted: tuple[str, ...], slowed: bool
) -> None:
    async with running(upstream.url, proxy_api_key=(Secret(KEY),), trusted_proxies=trusted) as proxy:
        seconds = []
        for number in range(FREE + 1):
            headers = {"x-api-key": "guess", "x-forwarded-for": f"198.51.100.{number}"}
            begun = time.monotonic()
            assert (await proxy.ask(headers=headers)).status == 401
            seconds.append(time.monotonic() - begun)
        assert (seconds[-1] > 0.5) is slowed
