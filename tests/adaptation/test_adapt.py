"""All steps together: whatever a client sends, the strict simulator takes what is made of it."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from msgspec import Raw
from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adaptation.adapt import AdaptOptions, adapt, readapt
from claude_code_proxy.adaptation.reply.filters import OutputMismatch
from claude_code_proxy.errors import InvalidRequest, UpstreamRejected
from claude_code_proxy.models.catalogue import BUILT_IN
from tests.adaptation import requests as ask
from tests.adaptation.requests import accepted, adapted, assistant, call, late_system, request, result, told, tool, user
from tests.rejections import rejected

many = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@many
@given(ask.requests())
def test_whatever_comes_in_the_service_takes_what_goes_out(original: messages.MessagesRequest) -> None:
    try:
        sent = adapted(original)
    except InvalidRequest:
        return
    accepted(sent)


@many
@given(ask.requests() | ask.calm_requests())
def test_whatever_is_changed_is_told(original: messages.MessagesRequest) -> None:
    """But for what says the same in the service's own way, see `plain`."""
    original = replace(original, model=BUILT_IN.find(original.model).id)
    try:
        sent = adapted(original, prompt_cache=False)
    except InvalidRequest:
        return
    if not sent.adjustments:
        assert plain(sent.request) == plain(
            replace(original, max_tokens=original.max_tokens or sent.request.max_tokens)
        )


def plain(request: messages.MessagesRequest) -> Any:
    """As JSON, without breakpoints and whether thinking is shown; messages are joined as the Messages API has them."""
    said: Any = _unmarked(json.loads(messages.encode_request(request)))
    (said.get("thinking") or {}).pop("display", None)
    turns: list[Any] = []
    for message in said["messages"]:
        content = message["content"]
        joins = message["role"] == "system" or (content and content[0]["type"] == "tool_result")
        if joins and turns and turns[-1]["role"] == message["role"]:
            turns[-1]["content"] += content
        elif content or message["role"] != "system":
            turns.append(message)
    return {**said, "messages": turns}


def _unmarked(part: Any) -> Any:
    if isinstance(part, dict):
        return {name: _unmarked(value) for name, value in part.items() if name != "cache_control"}
    return [_unmarked(value) for value in part] if isinstance(part, list) else part


@many
@given(ask.requests())
def test_adapting_again_changes_nothing_more(original: messages.MessagesRequest) -> None:
    try:
        sent = adapted(original).request
    except InvalidRequest:
        return
    assert adapted(sent).request == sent


@many
@given(ask.requests())
def test_the_same_request_gets_the_same_bytes(original: messages.MessagesRequest) -> None:
    try:
        first = adapted(original)
    except InvalidRequest:
        return
    again = adapted(original)
    assert messages.encode_request(again.request) == messages.encode_request(first.request)
    assert again.adjustments == first.adjustments


def test_what_needs_no_change_is_not_touched() -> None:
    original = request(user("Look."), assistant(call()), user(result()), tools=(tool(),), max_tokens=100)
    sent = adapted(original)
    assert sent.request == original
    assert all(one is other for one, other in zip(sent.request.messages, original.messages, strict=True))
    assert sent.filter is None
    assert sent.adjustments == ()


def test_the_model_goes_by_its_upstream_name() -> None:
    original = request(model="anthropic/claude-haiku-4.5-20251001")
    assert adapted(original).request.model == "claude-haiku-4-5-20251001"


def test_the_betas_that_the_request_needs() -> None:
    assert adapted(request(model="claude-opus-4-8", speed="fast")).betas == ("fast-mode-2026-02-01",)
    assert adapted(request(model="claude-opus-5-5", speed="fast")).betas == ()


def test_all_filters_of_one_reply_work_together() -> None:
    original = request(
        user("Look."),
        model=ask.NEWEST,
        tools=(tool("a.b"),),
        tool_choice=messages.ChooseTool("a.b"),
        stop_sequences=("\n",),
    )
    sent = adapted(original)
    assert sent.filter is not None
    reply = messages.Message("m", "x", (messages.Text("Sure."), call("t1", "a_b")), stop_reason="tool_use")
    assert sent.filter().message(reply).content == (call("t1", "a.b"),)


# Second attempts


def retried(original: messages.MessagesRequest, message: str) -> messages.MessagesRequest | None:
    readapted = readapt(adapted(original), rejected(message), model=BUILT_IN.find(original.model))
    return None if readapted is None else readapted.request


def test_a_lesson_about_the_model_is_heeded_at_once() -> None:
    again = retried(request(temperature=0.5), "`temperature` is deprecated for this model.")
    assert again is not None
    assert again.temperature is None


def test_the_adjustments_of_a_second_attempt_come_after_the_first_ones() -> None:
    original = request(user("a"), user("b"), temperature=0.5)
    first = adapted(original)
    readapted = readapt(
        first, rejected("`temperature` is deprecated for this model."), model=BUILT_IN.find(original.model)
    )
    assert readapted is not None
    assert readapted.adjustments[: len(first.adjustments)] == first.adjustments
    assert told(readapted) == ["messages=merged", "temperature=dropped"]


def test_trap_34_thinking_bound_to_another_conversation_is_left_out() -> None:
    original = request(
        user("Look."),
        assistant(messages.Thinking("Hm.", "signed"), call()),
        user(result()),
        model=ask.NEWEST,
        tools=(tool(),),
    )
    words = (
        "messages.1.content.0: Invalid `signature` in `thinking` block. The block is bound to a different conversation."
    )
    again = retried(original, words)
    assert again is not None
    assert again.messages[1] == assistant(call())


def test_trap_46_strict_tools_that_cannot_be_compiled_are_asked_for_without() -> None:
    again = retried(request(tools=(tool(strict=True),)), "compiled grammar is too large")
    assert again is not None
    assert [one.strict for one in again.tools if isinstance(one, messages.Tool)] == [False]


def test_what_is_told_of_strict_tools_is_true() -> None:
    """The model has strict tools: it is the service that could not compile these."""
    closed = {"type": "object", "properties": {"at": {"type": "string"}}, "additionalProperties": False}
    original = request(tools=(tool("look", closed, strict=True),))
    readapted = readapt(
        adapted(original), rejected("compiled grammar is too large"), model=BUILT_IN.find(original.model)
    )
    assert readapted is not None
    assert [(one.path, one.reason) for one in readapted.adjustments] == [
        ("tools", "the service could not compile their strict schemas")
    ]


def test_a_forced_tool_that_cannot_be_compiled_is_forced_without_strictness() -> None:
    for choice in (messages.ChooseAny(), messages.ChooseTool("look")):
        original = request(model=ask.NEWEST, tools=(tool(),), tool_choice=choice)
        readapted = readapt(
            adapted(original), rejected("compiled grammar is too large"), model=BUILT_IN.find(original.model)
        )
        assert readapted is not None
        assert [one.strict for one in readapted.request.tools if isinstance(one, messages.Tool)] == [False]
        assert told(readapted) == ["tool_choice=emulated", "tools=relaxed"]
        accepted(readapted)


def test_what_the_last_steps_of_a_retreat_leave_is_accepted_too() -> None:
    schema = messages.JsonSchema(Raw(b'{"type":"object","properties":{"a":{"type":"string"}}}'))
    original = request(output_config=messages.OutputConfig(format=schema))
    readapted = readapt(
        adapted(original), rejected("Schema is too complex for compilation."), model=BUILT_IN.find(original.model)
    )
    assert readapted is not None
    assert readapted.request.output_config is None
    assert '"properties"' in readapted.request.system[-1].text
    accepted(readapted)


@pytest.mark.parametrize(
    "error",
    [
        rejected("prompt is too long: 300000 tokens > 200000 maximum"),
        rejected("`temperature` is deprecated for this model.", 500),
        rejected("Invalid `signature` in `thinking` block"),
        rejected("compiled grammar is too large"),
        rejected("This model does not support assistant message prefill."),
    ],
    ids=lambda error: error.message[:30],
)
def test_a_refusal_that_nothing_would_help_is_final(error: UpstreamRejected) -> None:
    original = request()
    assert readapt(adapted(original), error, model=BUILT_IN.find(original.model)) is None


def test_the_cache_can_be_switched_off() -> None:
    original = request(system=(messages.Text("word " * 20_000),), tools=(tool(),))
    model = BUILT_IN.find(original.model)
    assert adapt(original, model, options=AdaptOptions(prompt_cache=False)).request.system == original.system
    assert adapt(original, model, options=AdaptOptions()).request.system == (
        replace(original.system[0], cache_control=messages.CacheControl()),
    )


def test_late_system_messages_reach_each_model_in_its_own_way() -> None:
    talk = (user("Hi."), late_system("The time is 12:00."))
    assert adapted(request(*talk, model=ask.NEWEST)).request.messages == talk
    (only,) = adapted(request(*talk)).request.messages
    assert only == user("Hi.", "<system>\nThe time is 12:00.\n</system>")


# Replies

JSON_MODE = {"output_config": messages.OutputConfig(format=messages.JsonObject())}
BY_GRAMMAR = {
    "output_config": messages.OutputConfig(
        format=messages.JsonSchema(
            Raw(b'{"type":"object","properties":{"a":{"type":"integer"}},"additionalProperties":false}')
        )
    )
}
FORCED = {"model": ask.NEWEST, "tools": (tool(),), "tool_choice": messages.ChooseTool("look")}
CALL = call(arguments='{"at":"x"}')


@pytest.mark.parametrize(
    ("fields", "content", "passed_on"),
    [
        ({"stop_sequences": ("\n",)}, (messages.Text("a\nb"),), (messages.Text("a"),)),
        ({"tools": (tool("a.b"),)}, (call("t", "a_b"),), (call("t", "a.b"),)),
        (JSON_MODE, (messages.Text('Sure: {"a": 1}'),), (messages.Text('{"a": 1}'),)),
        (BY_GRAMMAR, (messages.Text('{"a": 1}'),), (messages.Text('{"a": 1}'),)),
        (FORCED, (messages.Text("Sure."), CALL), (CALL,)),
    ],
    ids=["a stop sequence", "another name", "JSON in prose", "JSON by a grammar", "a forced call"],
)
def test_what_was_changed_is_undone_in_the_reply(
    fields: dict[str, Any], content: tuple[messages.Block, ...], passed_on: tuple[messages.Block, ...]
) -> None:
    sent = adapted(request(**fields))
    assert sent.filter is not None
    reply = messages.Message("m", "x", content, stop_reason="end_turn")
    assert sent.filter().message(reply).content == passed_on


@pytest.mark.parametrize("fields", [JSON_MODE, BY_GRAMMAR, FORCED], ids=["JSON mode", "a grammar", "a forced call"])
def test_a_reply_that_breaks_its_promise_is_asked_for_again_in_a_way_that_is_accepted(fields: dict[str, Any]) -> None:
    sent = adapted(request(**fields))
    assert sent.filter is not None
    with pytest.raises(OutputMismatch) as caught:
        sent.filter().message(messages.Message("m", "x", (messages.Text("No."),), stop_reason="end_turn"))
    assert caught.value.repair.messages[-1].role == "user"
    accepted(replace(sent, request=caught.value.repair))
