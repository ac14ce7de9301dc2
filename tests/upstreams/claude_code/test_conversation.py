"""What a process is told and asked, and that a conversation is known again however a client writes it back."""

import pytest
from msgspec import Raw

from claude_code_proxy import messages
from claude_code_proxy.upstreams.claude_code.conversation import LARGEST_RESULT, blocks, digest, split
from tests.upstreams.claude_code.scripted import assistant, result, user

CALL = messages.ToolUse("toolu_a", "get", Raw(b'{"b":1,"a":2}'))


def test_words_are_asked_and_the_rest_has_been() -> None:
    conversation = split([user("One"), assistant(messages.Text("Two")), user("Three")])
    assert [block.text for block in conversation.prompt if isinstance(block, messages.Text)] == ["Three"]
    assert conversation.past == conversation.head
    assert len(conversation.past) == 2


def test_results_alone_are_the_end_of_the_past() -> None:
    answered = messages.InputMessage("user", (result("toolu_a"),))
    conversation = split([user("One"), assistant(CALL), answered])
    assert (conversation.prompt, conversation.past[-1], len(conversation.head)) == ((), answered, 2)
    assert conversation.answers(["toolu_a"])
    assert not conversation.answers(["toolu_a", "toolu_b"])


def test_results_and_words_are_told_and_asked() -> None:
    both = messages.InputMessage("user", (result("toolu_a"), messages.Text("And?")))
    conversation = split([user("One"), assistant(CALL), both])
    assert conversation.past[-1] == messages.InputMessage("user", (result("toolu_a"),))
    assert conversation.prompt == (messages.Text("And?"),)
    assert not conversation.answers(["toolu_a"])


@pytest.mark.parametrize(
    "odd",
    [
        messages.ToolResult("toolu_a", (messages.Image(messages.UrlSource("https://x/y.png")),)),
        messages.ToolResult("toolu_a", (messages.Text("x" * (LARGEST_RESULT + 1)),)),
        messages.ToolResult("toolu_a", (messages.Image(messages.Base64Source("image/png", "AA")),), is_error=True),
        messages.ToolResult("toolu_a", (messages.Document(messages.TextSource("x")),)),
    ],
)
def test_results_that_a_live_call_would_change_are_told_instead(odd: messages.ToolResult) -> None:
    assert not split([user("One"), assistant(CALL), messages.InputMessage("user", (odd,))]).answers(["toolu_a"])


SAID = [user("One"), assistant(messages.Text("Two"), CALL)]


@pytest.mark.parametrize(
    "again",
    [
        [user(" One\n"), SAID[1]],
        [user("One"), assistant(messages.Thinking("hm", "sig"), messages.Text("Two"), CALL)],
        [user("One"), assistant(messages.Text("T"), messages.Text("wo"), CALL)],
        [user("One"), assistant(messages.Text("Two"), messages.ToolUse("toolu_a", "get", Raw(b'{"a":2, "b":1}')))],
        [messages.InputMessage("user", (messages.Text("One", cache_control=messages.CacheControl()),)), SAID[1]],
    ],
)
def test_the_same_conversation_is_known_again(again: list[messages.InputMessage]) -> None:
    assert digest(b"k", again) == digest(b"k", SAID)


@pytest.mark.parametrize(
    "other",
    [
        [user("One!"), SAID[1]],
        [user("One"), assistant(messages.Text("Two"))],
        [user("One"), assistant(messages.Text("Two"), messages.ToolUse("toolu_b", "get", CALL.input))],
        [assistant(messages.Text("One")), SAID[1]],
        SAID[:1],
    ],
)
def test_another_conversation_is_another(other: list[messages.InputMessage]) -> None:
    assert digest(b"k", other) != digest(b"k", SAID)
    assert digest(b"j", SAID) != digest(b"k", SAID)


def test_breakpoints_stay_behind() -> None:
    inner = messages.Text("x", cache_control=messages.CacheControl())
    cached = messages.ToolResult("toolu_a", (inner,), cache_control=messages.CacheControl())
    (made,) = blocks([cached])
    assert made == {"type": "tool_result", "tool_use_id": "toolu_a", "content": [{"type": "text", "text": "x"}]}
