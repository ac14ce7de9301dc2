"""What all exchanges share."""

from claude_code_proxy.errors import LacksFeature
from tests.server.running import running
from tests.server.scripted_upstream import ScriptedUpstream


async def test_ids_are_unique_among_processes_and_fit_for_headers(upstream: ScriptedUpstream) -> None:
    async with running(upstream.url) as one, running(upstream.url) as other:
        ids = [proxy.assembly.state.next_id() for proxy in (one, other) for _ in range(1000)]
    assert len(set(ids)) == 2000
    assert all(id_.isalnum() and id_.isascii() and len(id_) == 24 for id_ in ids)


async def test_a_lesson_is_kept(upstream: ScriptedUpstream) -> None:
    async with running(upstream.url) as proxy:
        serving = proxy.assembly.state
        assert serving.catalogue.find("claude-sonnet-4-6").structured_outputs
        serving.learn_limit("claude-sonnet-4-6", LacksFeature("structured_outputs"))
        assert not serving.catalogue.find("claude-sonnet-4-6").structured_outputs
        assert serving.catalogue.find("claude-opus-4-6").structured_outputs
