"""OpenAI's own tools of the client, as functions."""

import pytest

from tests.endpoints.responses.responses_replies import decode


@pytest.mark.parametrize("kind", ["local_shell", "shell", "apply_patch"])
def test_openais_own_tools_are_functions(kind: str) -> None:
    request = decode(tools=[{"type": kind}])
    (tool,) = request.request.tools
    assert tool.name == kind
    assert request.shape.origin(kind).kind == kind
