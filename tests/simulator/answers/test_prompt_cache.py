"""What the stand-in for the prompt cache reads and writes."""

from typing import Any

from claude_code_proxy.simulator.answers.prompt_cache import CacheUsage, PromptCache
from tests.simulator.requests import NEW, PLAIN, WEATHER, Json, accept, assistant, make_request, text, user

LONG = "word " * 2000  # 2,500 tokens or more
MARK = {"cache_control": {"type": "ephemeral"}}
HOUR = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}


def used(cache: PromptCache, body: Json, *, now: float = 0.0) -> CacheUsage:
    return cache.use(accept(body), now)


def with_system(*messages: Any, **fields: Any) -> Json:
    return make_request(*messages, system=[text(LONG, **fields.pop("mark", MARK))], **fields)


def test_written_once_then_read() -> None:
    cache = PromptCache()
    first = used(cache, with_system("a"))
    assert (first.read, first.long) == (0, 0)
    assert first.short > 2000
    assert used(cache, with_system("b")) == CacheUsage(read=first.short)


def test_an_entry_lives_five_minutes_or_an_hour() -> None:
    cache = PromptCache()
    written = used(cache, with_system("a")).short
    assert used(cache, with_system("a"), now=299).read == written
    assert used(cache, with_system("a"), now=299 + 301).read == 0
    long = used(cache, with_system("c", mark=HOUR, tools=[WEATHER]), now=0)
    assert long.long > 0
    assert used(cache, with_system("c", mark=HOUR, tools=[WEATHER]), now=3000).read == long.long


def test_what_is_under_the_minimum_is_not_cached() -> None:
    cache = PromptCache()
    body = make_request(system=[text("word " * 600, **MARK)])
    assert used(cache, body) == used(cache, body) == CacheUsage()
    assert used(cache, {**body, "model": NEW}).short > 0


def test_a_change_before_the_breakpoint_misses() -> None:
    cache = PromptCache()
    used(cache, with_system("a"))
    for changed in (
        with_system("a", tools=[WEATHER]),
        make_request("a", system=[text(LONG + "!", **MARK)]),
        {**with_system("a"), "model": "claude-opus-4-6"},
    ):
        assert used(cache, changed).read == 0


def test_the_messages_part_depends_on_the_mode_and_the_rest_does_not() -> None:
    cache = PromptCache()
    body = make_request(user(text(LONG, **MARK)), system=[text(LONG, **MARK)])
    first = used(cache, body)
    again = used(cache, {**body, "thinking": {"type": "adaptive"}})
    assert 0 < again.read < first.short
    assert used(cache, body).read == first.short


def test_a_growing_conversation_reads_what_the_last_request_wrote() -> None:
    cache = PromptCache()
    body = {**make_request(LONG), **MARK}
    first = used(cache, body)
    grown = {**body, "messages": [*body["messages"], assistant("b"), user("c")]}
    second = used(cache, grown)
    assert second.read == first.short
    assert 0 < second.short < 20


def test_it_looks_back_twenty_blocks_and_no_further() -> None:
    cache = PromptCache()
    start = [text(LONG, **MARK)]
    used(cache, make_request(user(*start)))
    plain = [text(LONG)]
    near = [*plain, *(text(f"n{number}") for number in range(19)), text("end", **MARK)]
    far = [*plain, *(text(f"f{number}") for number in range(20)), text("end", **MARK)]
    assert used(cache, make_request(user(*near))).read > 0
    assert used(cache, make_request(user(*far))).read == 0


def test_breakpoints_in_tool_results_and_on_tools() -> None:
    cache = PromptCache()
    tool = {**WEATHER, "description": LONG, **MARK}
    assert used(cache, make_request(tools=[tool], model=PLAIN)).short > 2000
    assert used(cache, make_request("b", tools=[tool], model=PLAIN)).read > 2000
