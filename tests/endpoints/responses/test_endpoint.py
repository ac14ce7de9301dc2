"""The endpoint as a whole: what it needs of what is kept, and its own words."""

import json

from claude_code_proxy.endpoints.openai.envelope import OPENAI
from tests.endpoints.responses.responses_replies import ENDPOINT, decode


def test_a_request_says_what_it_needs_of_what_is_kept() -> None:
    assert ENDPOINT.begin is not None
    pending = ENDPOINT.begin(json.dumps({"input": "x", "previous_response_id": "resp_1"}).encode(), "claude-x")
    assert pending.ids == ("resp_1",)
    assert ENDPOINT.begin(b'{"input":"x"}', "claude-x").ids == ()


def test_the_endpoint() -> None:
    assert (ENDPOINT.path, ENDPOINT.id_prefix) == ("/responses", "resp_")
    assert ENDPOINT.envelope is OPENAI
    assert ENDPOINT.decode(b'{"input":"x"}', "claude-x").n == 1


def test_errors_of_the_service_name_the_clients_field() -> None:
    request = decode(input=[{"role": "user", "content": "a"}], tools=[{"type": "function", "name": "add"}])
    assert request.field_name("messages[0].content[0]") == "input[0].content"
    assert request.field_name("tools[0].name") == "tools[0].name"
