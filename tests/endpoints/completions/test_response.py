"""The whole completion."""

import pytest
from msgspec import Raw

from claude_code_proxy import messages
from tests.endpoints.completions.completion_replies import Choice, decode_completion, read_whole
from tests.endpoints.replies import CONTEXT, message

CONTENTS: list[tuple[tuple[messages.Block, ...], str]] = [
    ((messages.Text(" upon"), messages.Text(" a time")), " upon a time"),
    ((messages.Thinking("Hm.", "x"), messages.Text("A")), "A"),
    ((messages.ToolUse("toolu_1", "look", Raw(b"{}")),), ""),
    ((), ""),
]


@pytest.mark.parametrize(("content", "text"), CONTENTS)
def test_text_and_nothing_else(content: tuple[messages.Block, ...], text: str) -> None:
    choices, usage = read_whole(decode_completion().reply((message(*content),), CONTEXT))
    assert choices == [Choice(text, "stop")]
    assert usage["total_tokens"] == 15


def test_reasons() -> None:
    reasons = {"max_tokens": "length", "refusal": "content_filter", "tool_use": "stop"}
    for stop_reason, reason in reasons.items():
        (choice,), _ = read_whole(
            decode_completion().reply((message(messages.Text("A"), stop_reason=stop_reason),), CONTEXT)
        )
        assert choice == Choice("A", reason)


def test_a_refusal_has_words() -> None:
    refused = message(stop_reason="refusal", stop_details=messages.StopDetails(explanation="No."))
    assert read_whole(decode_completion().reply((refused,), CONTEXT))[0] == [Choice("No.", "content_filter")]


def test_echo_puts_the_prompt_before_every_choice() -> None:
    replies = (message(messages.Text(" A")), message(messages.Text(" B")))
    choices, usage = read_whole(decode_completion(echo=True, n=2).reply(replies, CONTEXT))
    assert [choice.text for choice in choices] == ["Once A", "Once B"]
    assert usage["total_tokens"] == 30
