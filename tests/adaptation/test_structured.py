"""Answers in JSON: by grammar or by instruction, always checked against what the caller wrote."""

import json
from typing import Any

import pytest
from msgspec import Raw
from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adaptation.adapt import Adapted, AdaptOptions, adapt
from claude_code_proxy.adaptation.reply.filters import OutputMismatch
from claude_code_proxy.adaptation.reply.schema_check import CheckResults
from claude_code_proxy.adaptation.schemas.schema_budget import TOO_LARGE
from claude_code_proxy.adaptation.structured import ExpectedOutput, can_be_used
from claude_code_proxy.errors import InvalidRequest
from claude_code_proxy.models.catalogue import BUILT_IN
from tests.adaptation.replies import message, passed, streamed
from tests.adaptation.requests import NEWEST, OLD, PLAIN, accepted, adapted, assistant, call, request, told, user
from tests.adaptation.schemas.bombs import BOMBS

PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string", "minLength": 2}},
    "required": ["name"],
    "additionalProperties": False,
}
MAP = {"type": "object", "additionalProperties": {"type": "integer"}}


def by_schema(schema: Any, *conversation: messages.InputMessage, **fields: Any) -> Adapted:
    shape = messages.JsonSchema(Raw(json.dumps(schema).encode()))
    sent = adapted(request(*conversation, output_config=messages.OutputConfig(format=shape), **fields))
    accepted(sent)
    return sent


def by_mode(*conversation: messages.InputMessage, **fields: Any) -> Adapted:
    sent = adapted(request(*conversation, output_config=messages.OutputConfig(format=messages.JsonObject()), **fields))
    accepted(sent)
    return sent


def read(sent: Adapted, reply: messages.Message) -> messages.Message:
    assert sent.filter is not None
    return sent.filter().message(reply)


def mismatch(sent: Adapted, text: str) -> OutputMismatch:
    with pytest.raises(OutputMismatch) as caught:
        read(sent, message(text))
    assert (caught.value.status, caught.value.code, caught.value.path) == (
        422,
        "model_output_invalid",
        "output_config.format",
    )
    accepted(replace(sent, request=caught.value.repair))
    return caught.value


def test_trap_47_a_schema_is_held_by_grammar_and_never_by_a_forced_tool() -> None:
    sent = by_schema({**PERSON, "properties": {"name": {"type": "string"}}}, model=NEWEST)
    assert sent.request.output_config is not None
    assert sent.request.tools == ()
    assert sent.adjustments == ()
    assert sent.request.system == ()


def test_what_the_grammar_lacks_is_said_and_checked() -> None:
    sent = by_schema(PERSON)
    assert told(sent) == ["output_config.format=mapped"]
    assert read(sent, message('{"name": "Ada"}')) == message('{"name": "Ada"}')
    error = mismatch(sent, '{"name": "A"}')
    assert "/name" in error.message
    assert error.repair.messages[1] == assistant('{"name": "A"}')
    assert "/name" in str(error.repair.messages[2])


def test_what_no_grammar_holds_is_asked_for_in_words() -> None:
    sent = by_schema(MAP, system=(messages.Text("Be brief."),))
    assert sent.request.output_config is None
    assert [block.text for block in sent.request.system] == [
        "Be brief.",
        "Answer with one JSON object and nothing else: no prose before or after it, and no code fence around it. "
        "It must be valid by this JSON Schema:\n" + json.dumps(MAP),
    ]
    assert told(sent) == ["output_config.format=emulated"]
    assert read(sent, message('```json\n{"a": 1}\n```')) == message('{"a": 1}')
    mismatch(sent, '{"a": "b"}')


def test_a_schema_too_large_for_a_grammar_is_asked_for_in_words() -> None:
    wide = {
        "type": "object",
        "properties": {f"p{at}": {"type": "string"} for at in range(25)},
        "additionalProperties": False,
    }
    assert told(by_schema(wide)) == ["output_config.format=emulated"]


def test_a_model_without_grammar_is_asked_in_words() -> None:
    model = replace(BUILT_IN.find(PLAIN), structured_outputs=False)
    config = messages.OutputConfig("low", messages.JsonSchema(Raw(json.dumps(PERSON).encode())))
    sent = adapt(request(output_config=config), model, options=AdaptOptions())
    assert sent.request.output_config == messages.OutputConfig("low")
    assert len(sent.request.system) == 1


def test_citations_and_a_grammar_exclude_each_other() -> None:
    cited = messages.Document(messages.TextSource("a"), citations=Raw(b'{"enabled":true}'))
    assert told(by_schema(PERSON, user(cited))) == ["output_config.format=emulated"]


def test_an_array_is_looked_for_as_an_array() -> None:
    sent = by_schema({"type": "array", "items": MAP})
    assert read(sent, message('Here: [{"a": 1}]')) == message('[{"a": 1}]')


def test_a_scalar_has_nothing_to_look_for() -> None:
    sent = by_schema({"anyOf": [MAP, {"type": "string"}]})
    assert read(sent, message('"a"')) == message('"a"')
    assert "one JSON value" in sent.request.system[-1].text
    mismatch(sent, "```a```")


# JSON mode


@pytest.mark.parametrize("text", ['{"a": 1}', '```json\n{"a": 1}\n```', 'Sure!\n```\n{"a": 1}\n```\nAnything else?'])
def test_json_mode_gives_bare_json(text: str) -> None:
    sent = by_mode(model=OLD)
    assert read(sent, message(text)) == message('{"a": 1}')
    assert sent.filter is not None
    assert streamed(sent.filter(), message(text)) == message('{"a": 1}')
    assert told(sent) == ["output_config.format=emulated"]
    assert not sent.adjustments[0].changes_meaning


@pytest.mark.parametrize("text", ["I cannot say.", "[1]", '{"a": ', '{"a": 1,}', ""])
def test_json_mode_asks_once_more_for_what_is_no_object(text: str) -> None:
    error = mismatch(by_mode(), text)
    assert error.repair.messages[-1].role == "user"


@pytest.mark.parametrize("stop_reason", ["refusal", "max_tokens", "tool_use", "model_context_window_exceeded"])
def test_an_answer_that_ended_otherwise_stays_what_it_is(stop_reason: str) -> None:
    reply = message("I cannot", call(), stop_reason=stop_reason)
    for sent in (by_mode(), by_schema(PERSON)):
        assert read(sent, reply) == reply
        assert sent.filter is not None
        assert streamed(sent.filter(), reply) == reply


def test_what_the_callers_own_stop_cut_short_stays_what_it_is() -> None:
    cut = message('{"name": "A', stop_reason="stop_sequence")
    for sent in (by_mode(), by_schema(PERSON)):
        assert read(sent, cut) == cut
        assert sent.filter is not None
        assert streamed(sent.filter(), cut) == cut
    with pytest.raises(OutputMismatch):
        read(by_schema(PERSON), message('{"name": 1}', stop_reason="stop_sequence"))


def test_a_bad_stream_flows_but_has_no_good_end() -> None:
    sent = by_schema(PERSON)
    assert sent.filter is not None
    with pytest.raises(OutputMismatch):
        passed(sent.filter(), message('{"name": "A"}'))


# Schemas


@pytest.mark.parametrize(
    "schema", [b'{"type": 5}', b"[]", b'{"properties": {"a": 1}}', b'{"anyOf":[' * 2000 + b"]}" * 2000, b"true"]
)
def test_what_is_no_schema_is_refused(schema: bytes) -> None:
    with pytest.raises(InvalidRequest) as caught:
        adapted(request(output_config=messages.OutputConfig(format=messages.JsonSchema(Raw(schema)))))
    assert (caught.value.path, caught.value.code) == ("output_config.format", "invalid_json_schema")


@pytest.mark.parametrize(
    "schema", [{"type": "object", "$ref": "https://example.com/a.json"}, {"type": "object", "$ref": "#/gone"}]
)
def test_what_points_outwards_is_not_fetched_and_only_json_is_checked(schema: Any) -> None:
    sent = by_schema(schema)
    assert read(sent, message('{"a": 1}')) == message('{"a": 1}')
    mismatch(sent, "no")


def test_older_drafts_are_checked_by_their_own_rules() -> None:
    tuple_of = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "properties": {"a": {"const": 1}},
        "additionalProperties": False,
    }
    mismatch(by_schema(tuple_of), '{"a": 2}')


def test_a_complaint_is_short() -> None:
    error = mismatch(
        by_schema({"type": "object", "properties": {"a": {"enum": ["x" * 5000]}}, "additionalProperties": False}),
        '{"a": "y"}',
    )
    assert len(error.message) < 800


def test_a_schema_that_is_rewritten_is_told() -> None:
    for schema, expected in (
        (b'{"type":"object","properties":{}}', [("output_config.format", "emulated")]),
        (b'{"type":"object","properties":{"a":{}}}', [("output_config.format", "mapped")]),
        (b'{"oneOf":[{"type":"string"}]}', [("output_config.format", "mapped")]),
        (b'{"type":"object","properties":{"a":{}},"additionalProperties":false}', []),
    ):
        shape = messages.OutputConfig(format=messages.JsonSchema(Raw(schema)))
        sent = adapted(request(output_config=shape))
        assert [(one.path, one.action) for one in sent.adjustments] == expected


@pytest.mark.parametrize(
    ("old", "answer", "bad"),
    [
        ({"type": "number", "minimum": 1, "exclusiveMinimum": True}, "2", "1"),
        ({"type": "array", "items": [{"type": "string"}], "additionalItems": False}, '["a"]', '["a","b"]'),
        ({"type": "string", "nullable": True}, "null", "5"),
    ],
)
def test_older_forms_are_rewritten_as_those_of_tools_are(old: Any, answer: str, bad: str) -> None:
    schema = {"type": "object", "properties": {"a": old}, "required": ["a"], "additionalProperties": False}
    sent = by_schema(schema)
    assert told(sent)[0] == "output_config.format=mapped"
    assert read(sent, message(f'{{"a":{answer}}}')).content == (messages.Text(f'{{"a":{answer}}}'),)
    mismatch(sent, f'{{"a":{bad}}}')


def test_what_cannot_be_rewritten_is_refused() -> None:
    with pytest.raises(InvalidRequest) as caught:
        by_schema({"type": "object", "properties": {"a": {"type": "file"}}})
    assert caught.value.code == "invalid_json_schema"


def test_a_schema_that_unfolds_without_end_is_refused() -> None:
    schema, _ = BOMBS["two merged with two"]
    with pytest.raises(InvalidRequest) as caught:
        by_schema(schema)
    assert (caught.value.path, caught.value.message) == ("output_config.format", TOO_LARGE)


def test_a_property_may_have_the_name_of_an_older_form() -> None:
    closed = {"type": "object", "properties": {"nullable": {"type": "string"}}, "additionalProperties": False}
    sent = by_schema(closed)
    assert [one.reason for one in sent.adjustments if "older" in one.reason] == []
    assert read(sent, message('{"nullable": "a"}')) == message('{"nullable": "a"}')
    mismatch(sent, '{"nullable": null}')


def test_a_check_that_takes_long_waits_for_the_end_of_the_answer() -> None:
    expected = ExpectedOutput(json.dumps({"type": "array", "items": {"enum": list(range(2000))}}).encode(), "[")
    assert can_be_used(expected, "[1]", results=CheckResults())
    assert not can_be_used(expected, "[-1]", results=CheckResults())
    constants = {"type": "array", "items": {"anyOf": [{"const": index} for index in range(2000)]}}
    long_check = ExpectedOutput(json.dumps(constants).encode(), "[")
    assert not can_be_used(long_check, json.dumps([1] * 2000), results=CheckResults())
