"""Code that ran: what of each of Claude's tools is the code, what it printed, and the item back as blocks."""

import json

import pytest
from msgspec import Raw

from claude_code_proxy import messages
from claude_code_proxy.endpoints.responses import items
from claude_code_proxy.endpoints.responses.tools.code_calls import CodeCall, CodeLogs, to_code_blocks
from claude_code_proxy.endpoints.responses.tools.hosted_call import HostedResult


@pytest.mark.parametrize(
    ("input", "code"),
    [
        (b'{"code":"1+1"}', "1+1"),
        (b'{"command":"ls -l"}', "ls -l"),
        (b'{"command":"view","path":"/tmp/a"}', '{"command":"view","path":"/tmp/a"}'),
        (b'{"command":', '{"command":'),
    ],
)
def test_the_code(input: bytes, code: str) -> None:
    call = CodeCall(container="container_1", outputs=False)
    list(call.read(input))
    item, event = call.ended("ci_1", HostedResult("s", Raw(b'{"stdout":"2"}')))
    assert (item.code, item.container_id, item.outputs, item.status) == (code, "container_1", None, "completed")
    assert event == "response.code_interpreter_call.completed"


@pytest.mark.parametrize(
    ("content", "status", "logs"),
    [
        (b'{"type":"bash_code_execution_result","stdout":"2","stderr":"w","content":[]}', "completed", ["2", "w"]),
        (b'{"type":"text_editor_code_execution_view_result","content":"a"}', "completed", ["a"]),
        (b'{"type":"x_tool_result_error","error_code":"unavailable"}', "failed", ["unavailable"]),
        (b"[]", "completed", []),
    ],
)
def test_the_outputs(content: bytes, status: str, logs: list[str]) -> None:
    call = CodeCall(container="", outputs=True)
    item, _ = call.ended("ci_1", HostedResult("s", Raw(content)))
    assert (item.status, item.outputs) == (status, tuple(map(CodeLogs, logs)))


def test_an_item_is_a_call_and_its_result() -> None:
    item = items.CodeCallInput(
        code="ls", status="failed", outputs=[items.LogsInput("a"), items.CodeImageInput("x"), items.LogsInput("b")]
    )
    call, result = (json.loads(messages.encode_request(block)) for block in to_code_blocks(item, "srvtoolu_1"))
    assert (call["id"], call["name"], call["input"]) == ("srvtoolu_1", "bash_code_execution", {"command": "ls"})
    assert result["tool_use_id"] == "srvtoolu_1"
    assert (result["content"]["stdout"], result["content"]["return_code"]) == ("a\nb", 1)
