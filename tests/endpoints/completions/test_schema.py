"""The wire type has what the API has."""

from msgspec import inspect
from openai.types import completion_create_params

from claude_code_proxy.endpoints.completions.schema import CompletionRequest


def test_every_parameter_of_the_openai_package_is_a_field() -> None:
    assert completion_create_params.CompletionCreateParamsNonStreaming.__annotations__.keys() <= set(
        CompletionRequest.__struct_fields__
    )


def test_unknown_fields_are_noticed_and_nothing_is_required() -> None:
    request = inspect.type_info(CompletionRequest)
    assert isinstance(request, inspect.StructType)
    assert request.forbid_unknown_fields
    assert [field.name for field in request.fields if field.required] == []
