"""Each showpiece of the demo shows what it says, through the real SDK and the whole proxy."""

import io

import pytest
from openai import AsyncOpenAI

from examples.features import ROUNDS, Showpieces
from examples.terminal import Stage


class Missed(Exception):
    pass


def expect(holds: bool, what: str) -> None:
    if not holds:
        raise Missed(what)


@pytest.mark.parametrize(
    ("at", "told"),
    [(0, f"{ROUNDS} rounds"), (1, "checked against the schema"), (2, "sources as annotations")],
)
async def test_a_showpiece(proxy_url: str, at: int, told: str) -> None:
    dollars: list[float] = []
    async with AsyncOpenAI(base_url=proxy_url, api_key="unused", max_retries=0) as client:
        steps = Showpieces(client, Stage(io.StringIO()), charge=dollars.append, expect=expect).steps()
        assert told in await steps[at][1]()
    assert dollars
    assert all(paid > 0 for paid in dollars)


async def test_what_does_not_hold_is_noticed(proxy_url: str) -> None:
    noticed: list[str] = []
    async with AsyncOpenAI(base_url=proxy_url, api_key="unused", max_retries=0) as client:
        pieces = Showpieces(
            client, Stage(io.StringIO()), charge=lambda _: None, expect=lambda _, what: noticed.append(what)
        )
        for _, take in pieces.steps():
            await take()
    assert len(noticed) == 5  # everything that is promised is held to something
