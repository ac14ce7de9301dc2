"""Metadata has OpenAI's limits."""

import pytest

from claude_code_proxy.endpoints.openai.metadata import check_metadata
from claude_code_proxy.errors import InvalidRequest


def test_what_is_within_the_limits_passes() -> None:
    labels = {f"{number:064}": "v" * 512 for number in range(16)}
    assert check_metadata(labels) == labels
    assert check_metadata(None) == {}


@pytest.mark.parametrize(
    ("metadata", "param", "code"),
    [
        ({str(number): "" for number in range(17)}, "metadata", "object_above_max_properties"),
        ({"k" * 65: ""}, "metadata", "string_above_max_length"),
        ({"team": "v" * 513}, "metadata.team", "string_above_max_length"),
    ],
)
def test_what_is_beyond_a_limit_is_named(metadata: dict[str, str], param: str, code: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        check_metadata(metadata)
    assert (refused.value.param, refused.value.code) == (param, code)
