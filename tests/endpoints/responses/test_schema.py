"""The wire types take what OpenAI's own client may send."""

import typing

from openai.types.responses import response_create_params

from claude_code_proxy.endpoints.responses.schema import ResponsesRequest


def test_every_field_of_the_api_is_there() -> None:
    known = set(typing.get_type_hints(response_create_params.ResponseCreateParamsBase)) | {"stream"}
    assert known <= set(ResponsesRequest.__struct_encode_fields__)
