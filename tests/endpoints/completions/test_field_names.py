"""From a place in the Messages request back to the field of the completion request."""

import pytest

from tests.endpoints.completions.completion_replies import decode_completion


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("messages[0].content[0]", "prompt"),
        ("messages", "prompt"),
        ("system", "prompt"),
        ("stop_sequences", "stop"),
        ("metadata", "user"),
        ("temperature", "temperature"),
        ("max_tokens", "max_tokens"),
    ],
)
def test_field_names(path: str, name: str) -> None:
    assert decode_completion().field_name(path) == name
