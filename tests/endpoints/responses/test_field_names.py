"""The client's field of a place in the Messages request."""

import pytest

from claude_code_proxy.endpoints.responses.field_names import field_name

TOOLS = ("tools[0]", "tools[1].tools[0]")
BLOCKS = (("input[0].content",), ("input[1]", "input[2]"), ())


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("max_tokens", "max_output_tokens"),
        ("system", "instructions"),
        ("temperature", "temperature"),
        ("output_config.format.schema.properties.a", "text.format.schema.properties.a"),
        ("output_config.effort", "reasoning.effort"),
        ("thinking", "reasoning"),
        ("tools[1].input_schema.properties.a", "tools[1].tools[0].parameters.properties.a"),
        ("tools[0].name", "tools[0].name"),
        ("tools[1]", "tools[1].tools[0]"),
        ("tools[7].name", "tools[7].name"),
        ("messages", "input"),
        ("messages[0].content[0]", "input[0].content"),
        ("messages[1].content[1].source", "input[2]"),
        ("messages[1].content[9]", "input[2]"),
        ("messages[1]", "input[1]"),
        ("messages[2].content[0]", "input"),
        ("messages[9].content[0]", "input"),
    ],
)
def test_fields(path: str, field: str) -> None:
    assert field_name(path, tools=TOOLS, blocks=BLOCKS) == field
