"""JSON in an answer against its schema: at once where that is cheap, else as a check that somebody else does."""

import json
import time
from typing import Any

import pytest

from claude_code_proxy.adaptation.reply.schema_check import CheckNeeded, CheckResults, SchemaCheck, complaint, judge

PERSON = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
TWICE = [{"$ref": "#/$defs/t"}, {"$ref": "#/$defs/t"}]
RECURSIVE = {
    name: {"$defs": {"t": {"type": "object", "properties": {"c": inner}}}, "$ref": "#/$defs/t"}
    for name, inner in {
        "any": {"anyOf": TWICE},
        "one": {"oneOf": TWICE},
        "all": {"allOf": TWICE},
        "not": {"not": {"not": {"anyOf": TWICE}}},
        "if": {"if": TWICE[0], "then": TWICE[0], "else": TWICE[0]},
    }.items()
}


def found(schema: Any, text: str, results: CheckResults | None = None) -> str | None:
    raw = json.dumps(schema).encode() if schema is not None else b""
    return complaint(raw, text, path="output_config.format", results=results or CheckResults())


def nested(depth: int, leaf: str) -> str:
    return '{"c":' * depth + leaf + "}" * depth


@pytest.mark.parametrize(
    ("schema", "text", "words"),
    [
        (PERSON, '{"name":"Ada"}', None),
        (PERSON, '{"name":1}', "at /name: 1 is not of type"),
        (PERSON, "{}", "required"),
        (PERSON, '{"name":', "it is not JSON"),
        (None, "{}", None),
        (None, "[]", "no JSON object"),
        ({"$ref": "https://example.com/x.json"}, "1", None),
    ],
)
def test_what_is_wrong(schema: Any, text: str, words: str | None) -> None:
    wrong = found(schema, text)
    assert wrong is None if words is None else words in (wrong or "")


@pytest.mark.parametrize("name", RECURSIVE)
def test_around_a_recursion_validity_is_cheap_and_its_reason_is_left_to_others(name: str) -> None:
    began = time.process_time()
    for depth in (10, 20, 60):
        text = nested(depth, "1")
        with pytest.raises(CheckNeeded) as caught:
            found(RECURSIVE[name], text)
        raw = json.dumps(RECURSIVE[name]).encode()
        assert caught.value.check == SchemaCheck(raw, text.encode(), "output_config.format")
        assert caught.value.otherwise == "it is not valid by the JSON Schema."
    assert time.process_time() - began < 1


def test_many_constants_over_many_items_are_left_to_others() -> None:
    schema = {"type": "array", "items": {"anyOf": [{"const": index} for index in range(2000)]}}
    with pytest.raises(CheckNeeded) as caught:
        found(schema, json.dumps([-1] * 2000))
    assert caught.value.otherwise is None


def test_a_result_is_used_and_a_check_is_done_once() -> None:
    results = CheckResults()
    assert found(PERSON, "{}", results)
    (check,) = results.known
    results.known[check] = "something else."
    assert found(PERSON, "{}", results) == "something else."


def test_without_a_result_in_the_end_the_answer_passes() -> None:
    results = CheckResults()
    results.is_final = True
    assert found(RECURSIVE["one"], nested(20, "1"), results) is None


@pytest.mark.parametrize("depth", [300, 900, 5000])
def test_an_answer_that_is_nested_without_end_is_judged_or_passes(depth: int) -> None:
    for text in (nested(depth, "1"), "[" * depth + "]" * depth):
        assert (
            found(PERSON, text)
            in {
                "it is not valid by the JSON Schema.",
                "it is not JSON (Input data is nested too deeply).",
                None,
            }
            or len(found(PERSON, text) or "") < 600
        )


def test_the_first_of_several_mistakes_is_told_and_is_short() -> None:
    wrong = judge(json.dumps({"items": {"enum": ["x" * 5000]}}).encode(), b'["y", "z"]')
    assert wrong is not None
    assert wrong.startswith("at /0: ")
    assert len(wrong) < 600
