"""The wire type has what the API has, and the support table has a true row for each field."""

import pytest
from msgspec import inspect
from openai.types import completion_create_params

from claude_code_proxy.endpoints.completions.schema import REQUEST, CompletionRequest
from claude_code_proxy.endpoints.support import Fate
from tests.endpoints.completions.completion_replies import decode_completion

IGNORED = [name for name, support in REQUEST.items() if support.fate is Fate.IGNORED]


def test_every_parameter_of_the_openai_package_is_a_field() -> None:
    assert completion_create_params.CompletionCreateParamsNonStreaming.__annotations__.keys() <= set(
        CompletionRequest.__struct_fields__
    )


def test_unknown_fields_are_noticed_and_nothing_is_required() -> None:
    request = inspect.type_info(CompletionRequest)
    assert isinstance(request, inspect.StructType)
    assert request.forbid_unknown_fields
    assert [field.name for field in request.fields if field.required] == []


def test_every_field_has_its_row_and_every_row_its_field() -> None:
    assert REQUEST.keys() == set(CompletionRequest.__struct_fields__)


def test_what_changes_the_answer_is_known_to() -> None:
    assert {name for name, row in REQUEST.items() if row.changes_meaning} == set(IGNORED) - {"seed"}


@pytest.mark.parametrize("name", IGNORED)
def test_an_ignored_field_is_told_as_its_row_says(name: str) -> None:
    _, note = decode_completion(**{name: 5}).adjustments
    assert (note.path, note.action, note.reason + ".") == (name, "ignored", REQUEST[name].reason)
    assert note.changes_meaning == REQUEST[name].changes_meaning


@pytest.mark.parametrize(
    ("name", "value"), [("best_of", 1), ("frequency_penalty", 0), ("logit_bias", {}), ("seed", None)]
)
def test_what_asks_for_nothing_needs_no_mention(name: str, value: object) -> None:
    assert len(decode_completion(**{name: value}).adjustments) == 1
