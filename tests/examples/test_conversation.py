"""The demo's conversation passes with a proxy, and only with a proxy."""

import io
from pathlib import Path

from openai import AsyncOpenAI

from examples.conversation import Conversation
from examples.terminal import Terminal
from tests.cli.processes import started


async def held(url: str) -> tuple[bool, str, float]:
    out = io.StringIO()
    async with AsyncOpenAI(base_url=url, api_key="unused", max_retries=0) as client:
        conversation = Conversation(client, Terminal(out))
        return await conversation.hold(), out.getvalue(), conversation.dollars


async def test_every_step_brings_what_it_should(proxy_url: str) -> None:
    good, text, dollars = await held(proxy_url)
    assert good, text
    assert text.count("✓") == 8
    assert "✗" not in text
    assert dollars > 0


async def test_what_is_told_is_what_happened(proxy_url: str) -> None:
    _, text, _ = await held(proxy_url)
    for part in (
        "adjusted: temperature=dropped",
        "1, 2, 3, 4",
        'get_weather({"city": "Lisbon"})',
        "21 degrees",
        "image/png",
        "find_flight({",
        "find_hotel({",
        "check_weather({",
        "3 rounds",
        "sources as annotations",
        "fits the schema",
        "status 404 · code model_not_found · param model",
    ):
        assert part in text


async def test_each_step_fails_where_no_proxy_answers(tmp_path: Path) -> None:
    """The simulation alone speaks no OpenAI: even the step that expects an error does not get the right one."""
    with started(tmp_path, "simulate", "--port", "0") as (_, url):
        good, text, dollars = await held(f"{url}/v1")
    assert not good
    assert text.count("✗") == 8
    assert "✓" not in text
    assert dollars == 0
