"""Every call answered once, right after it."""

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from claude_code_proxy import messages
from claude_code_proxy.adaptation.conversation.pairing import is_paired, paired
from tests.adaptation import requests as ask
from tests.adaptation.requests import PNG, accepted, adapted, assistant, call, request, result, tool, user

if TYPE_CHECKING:
    from claude_code_proxy.adjustment import Adjustment

LOOK = (tool(),)
NONE = ("No result of this call was recorded.",)


def sent(*conversation: messages.InputMessage) -> tuple[messages.InputMessage, ...]:
    made = adapted(request(*conversation, tools=LOOK), prompt_cache=False)
    accepted(made)
    return made.request.messages


def test_trap_03_a_call_without_a_result_gets_one_that_says_so() -> None:
    talk = sent(user("a"), assistant(call("x"), call("y")), user(result("x", "1"), "b"))
    assert talk[2] == user(result("x", "1"), result("y", *NONE, is_error=True), "b")


def test_trap_03_calls_at_the_end_of_a_conversation_are_answered() -> None:
    assert sent(user("a"), assistant(call("x")))[-1] == user(result("x", *NONE, is_error=True))


def test_words_after_a_call_that_was_never_answered_stay_after_it() -> None:
    talk = sent(user("a"), assistant(call("x")), assistant("It is sunny."), user("b"))
    assert talk[1:] == (
        assistant(call("x")),
        user(result("x", *NONE, is_error=True)),
        assistant("It is sunny."),
        user("b"),
    )


def test_words_after_a_call_that_is_answered_later_stand_before_it() -> None:
    talk = sent(user("a"), assistant(call("x"), "Wait."), user(result("x", "1")))
    assert talk[1:] == (assistant("Wait.", call("x")), user(result("x", "1")))


def test_of_two_calls_with_words_between_them_only_the_unanswered_one_is_parted() -> None:
    talk = sent(user("a"), assistant(call("x"), "Then:", call("y")), user(result("y", "1")))
    assert talk[1:] == (
        assistant(call("x")),
        user(result("x", *NONE, is_error=True)),
        assistant("Then:", call("y")),
        user(result("y", "1")),
    )


def test_trap_04_a_result_without_its_call_becomes_text() -> None:
    talk = sent(user("a"), assistant("b"), user(result("gone", "42"), "c"))
    assert talk[-1] == user("Result of tool call gone, which is no longer in the conversation:\n42", "c")


def test_trap_04_the_pictures_of_such_a_result_stay() -> None:
    picture = messages.Image(messages.Base64Source("image/png", PNG))
    text = "Result of tool call gone, which is no longer in the conversation:\n"
    for words, said in (((messages.Text("42"),), "42"), ((), "(below)")):
        talk = sent(user("a"), assistant("b"), user(messages.ToolResult("gone", (*words, picture)), "c"))
        assert talk[-1] == user(text + said, picture, "c")
    assert sent(user("a"), assistant("b"), user(result("gone")))[-1] == user(text + "(nothing)")


def test_a_result_before_its_call_is_one_without_a_call() -> None:
    talk = sent(user(result("x", "1")), assistant(call("x")), user(result("x", "2")))
    assert talk[0].content[0] == messages.Text("Result of tool call x, which is no longer in the conversation:\n1")
    assert talk[2] == user(result("x", "2"))


def test_trap_05_of_two_results_the_last_is_kept() -> None:
    talk = sent(user("a"), assistant(call("x")), user(result("x", "1"), result("x", "2")))
    assert talk[-1] == user(result("x", "2"))


def test_trap_05_a_result_that_is_repeated_later_replaces_the_first() -> None:
    talk = sent(user("a"), assistant(call("x")), user(result("x", "1")), assistant("b"), user(result("x", "2"), "c"))
    assert talk[2:] == (user(result("x", "2")), assistant("b"), user("c"))


def test_trap_05_equal_ids_of_different_turns_are_told_apart() -> None:
    talk = sent(user("a"), assistant(call("x")), user(result("x", "1")), assistant(call("x")), user(result("x", "2")))
    assert talk[2] == user(result("x", "1"))
    assert talk[3:] == (assistant(call("x_2")), user(result("x_2", "2")))


def test_trap_05_equal_ids_of_one_turn_are_answered_in_order() -> None:
    talk = sent(user("a"), assistant(call("x"), call("x")), user(result("x", "1"), result("x", "2")))
    assert talk[1:] == (assistant(call("x"), call("x_2")), user(result("x", "1"), result("x_2", "2")))


def test_trap_06_ids_are_rewritten_alike_on_both_sides() -> None:
    talk = sent(
        user("a"), assistant(call("functions.x:0"), call("")), user(result("", "2"), result("functions.x:0", "1"))
    )
    assert talk[1:] == (
        assistant(call("functions_x_0"), call("call")),
        user(result("functions_x_0", "1"), result("call", "2")),
    )


def test_trap_06_a_rewritten_id_that_is_taken_gets_another() -> None:
    talk = sent(user("a"), assistant(call("a_b"), call("a.b")), user(result("a.b", "2"), result("a_b", "1")))
    assert talk[1] == assistant(call("a_b"), call("a_b_2"))
    assert talk[2] == user(result("a_b", "1"), result("a_b_2", "2"))


def test_a_late_result_goes_back_to_its_call_and_that_is_told() -> None:
    talk = sent(
        user("a"), assistant(call("x")), user("b"), assistant("c"), user(result("x", "1")), assistant("d"), user("e")
    )
    assert talk == (
        user("a"),
        assistant(call("x")),
        user(result("x", "1"), "b"),
        assistant("c", "d"),
        user("e"),
    )
    late = adapted(request(user("a"), assistant(call("x")), user("b"), assistant("c"), user(result("x")), tools=LOOK))
    assert "a late tool result went back to its call" in [one.reason for one in late.adjustments]
    beside = adapted(request(user("a"), assistant(call("x")), user("b", result("x")), tools=LOOK))
    assert beside.adjustments == ()


def test_words_after_a_call_come_before_it() -> None:
    talk = sent(user("a"), assistant(call("x"), "b"), user(result("x")))
    assert talk[1] == assistant("b", call("x"))


def test_results_in_another_order_are_fine() -> None:
    talk = [user("a"), assistant(call("x"), call("y")), user(result("y"), result("x"), "b")]
    assert is_paired(talk)


def test_thinking_between_two_calls_stays_there() -> None:
    thought = messages.Thinking("", "signed")
    turn = assistant(thought, call("x"), thought, call("y"))
    notes: list[Adjustment] = []
    conversation = (user("a"), turn, user(result("x"), result("y")))
    assert is_paired(conversation)
    moved = (user("a"), assistant(call("x"), thought, "b", call("y")), user(result("y"), result("x"), "c"))
    assert paired(moved, notes=notes)[1] == assistant("b", call("x"), thought, call("y"))
    assert paired((user("a"), turn, user(result("y"))), notes=notes)[1] == turn


def test_what_the_service_does_itself_may_follow_a_call() -> None:
    hosted = messages.ServerToolUse("srvtoolu_1", "web_search", call().input)
    assert is_paired([user("a"), assistant(call("x"), hosted), user(result("x"))])
    assert not is_paired([user("a"), assistant(call("x"), hosted, "b"), user(result("x"))])


@given(ask.conversations)
def test_whatever_is_paired_is_sound(conversation: tuple[messages.InputMessage, ...]) -> None:
    made = adapted(request(*conversation, tools=LOOK), prompt_cache=False)
    assert is_paired(made.request.messages)
    assert all(message.content for message in made.request.messages)


@given(st.lists(st.sampled_from("ab.:"), min_size=1, max_size=6))
def test_each_call_keeps_its_own_result(ids: list[str]) -> None:
    """Every call is a turn of its own, with a result that names its place."""
    talk = [turn for at, id in enumerate(ids) for turn in (assistant(call(id)), user(result(id, str(at))))]
    notes: list[Adjustment] = []
    mended = paired([user("go"), *talk], notes=notes)
    texts = [block.content[0] for turn in mended for block in turn.content if isinstance(block, messages.ToolResult)]
    assert texts == [messages.Text(str(at)) for at in range(len(ids))]
    assert is_paired(mended)
