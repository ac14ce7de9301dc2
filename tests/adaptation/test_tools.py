"""Tools: legal names, object schemas, and a choice that exists; the reply speaks the caller's names again."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw
from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adaptation.adapt import Adapted
from claude_code_proxy.errors import InvalidRequest
from tests.adaptation.replies import message, streamed
from tests.adaptation.requests import accepted, adapted, assistant, call, request, result, told, tool, user

OPEN = b'{"type":"object","properties":{}}'


def names(asked: messages.MessagesRequest) -> list[str]:
    sent = adapted(asked)
    accepted(sent)
    return [one.name for one in sent.request.tools]


def schema_of(one: messages.AnyTool) -> bytes:
    assert isinstance(one, messages.Tool)
    return bytes(one.input_schema)


def answered(asked: messages.MessagesRequest, *blocks: messages.Block) -> tuple[messages.Block, ...]:
    made = adapted(asked).filter
    assert made is not None
    return made().message(messages.Message("m", "x", blocks, stop_reason="tool_use")).content


@pytest.mark.parametrize(
    ("asked", "sent"),
    [("a.b/c d", "a_b_c_d"), ("überall", "uberall"), ("查询天气", "tool"), ("", "tool"), ("n" * 130, "n" * 128)],
)
def test_trap_42_illegal_names_are_rewritten_and_restored(asked: str, sent: str) -> None:
    wanted = request(
        user("a"),
        assistant(call("x", asked)),
        user(result("x")),
        tools=(tool(asked),),
        tool_choice=messages.ChooseTool(asked),
    )
    made = adapted(wanted)
    assert made.request.tools[0].name == sent
    assert made.request.messages[1] == assistant(call("x", sent))
    assert made.request.tool_choice == messages.ChooseTool(sent)
    assert told(made) == ["tools[0].name=renamed"]
    assert not made.adjustments[0].changes_meaning
    assert answered(wanted, call("y", sent)) == (call("y", asked),)


def test_trap_42_no_rewritten_name_collides_with_another() -> None:
    wanted = request(tools=(tool("a.b"), tool("a_b"), tool("a/b")))
    assert names(wanted) == ["a_b_2", "a_b", "a_b_3"]
    assert answered(wanted, call(name="a_b"), call(name="a_b_2"), call(name="a_b_3")) == (
        call(name="a_b"),
        call(name="a.b"),
        call(name="a/b"),
    )


def test_a_name_that_says_nothing_in_ascii_is_told_in_the_description() -> None:
    asked = request(
        user("a"),
        assistant(call("x", "发送邮件"), call("y", "删除邮件")),
        user(result("x"), result("y")),
        tools=(tool("查询天气"), tool("发送邮件", description="Sends.")),
    )
    made = adapted(asked)
    accepted(made)
    assert [(one.name, one.description) for one in made.request.tools if isinstance(one, messages.Tool)] == [
        ("tool", "Original name: 查询天气"),
        ("tool_2", "Sends.\n\nOriginal name: 发送邮件"),
    ]
    assert made.request.messages[1] == assistant(call("x", "tool_2"), call("y", "tool_3"))
    assert answered(asked, call(name="tool_2")) == (call(name="发送邮件"),)


_names = st.text(st.sampled_from("ab_<>$.é°温度имя "), max_size=3)


@given(st.lists(_names, min_size=1, max_size=5, unique=True))
def test_trap_42_every_name_that_changes_is_told_and_restored(declared: list[str]) -> None:
    wanted = request(tools=tuple(map(tool, declared)))
    made = adapted(wanted)
    accepted(made)
    for sent, asked in zip(made.request.tools, declared, strict=True):
        assert isinstance(sent, messages.Tool)
        assert sent.description == (None if sent.name == asked or not asked else f"Original name: {asked}")
        for back in replies(made, call(name=sent.name)):
            assert back == (call(name=asked),)


@given(st.lists(_names, min_size=1, max_size=5, unique=True))
def test_trap_45_every_property_that_changes_is_told_and_restored(keys: list[str]) -> None:
    schema = {"type": "object", "properties": {key: {"type": "string"} for key in keys}}
    made = adapted(request(tools=(tool("look", schema),)))
    accepted(made)
    shown = json.loads(schema_of(made.request.tools[0]))["properties"]
    for (sent, part), asked in zip(shown.items(), keys, strict=True):
        assert part.get("title") == (None if sent == asked or not asked else asked)
        for back in replies(made, call(arguments=json.dumps({sent: "x"}))):
            (restored,) = back
            assert isinstance(restored, messages.ToolUse)
            assert json.loads(bytes(restored.input)) == {asked: "x"}


def replies(made: Adapted, *calls: messages.ToolUse) -> Iterator[tuple[messages.Block, ...]]:
    """Yield what a client gets of calls, first from a whole reply, then from a stream."""
    reply = message(*calls, stop_reason="tool_use")
    yield made.filter().message(reply).content if made.filter else calls
    yield streamed(made.filter(), reply).content if made.filter else calls


def test_trap_42_a_long_name_that_is_taken_stays_within_the_limit() -> None:
    assert names(request(tools=(tool("n" * 128), tool("n" * 129)))) == ["n" * 128, "n" * 126 + "_2"]


def test_trap_41_equal_names_are_told_apart() -> None:
    other = tool("look", {"type": "object", "properties": {"b": {}}})
    wanted = request(tools=(tool("look"), other))
    assert names(wanted) == ["look", "look_2"]
    assert answered(wanted, call(name="look_2")) == (call(name="look"),)


def test_trap_41_a_tool_that_is_declared_twice_is_sent_once() -> None:
    made = adapted(request(tools=(tool("look"), replace(tool("look"), cache_control=messages.CacheControl()))))
    assert made.request.tools == (tool("look"),)
    assert told(made) == ["tools[1].name=dropped"]
    assert made.filter is None


def test_trap_41_a_hosted_tool_keeps_its_name() -> None:
    search = messages.HostedTool("web_search_20250305", "web_search")
    assert names(request(tools=(tool("web_search"), search, search))) == ["web_search_2", "web_search"]


@pytest.mark.parametrize("schema", [b"", b"null", b"{}", b'{"type":"object","properties":null}', b"5", b"{broken"])
def test_trap_43_a_tool_without_parameters_takes_an_object(schema: bytes) -> None:
    made = adapted(request(tools=(messages.Tool("look", Raw(schema)),)))
    accepted(made)
    assert schema_of(made.request.tools[0]) in {OPEN, b'{"type":"object"}'}
    assert told(made) == ["tools[0].input_schema=mapped"]


def test_trap_44_the_history_follows_a_wrapped_schema() -> None:
    either: dict[str, Any] = {
        "anyOf": [{"type": "object", "properties": {"a": {}}}, {"type": "object", "properties": {"b": {}}}]
    }
    wanted = request(user("a"), assistant(call(arguments='{"a": 1}')), user(result()), tools=(tool("look", either),))
    made = adapted(wanted)
    accepted(made)
    assert made.request.messages[1] == assistant(call(arguments='{"value":{"a": 1}}'))
    assert answered(wanted, call(arguments='{"value": {"b":2}}')) == (call(arguments='{"b":2}'),)


def test_examples_leave_with_the_shape_they_had() -> None:
    odd = {"type": "object", "properties": {"$top": {}}}
    made = adapted(request(tools=(tool("look", odd, input_examples=Raw(b'[{"$top":1}]')),)))
    (sent,) = made.request.tools
    assert isinstance(sent, messages.Tool)
    assert bytes(sent.input_examples) == b""


@pytest.mark.parametrize(
    ("choice", "changes_meaning"),
    [
        (messages.ChooseAuto(), False),
        (messages.ChooseNone(), False),
        (messages.ChooseAny(), True),
        (messages.ChooseTool("look"), True),
    ],
)
def test_trap_39_a_choice_without_tools_is_left_out(choice: messages.ToolChoice, changes_meaning: bool) -> None:
    made = adapted(request(tool_choice=choice))
    accepted(made)
    assert made.request.tool_choice is None
    assert [(one.path, one.changes_meaning) for one in made.adjustments] == [("tool_choice", changes_meaning)]


@pytest.mark.parametrize(
    "choice",
    [messages.ChooseNone(), messages.ChooseAuto(disable_parallel_tool_use=True)],
    ids=["none", "one call at a time"],
)
def test_a_choice_that_the_model_takes_is_kept(choice: messages.ToolChoice) -> None:
    made = adapted(request(tools=(tool(),), tool_choice=choice))
    accepted(made)
    assert made.request.tool_choice == choice


def test_trap_40_tools_of_the_history_are_declared_again() -> None:
    made = adapted(request(user("a"), assistant(call("x", "b"), call("y", "a.c")), user(result("x"), result("y"))))
    accepted(made)
    assert [(one.name, schema_of(one)) for one in made.request.tools] == [
        ("b", b'{"type":"object"}'),
        ("a_c", b'{"type":"object"}'),
    ]
    assert made.request.tool_choice == messages.ChooseNone()
    assert told(made) == ["tools=inserted", "messages=renamed"]


def test_the_tools_of_the_history_are_told_apart() -> None:
    asked = request(user("a"), assistant(call("x", "查询"), call("y", "发送")), user(result("x"), result("y")))
    made = adapted(asked)
    accepted(made)
    assert [one.name for one in made.request.tools] == ["tool", "tool_2"]
    assert made.request.messages[1] == assistant(call("x", "tool"), call("y", "tool_2"))


def test_a_choice_of_a_tool_that_is_not_there_is_refused() -> None:
    with pytest.raises(InvalidRequest) as caught:
        adapted(request(tools=(tool("look"),), tool_choice=messages.ChooseTool("find")))
    assert caught.value.path == "tool_choice"


def test_schemas_are_compared_not_just_names() -> None:
    """What is known of one caller's tool is not taken for another's of the same name."""
    fine = tool("twin", {"type": "object", "properties": {"a": {}}})
    odd = tool("twin", {"type": "object", "properties": {"$a": {}}})
    assert adapted(request(tools=(fine,))).filter is None
    assert adapted(request(tools=(odd,))).filter is not None
    assert adapted(request(tools=(fine,))).filter is None
