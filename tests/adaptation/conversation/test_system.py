"""System text: leading, late, marked."""

from typing import TYPE_CHECKING

import pytest
from msgspec import Raw

from claude_code_proxy import messages
from claude_code_proxy.adaptation.conversation import system
from tests.adaptation.requests import adapted, assistant, late_system, request, result, user

if TYPE_CHECKING:
    from claude_code_proxy.adjustment import Adjustment


def test_a_marked_block_is_recognised() -> None:
    notes: list[Adjustment] = []
    marked = system.as_user(late_system("The time is 12:00.", "b"), notes=notes)
    assert marked == user("<system>\nThe time is 12:00.\n</system>", "<system>\nb\n</system>")
    assert all(map(system.is_marked, marked.content))
    assert [(note.path, note.action, note.changes_meaning) for note in notes] == [("messages", "mapped", False)]


def test_other_text_is_not() -> None:
    assert not system.is_marked(messages.Text("<system>\nopen"))
    assert not system.is_marked(messages.Text("said </system>"))
    assert not system.is_marked(messages.Image(messages.UrlSource("https://a")))


def test_a_marked_block_keeps_its_breakpoint() -> None:
    block = messages.Text("a", cache_control=messages.CacheControl())
    assert system.as_user(late_system(block), notes=[]).content[0].cache_control == messages.CacheControl()


def test_where_a_system_message_may_stand() -> None:
    assert system.can_stand_between(user("a"), assistant("c"))
    assert system.can_stand_between(user("a"), None)
    assert not system.can_stand_between(None, assistant("c"))
    assert not system.can_stand_between(user("a"), user("c"))
    assert not system.can_stand_between(assistant("b"), None)


def test_trap_12_blank_system_text_is_dropped() -> None:
    sent = adapted(request(system=(messages.Text("a"), messages.Text(" \n"), messages.Text(""), messages.Text("b"))))
    assert sent.request.system == (messages.Text("a"), messages.Text("b"))
    assert [(one.action, one.reason) for one in sent.adjustments] == [("dropped", "text that is blank")]


def test_a_prompt_without_blanks_is_not_touched() -> None:
    asked = request(system=(messages.Text("a"),))
    assert system.without_blanks(asked, notes=[]) is asked


@pytest.mark.parametrize(
    ("last", "may_follow"),
    [
        (messages.WebSearchToolResult("srv_1", Raw(b"[]")), True),
        (messages.UnknownBlock("code_execution_tool_result", b"{}"), True),
        (messages.UnknownBlock("server_tool_use", b"{}"), False),
    ],
    ids=["web search", "another hosted tool", "no result"],
)
def test_a_system_message_may_follow_what_the_service_did_itself(last: messages.Block, may_follow: bool) -> None:
    assert system.can_stand_between(assistant("a", last), None) is may_follow


def test_a_native_system_message_loses_its_breakpoints() -> None:
    notes: list[Adjustment] = []
    marked = late_system(messages.Text("a", cache_control=messages.CacheControl()), messages.Text("b"))
    assert system.unmarked(marked, notes=notes) == late_system("a", "b")
    assert [(note.path, note.action) for note in notes] == [("messages", "dropped")]


def test_a_native_system_message_without_breakpoints_is_not_touched() -> None:
    notes: list[Adjustment] = []
    plain = late_system("a")
    assert system.unmarked(plain, notes=notes) is plain
    assert notes == []


def test_a_text_parts_tool_results_from_a_system_message() -> None:
    notes: list[Adjustment] = []
    parted = system.parted_from_results(user("a", result()), notes=notes)
    assert parted == user("a", result(), "(end of the tool results)")
    assert [(note.path, note.action) for note in notes] == [("messages", "inserted")]


def test_other_turns_need_no_text_before_a_system_message() -> None:
    notes: list[Adjustment] = []
    turn = user(result(), "a")
    assert system.parted_from_results(turn, notes=notes) is turn
    assert notes == []
