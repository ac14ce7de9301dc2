"""Costly checks of answers: in a process of their own, bounded, and told where they could not be done."""

import asyncio
import json
import time
from typing import Any

import pytest

from claude_code_proxy import messages
from claude_code_proxy.adaptation.reply.filters import OutputCheck, OutputMismatch, ReplyFilter
from claude_code_proxy.adaptation.reply.schema_check import CheckResults, complaint
from claude_code_proxy.server.exchange.reply.output_checks import OutputChecks
from tests.adaptation.replies import message
from tests.adaptation.reply.test_schema_check import RECURSIVE, nested
from tests.adaptation.requests import request
from tests.server.running import running
from tests.server.scripted_upstream import MESSAGE, Script, ScriptedUpstream, whole

CONSTANTS = {"type": "array", "items": {"anyOf": [{"const": index} for index in range(1500)]}}


def answering(text: str) -> Script:
    return whole(MESSAGE | {"content": [{"type": "text", "text": text}]})


def filtering(schema: Any) -> Any:
    """Return a maker of filters that check the text against the schema."""
    raw = json.dumps(schema).encode()

    def make(results: CheckResults | None = None) -> ReplyFilter:
        known = CheckResults() if results is None else results

        def judge(reply: messages.Message) -> OutputMismatch | None:
            text = "".join(block.text for block in reply.content if isinstance(block, messages.Text))
            wrong = complaint(raw, text, path="output_config.format", results=known)
            if wrong is None:
                return None
            return OutputMismatch(wrong, path="output_config.format", code="x", repair=request(), was_held=True)

        return OutputCheck(judge)

    return make


async def checked(schema: Any, text: str, *, seconds: float = 60) -> CheckResults:
    results = CheckResults()
    await OutputChecks(seconds=seconds).run(results, filtering(schema), message=message(text))
    assert results.is_final
    return results


async def test_a_cheap_check_needs_no_process() -> None:
    results = await checked({"type": "integer"}, "1", seconds=0)
    assert (list(results.known.values()), results.skipped) == ([None], [])


@pytest.mark.parametrize(("value", "words"), [(1499, None), (-1, "at /0: -1 is not valid")])
async def test_a_costly_check_has_its_result(value: int, words: str | None) -> None:
    results = await checked(CONSTANTS, json.dumps([value] * 1500))
    (wrong,) = results.known.values()
    assert wrong is None if words is None else (wrong or "").startswith(words)
    assert results.skipped == []


async def test_a_check_that_takes_too_long_is_skipped() -> None:
    results = await checked(CONSTANTS, json.dumps([0] * 1500), seconds=0.001)
    assert list(results.known.values()) == [None]
    assert results.skipped == list(results.known)


async def test_what_is_known_to_be_wrong_is_so_without_the_reason() -> None:
    results = await checked(RECURSIVE["one"], nested(30, "1"))
    assert list(results.known.values()) == ["it is not valid by the JSON Schema."]
    assert results.skipped == []


async def test_few_processes_run_at_once_and_all_are_done() -> None:
    text = json.dumps([0] * 1500)
    checks = OutputChecks(seconds=120)
    all_results = [CheckResults() for _ in range(5)]
    await asyncio.gather(*(checks.run(each, filtering(CONSTANTS), message=message(text)) for each in all_results))
    assert [list(each.known.values()) for each in all_results] == [[None]] * 5


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_that_would_take_for_ever_is_an_error_soon(upstream: ScriptedUpstream, *, stream: bool) -> None:
    """And the server goes on serving meanwhile."""
    bad = nested(40, "1")
    upstream.answers(answering(bad))
    wanted = {"type": "json_schema", "json_schema": {"name": "a", "schema": RECURSIVE["one"]}}
    began = time.monotonic()
    async with running(upstream.url) as proxy:
        task = asyncio.create_task(proxy.ask(response_format=wanted, stream=stream))
        while not task.done():
            assert (await proxy.get("/health")).status == 200
        reply = await task
        record = next(each for each in proxy.records if each.endpoint == "chat_completions")
    assert time.monotonic() - began < 60
    assert (record.error_code, b"is not valid by the JSON Schema" in reply.body) == ("model_output_invalid", True)


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_that_could_not_be_checked_passes_and_is_told(
    upstream: ScriptedUpstream, *, stream: bool
) -> None:
    text = json.dumps([0] * 1500)
    upstream.answers(answering(text))
    wanted = {"type": "json_schema", "json_schema": {"name": "a", "schema": CONSTANTS}}
    async with running(upstream.url) as proxy:
        proxy.assembly.state.output_checks = OutputChecks(seconds=0.001)
        reply = await proxy.ask(response_format=wanted, stream=stream)
        record = await proxy.record()
    assert reply.status == 200
    assert "response_format:unchecked" in {f"{each.path}:{each.action}" for each in record.adjustments}
