"""Which beta values are known, and what they open."""

from claude_code_proxy.simulator.betas import GENERAL, INTERLEAVED, KNOWN, OAUTH, OPENS, features


def test_what_each_opens() -> None:
    assert features(frozenset()) == frozenset()
    assert features(frozenset({"thinking-binding-controls-2026-08-01"})) == {"block_binding"}
    assert features(frozenset({"compact-2026-01-12"})) == {"compaction", "context_management"}
    assert features(KNOWN) == set(OPENS)


def test_all_that_are_named_are_known() -> None:
    assert {INTERLEAVED, OAUTH, *GENERAL} <= KNOWN
    assert features(GENERAL) == frozenset()
