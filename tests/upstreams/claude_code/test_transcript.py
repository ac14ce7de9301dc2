"""The rows that a new process reads as its past."""

from typing import Any
from uuid import UUID

from msgspec import Raw

from claude_code_proxy import messages
from claude_code_proxy.upstreams.claude_code.transcript import Context, TranscriptOrigin, rows
from tests.upstreams.claude_code.scripted import assistant, result, user

ORIGIN = TranscriptOrigin(UUID(int=7), "claude-sonnet-5-5", "2026-11-22T12:00:00.000Z", "/empty", "2.1.330")
ENVIRONMENT = {"type": "environment", "snapshot": {}}
CALL = messages.ToolUse("toolu_a", "Read", Raw(b'{"a":1}'))
PAST = [
    user("One"),
    assistant(messages.Thinking("hm", "sig"), CALL),
    messages.InputMessage("user", (result("toolu_a"),)),
]


def test_turns_are_told_as_they_were() -> None:
    transcript = rows(PAST, ORIGIN)
    assert [row["type"] for row in transcript] == ["user", "assistant", "user"]
    assert transcript[1]["message"]["content"] == [
        {"type": "thinking", "thinking": "hm", "signature": "sig"},
        {"type": "tool_use", "id": "toolu_a", "name": "own_Read", "input": {"a": 1}},
    ]
    assert transcript[1]["message"]["stop_reason"] == "tool_use"
    assert transcript[2]["message"]["content"][0]["tool_use_id"] == "toolu_a"


def test_each_row_follows_another() -> None:
    transcript = rows(PAST, ORIGIN, context=[{"attachment": ENVIRONMENT}])
    assert [row["parentUuid"] for row in transcript] == [None, *(row["uuid"] for row in transcript[:-1])]
    assert len({row["uuid"] for row in transcript}) == len(transcript)
    assert {row["sessionId"] for row in transcript} == {str(ORIGIN.session)}


def test_what_claude_code_says_of_itself_stands_behind_the_first_turn() -> None:
    transcript = rows(PAST, ORIGIN, context=Context(ENVIRONMENT).attachments("m", "2026-11-22"))
    assert [row["type"] for row in transcript] == ["user", "attachment", "attachment", "assistant", "user"]
    assert [row["attachment"]["type"] for row in transcript if "attachment" in row] == ["environment", "date"]


def test_it_is_learnt_as_claude_code_writes_it() -> None:
    context = Context(ENVIRONMENT)
    visible_name: list[dict[str, Any]] = [
        {"type": "attachment", "attachment": {"type": "model", "text": "x"}, "uuid": "u", "rendered": [1]},
        {"type": "attachment", "attachment": {"type": "prompt_snapshot"}},
        {"type": "user"},
    ]
    context.learn("m", visible_name)
    assert context.attachments("m", "d")[1] == {"attachment": {"type": "model", "text": "x"}, "rendered": [1]}
    assert len(context.attachments("m", "d")) == 3
    assert len(context.attachments("another", "d")) == 2
