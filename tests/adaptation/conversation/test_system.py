"""System text: leading, late, marked."""

from typing import TYPE_CHECKING

from claude_code_proxy import messages
from claude_code_proxy.adaptation.conversation import system
from tests.adaptation.requests import adapted, assistant, late_system, request, user

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
