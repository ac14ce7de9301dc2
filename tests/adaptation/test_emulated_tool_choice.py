"""Forced tools where forcing is refused: asked for in words, held to in the answer."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adaptation.adapt import Adapted
from claude_code_proxy.adaptation.emulated_tool_choice import CallsOnly, EmulatedToolChoice
from claude_code_proxy.adaptation.reply.filters import OutputMismatch, ReplyFilter
from claude_code_proxy.adaptation.reply.schema_check import CheckResults
from tests.adaptation.replies import events, message, streamed
from tests.adaptation.requests import (
    NEWEST,
    PLAIN,
    accepted,
    adapted,
    assistant,
    call,
    request,
    result,
    told,
    tool,
    user,
)

TOOLS = (tool("look"), tool("find"))
LOOK = messages.ChooseTool("look")
SIGNED = messages.Thinking("Hm.", "signed")


def forced(choice: messages.ToolChoice = LOOK, model: str = NEWEST, **fields: Any) -> Adapted:
    sent = adapted(request(model=model, tools=TOOLS, tool_choice=choice, **fields))
    accepted(sent)
    return sent


def reply_filter(sent: Adapted) -> ReplyFilter:
    assert sent.filter is not None
    return sent.filter()


def mismatch(sent: Adapted, reply: messages.Message) -> OutputMismatch:
    with pytest.raises(OutputMismatch) as caught:
        reply_filter(sent).message(reply)
    return caught.value


def test_trap_31_a_model_that_can_be_forced_is() -> None:
    sent = forced(model=PLAIN)
    assert (sent.request.tool_choice, sent.filter, sent.adjustments) == (LOOK, None, ())


def test_trap_31_one_that_cannot_is_told_and_held_to_it() -> None:
    sent = forced()
    assert sent.request.tool_choice == messages.ChooseAuto()
    assert sent.request.messages[-1].role == "system"
    assert sent.request.messages[-1].content == (
        messages.Text("Answer with a call of the tool `look` now, and with no other text."),
    )
    assert [one.strict for one in sent.request.tools if isinstance(one, messages.Tool)] == [True, False]
    assert told(sent) == ["tool_choice=emulated"]
    assert not sent.adjustments[0].changes_meaning


def test_any_tool_makes_all_of_them_strict() -> None:
    sent = forced(messages.ChooseAny(disable_parallel_tool_use=True))
    assert [one.strict for one in sent.request.tools if isinstance(one, messages.Tool)] == [True, True]
    assert told(sent) == ["tool_choice=emulated"]
    assert sent.request.tool_choice == messages.ChooseAuto(disable_parallel_tool_use=True)
    assert reply_filter(sent).message(message(call(name="find"), stop_reason="tool_use")).content == (
        call(name="find"),
    )


def test_a_tool_that_cannot_be_strict_is_forced_without_and_nothing_is_told_of_it() -> None:
    """Nobody asked for strictness, so there is nothing that was not given."""
    open_map = {"type": "object", "additionalProperties": {"type": "string"}}
    many = {"type": "object", "properties": {f"p{at}": {"type": "string"} for at in range(20)}}
    closed = {"type": "object", "properties": {"at": {"type": "string"}}, "additionalProperties": False}
    tools = (tool("map", open_map), tool("one", many), tool("two", many), tool("three", closed, strict=True))
    sent = adapted(request(model=NEWEST, tools=tools, tool_choice=messages.ChooseAny()))
    accepted(sent)
    assert [one.strict for one in sent.request.tools if isinstance(one, messages.Tool)] == [False, True, False, True]
    assert told(sent) == ["tool_choice=emulated"]


def test_a_hosted_tool_is_any_tool() -> None:
    search = messages.ServerToolUse("srvtoolu_1", "web_search", call().input)
    reply = message("So.", search, "Found.")
    tools = (messages.HostedTool("web_search_20250305", "web_search"),)
    sent = adapted(request(model=NEWEST, tools=tools, tool_choice=messages.ChooseAny()))
    assert reply_filter(sent).message(reply).content == (search, messages.Text("Found."))
    assert streamed(reply_filter(sent), reply) == reply_filter(sent).message(reply)


def test_the_instruction_is_no_prefill() -> None:
    sent = adapted(request(user("a"), assistant("b"), model=NEWEST, tools=TOOLS, tool_choice=LOOK))
    accepted(sent)
    assert sent.request.messages[-1].role == "user"


def test_trap_31_an_answer_without_the_call_is_asked_for_once_more() -> None:
    error = mismatch(forced(), message(SIGNED, "I would rather talk."))
    assert (error.status, error.code, error.path) == (422, "tool_choice_not_met", "tool_choice")
    assert [turn.role for turn in error.repair.messages] == ["user", "system", "assistant", "user"]
    assert error.repair.messages[2] == assistant(SIGNED, "I would rather talk.")
    assert error.repair.messages[3] == user(
        "That was not a call of `look`, and only such a call can be used. Call `look` now."
    )


def test_another_tool_is_not_the_one_that_was_asked_for() -> None:
    error = mismatch(forced(), message(call("x", "find"), stop_reason="tool_use"))
    last = error.repair.messages[-1]
    assert isinstance(last.content[0], messages.ToolResult)
    assert last.content[0].is_error
    accepted(replace(forced(), request=error.repair))


STRICT_SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string", "minLength": 2}, "days": {"type": "integer"}},
    "required": ["city"],
    "additionalProperties": False,
}
BAD_ARGUMENTS = ['{"city": "x"}', '{"days": 3}', '{"city": "Rome", "days": "3"}', '{"city": "Rome"', "[]", ""]


def by_schema(choice: messages.ToolChoice = LOOK, schema: Any = STRICT_SCHEMA) -> Adapted:
    sent = adapted(request(model=NEWEST, tools=(tool("look", schema), tool("find")), tool_choice=choice))
    accepted(sent)
    return sent


@pytest.mark.parametrize("choice", [LOOK, messages.ChooseAny()])
@pytest.mark.parametrize("arguments", BAD_ARGUMENTS)
def test_trap_31_arguments_that_the_schema_does_not_allow_are_asked_for_once_more(
    choice: messages.ToolChoice, arguments: str
) -> None:
    """The schema as the caller wrote it, of which the grammar holds only a part."""
    reply = message(call("x", "look", arguments), stop_reason="tool_use")
    sent = by_schema(choice)
    error = mismatch(sent, reply)
    assert (error.status, error.code, error.path) == (422, "tool_choice_not_met", "tool_choice")
    assert [turn.role for turn in error.repair.messages] == ["user", "system", "assistant", "user"]
    first, last = error.repair.messages[-1].content
    assert isinstance(first, messages.ToolResult)
    assert (first.tool_use_id, first.is_error) == ("x", True)
    assert isinstance(last, messages.Text)
    assert last.text.startswith("The arguments of that call cannot be used: ")
    accepted(replace(sent, request=error.repair))


@pytest.mark.parametrize("arguments", BAD_ARGUMENTS)
def test_a_stream_passes_nothing_of_a_bad_call_on(arguments: str) -> None:
    calls = reply_filter(by_schema())
    *before, delta, _ = events(message("So.", call("x", "look", arguments), stop_reason="tool_use"), 3)
    assert [out for event in before for out in calls.feed(event)] == []
    with pytest.raises(OutputMismatch):
        calls.feed(delta)


def test_a_bad_call_before_a_good_one_spoils_both() -> None:
    good = call("y", "look", '{"city": "Rome"}')
    reply = message(call("x", "look"), good, stop_reason="tool_use")
    assert mismatch(by_schema(), reply).code == "tool_choice_not_met"
    calls = reply_filter(by_schema())
    *before, delta, _ = events(reply, 3)
    assert [out for event in before for out in calls.feed(event)] == []
    with pytest.raises(OutputMismatch):
        calls.feed(delta)


def test_good_arguments_are_passed_on_in_the_pieces_they_came_in() -> None:
    reply = message(call("x", "look", '{"city": "Rome"}'), stop_reason="tool_use")
    assert reply_filter(by_schema()).message(reply) == reply
    assert streamed(reply_filter(by_schema()), reply) == reply
    one = reply_filter(by_schema())
    pieces = [passed for event in events(reply, 3) for passed in one.feed(event)]
    assert len([piece for piece in pieces if isinstance(piece, messages.ContentBlockDelta)]) == 6


def test_a_call_cut_short_stays_what_it_is() -> None:
    reply = message("So.", call("x", "look", '{"city": '), stop_reason="max_tokens")
    whole = reply_filter(by_schema()).message(reply)
    assert whole.content == reply.content[1:]
    assert streamed(reply_filter(by_schema()), reply) == whole


def test_the_arguments_are_judged_in_the_shape_that_was_sent() -> None:
    schema = {"type": "object", "properties": {"$top": {"type": "integer"}}, "required": ["$top"]}
    sent = by_schema(schema=schema)
    reply = message(call("x", "look", '{"_top": 1}'), stop_reason="tool_use")
    assert reply_filter(sent).message(reply).content == (call("x", "look", '{"$top":1}'),)
    error = mismatch(sent, message(call("x", "look", '{"_top": "1"}'), stop_reason="tool_use"))
    assert error.code == "tool_choice_not_met"


def test_an_empty_answer_can_be_asked_for_again() -> None:
    error = mismatch(forced(messages.ChooseAny()), message(" "))
    accepted(replace(forced(), request=error.repair))
    assert "a tool" in error.message


@pytest.mark.parametrize("stop_reason", ["refusal", "max_tokens", "model_context_window_exceeded", "pause_turn"])
def test_a_refusal_and_an_answer_cut_short_stay_what_they_are(stop_reason: str) -> None:
    reply = message("I cannot", stop_reason=stop_reason)
    assert reply_filter(forced()).message(reply) == reply
    assert streamed(reply_filter(forced()), reply) == reply


def test_only_the_call_is_passed_on() -> None:
    reply = message(
        SIGNED, "Let me look.", call("x", "find"), call("y", "look"), "Done.", call("z", "look"), stop_reason="tool_use"
    )
    whole = reply_filter(forced()).message(reply)
    assert whole.content == (SIGNED, call("y", "look"), messages.Text("Done."), call("z", "look"))
    assert streamed(reply_filter(forced()), reply) == whole


def test_a_stream_begins_with_its_first_call() -> None:
    """As soon as it is whole: until then it can still be asked for again, because nothing has been passed on."""
    calls = reply_filter(forced())
    reply = message("Let me look.", call("y", "look", "{}"), stop_reason="tool_use")
    event, first = next((event, passed) for event in events(reply, 3) if (passed := calls.feed(event)))
    assert isinstance(event, messages.ContentBlockStop)
    assert [type(one).__name__ for one in first] == [
        "MessageStart",
        "ContentBlockStart",
        "ContentBlockDelta",
        "ContentBlockStop",
    ]
    assert first[1] == messages.ContentBlockStart(0, call("y", "look"))


def test_a_stream_without_the_call_passes_nothing_on_before_it_fails() -> None:
    calls = reply_filter(forced())
    *before, delta, _ = events(message("I would rather talk."), 3)
    assert [out for event in before for out in calls.feed(event)] == []
    with pytest.raises(OutputMismatch):
        calls.feed(delta)


BLOCKS = st.lists(st.sampled_from([messages.Text("hi"), SIGNED, call("x", "look"), call("y", "find")]), max_size=5)


@given(BLOCKS, st.sampled_from([EmulatedToolChoice(None), EmulatedToolChoice("look")]))
def test_streamed_and_whole_are_the_same(content: list[messages.Block], wanted: EmulatedToolChoice) -> None:
    reply = message(*content, stop_reason="tool_use")
    assert streamed(CallsOnly(wanted, CheckResults()), reply) == CallsOnly(wanted, CheckResults()).message(reply)


def test_the_history_of_a_forced_turn_is_paired() -> None:
    talk = (user("a"), assistant(call("x")), user(result("x")))
    sent = adapted(request(*talk, model=NEWEST, tools=TOOLS, tool_choice=LOOK))
    accepted(sent)
    assert sent.request.messages[:3] == talk


def test_trap_35_a_stop_in_what_is_said_before_the_call_ends_nothing() -> None:
    """A model that is forced says nothing before it."""
    reply = message("Let me look.", call("y", "look"), "One\ntwo", stop_reason="tool_use")
    sent = forced(stop_sequences=(" ", "\n", "Let"))
    assert sent.request.stop_sequences == ()
    whole = reply_filter(sent).message(reply)
    assert whole.content == (call("y", "look"), messages.Text("One"))
    assert (whole.stop_reason, whole.stop_sequence) == ("stop_sequence", "\n")
    for size in (1, 5):
        assert streamed(reply_filter(sent), reply, size) == whole


def test_a_forced_call_beside_a_format_is_no_json() -> None:
    shape = messages.OutputConfig(format=messages.JsonObject())
    reply = message("Let me look.", call("y", "look"), stop_reason="tool_use")
    sent = forced(output_config=shape)
    assert reply_filter(sent).message(reply).content == (call("y", "look"),)
    assert mismatch(sent, message('{"a": 1}')).code == "tool_choice_not_met"
