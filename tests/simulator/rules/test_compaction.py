"""Compaction on demand: who may ask, and that a signed block comes back first, once and unchanged."""

from typing import Any

import pytest

from claude_code_proxy.simulator.rules.compaction import signed_by
from tests.simulator.requests import OLD, PLAIN, Json, accept, assistant, get_refusal, make_request, user

BETA = "compact-2026-09-04"
SUMMARIZE = {"type": "summarize"}


def block(content: str = "They said hello.", **changed: Any) -> Json:
    made: Json = {"type": "compaction", "content": content, "encrypted_content": None, "tool_changes": []}
    return {**made, "signature": signed_by(made, b"simulated"), **changed}


def code(body: Json, *betas: str) -> str | None:
    details = get_refusal(body, *betas).details
    return details["error_code"] if details else None


def test_a_block_comes_first_and_a_conversation_can_be_summarized_again() -> None:
    accept(make_request(assistant(block()), user("Go on."), compaction=SUMMARIZE), BETA)


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([user("Hello"), assistant(block()), user("Go on.")], "compaction_block_misplaced"),
        ([assistant({"type": "text", "text": "Hi"}, block()), user("Go on.")], "compaction_block_misplaced"),
        ([assistant(block(), block()), user("Go on.")], "compaction_block_ambiguous"),
        ([assistant(block(signature="c2ln")), user("Go on.")], "compaction_signature_invalid"),
        ([assistant(block(signature=None)), user("Go on.")], "compaction_signature_invalid"),
        ([assistant(block() | {"content": "Something else."}), user("Go on.")], "compaction_content_mismatch"),
    ],
)
def test_a_block_elsewhere_or_changed_is_refused(messages: list[Json], expected: str) -> None:
    assert code(make_request(*messages), BETA) == expected


def test_only_a_whole_conversation_is_summarized() -> None:
    ends_with_text = make_request("Hello", assistant("Hi"), model=OLD, compaction=SUMMARIZE)
    assert "not supported" in get_refusal(ends_with_text, BETA).message
    together = make_request("Hello", compaction=SUMMARIZE, context_management={"edits": []})
    assert "together" in get_refusal(together, BETA, "context-management-2025-06-27").message


def test_without_its_beta_the_field_is_unknown() -> None:
    body = make_request("Hello", compaction=SUMMARIZE, model=PLAIN)
    assert "Extra inputs" in get_refusal(body).message
    assert "Extra inputs" in get_refusal(body, "compact-2026-01-12").message
