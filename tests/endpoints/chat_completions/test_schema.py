"""The wire types stay whole: nothing unknown is let through unseen, and nothing that the API has is missing."""

from collections.abc import Iterator

import pytest
from msgspec import inspect
from openai.types.chat import completion_create_params

from claude_code_proxy.endpoints.chat_completions.schema import ChatRequest


def structs(kind: inspect.Type) -> Iterator[inspect.StructType]:
    match kind:
        case inspect.StructType():
            yield kind
            for field in kind.fields:
                yield from structs(field.type)
        case inspect.UnionType():
            for option in kind.types:
                yield from structs(option)
        case inspect.ListType() | inspect.CollectionType():
            yield from structs(kind.item_type)


STRUCTS = {struct.cls.__name__: struct for struct in structs(inspect.type_info(ChatRequest))}


@pytest.mark.parametrize("name", STRUCTS)
def test_unknown_fields_are_noticed_everywhere(name: str) -> None:
    assert STRUCTS[name].forbid_unknown_fields


def test_every_parameter_of_the_openai_package_is_a_field() -> None:
    parameters = completion_create_params.CompletionCreateParamsNonStreaming.__annotations__.keys()
    assert parameters <= set(ChatRequest.__struct_fields__)


def test_every_field_but_the_messages_may_be_left_out_or_null() -> None:
    request = inspect.type_info(ChatRequest)
    assert isinstance(request, inspect.StructType)
    assert [field.name for field in request.fields if field.required] == ["messages"]


@pytest.mark.parametrize(
    ("fields", "legacy"),
    [
        ({}, False),
        ({"functions": [{"name": "f"}]}, True),
        ({"functions": []}, False),
        ({"functions": [{"name": "f"}], "tools": [{"type": "function", "function": {"name": "g"}}]}, False),
    ],
)
def test_the_form_before_tools(fields: dict[str, object], legacy: bool) -> None:
    from msgspec import convert

    assert convert({"messages": [], **fields}, ChatRequest).legacy_functions == legacy
