"""The response around its output: what it repeats, and the errors of a failed one."""

import json

import msgspec
import pytest

from claude_code_proxy.endpoints.responses.response import echo, to_fault
from claude_code_proxy.endpoints.responses.schema import ResponsesRequest
from claude_code_proxy.errors import InvalidRequest, ProxyError, RejectionHeaders, UpstreamRejected, UpstreamUnavailable
from tests.endpoints.responses.responses_replies import decode, message, whole


def test_a_response_repeats_its_request() -> None:
    fields = {
        "instructions": "Be brief.",
        "max_output_tokens": 50,
        "metadata": {"team": "a"},
        "parallel_tool_calls": False,
        "prompt_cache_key": "k",
        "store": False,
        "temperature": 0.5,
        "tool_choice": {"type": "function", "name": "add"},
        "tools": [{"type": "function", "name": "add"}],
        "user": "ada",
    }
    reply = whole(decode(**fields), message())
    assert {name: reply[name] for name in fields} == fields
    assert (reply["id"], reply["object"], reply["model"]) == ("resp_123", "response", "claude-sonnet-4-6")
    assert (reply["created_at"], reply["completed_at"], reply["error"]) == (1_800_000_000, 1_800_000_009, None)


def test_what_is_repeated_stands_on_one_line() -> None:
    """A line break in it would end the data of a streamed event."""
    schema = {"type": "object", "properties": {"a\n": {"type": "string"}}}
    text_format = {"type": "json_schema", "name": "add", "schema": schema}
    fields = {"tools": [{"type": "function", "name": "add", "parameters": schema}], "text": {"format": text_format}}
    body = json.dumps({"model": "m", "input": "a", **fields}, indent=1).replace("\n", "\r\n")
    repeated = echo(msgspec.json.decode(body, type=ResponsesRequest))
    assert not set(b"\r\n") & set(repeated)
    found = json.loads(b"{%b}" % repeated)
    assert found["tools"][0]["parameters"] == found["text"]["format"]["schema"] == schema


def test_defaults_are_told_as_the_service_tells_them() -> None:
    reply = whole(decode(), message())
    assert reply["text"] == {"format": {"type": "text"}, "verbosity": "medium"}
    assert (reply["tool_choice"], reply["tools"], reply["metadata"]) == ("auto", [], {})
    assert (reply["parallel_tool_calls"], reply["store"], reply["temperature"], reply["top_p"]) == (
        True,
        True,
        1.0,
        1.0,
    )


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UpstreamUnavailable("Not there."), "server_error"),
        (UpstreamRejected("Busy.", status=529, kind="overloaded_error"), "server_error"),
        (
            UpstreamRejected(
                "Slow down.", status=429, kind="rate_limit_error", headers=RejectionHeaders(retry_after=2.5)
            ),
            "rate_limit_exceeded",
        ),
        (InvalidRequest("No."), "invalid_prompt"),
        (ProxyError("Ours."), "server_error"),
    ],
)
def test_the_code_of_a_fault(error: ProxyError, code: str) -> None:
    assert to_fault(error, None).code == code


def test_a_fault_says_when_to_try_again() -> None:
    error = UpstreamRejected(
        "Slow down.", status=429, kind="rate_limit_error", headers=RejectionHeaders(retry_after=2.5)
    )
    assert to_fault(error, None).message == "Slow down. Please try again in 2.5s."
