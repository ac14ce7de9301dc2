"""Each feature in the demo holds, through the real SDK and the whole proxy."""

import io

import pytest
from openai import AsyncOpenAI

from examples.features import Features
from examples.terminal import Terminal


class UnmetExpectation(Exception):
    pass


def expect(holds: bool, what: str) -> None:
    if not holds:
        raise UnmetExpectation(what)


@pytest.mark.parametrize(
    ("at", "summary"),
    [(0, "3 rounds"), (1, "fits the schema"), (2, "sources as annotations")],
)
async def test_a_feature(proxy_url: str, at: int, summary: str) -> None:
    dollars: list[float] = []
    async with AsyncOpenAI(base_url=proxy_url, api_key="unused", max_retries=0) as client:
        steps = Features(client, Terminal(io.StringIO()), charge=dollars.append, expect=expect).steps()
        assert summary in await steps[at][1]()
    assert dollars
    assert all(paid > 0 for paid in dollars)


async def test_what_does_not_hold_is_noticed(proxy_url: str) -> None:
    noticed: list[str] = []
    async with AsyncOpenAI(base_url=proxy_url, api_key="unused", max_retries=0) as client:
        pieces = Features(
            client, Terminal(io.StringIO()), charge=lambda _: None, expect=lambda _, what: noticed.append(what)
        )
        for _, take in pieces.steps():
            await take()
    assert len(noticed) == 5  # everything that is promised is held to something
