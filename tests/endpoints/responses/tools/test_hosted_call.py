"""Which blocks are calls of the service's own and their results, and what they hold."""

import pytest
from msgspec import Raw

from claude_code_proxy import messages
from claude_code_proxy.endpoints.responses.tools.hosted_call import (
    HostedResult,
    block_id,
    input_of,
    is_call,
    is_result,
    to_hosted_result,
)

MCP_USE = messages.UnknownBlock("mcp_tool_use", b'{"type":"mcp_tool_use","id":"m1","name":"roll","input":{"n": 2}}')
MCP_RESULT = messages.UnknownBlock(
    "mcp_tool_result", b'{"type":"mcp_tool_result","tool_use_id":"m1","is_error":true,"content":[]}'
)


def test_calls_and_results_are_told_apart() -> None:
    fetch = messages.ServerToolUse("s1", "web_fetch", Raw(b'{"url":"x"}'))
    found = messages.WebSearchToolResult("s1", Raw(b"[]"))
    blocks: list[messages.Block] = [fetch, MCP_USE, found, MCP_RESULT, messages.Text("x"), messages.ToolResult("t")]
    assert [is_call(block) for block in blocks] == [True, True, False, False, False, False]
    assert [is_result(block) for block in blocks] == [False, False, True, True, False, False]
    assert (block_id(fetch), input_of(fetch)) == ("s1", b'{"url":"x"}')
    assert (block_id(MCP_USE), input_of(MCP_USE)) == ("m1", b'{"n": 2}')


@pytest.mark.parametrize(
    ("block", "result"),
    [
        (MCP_RESULT, HostedResult("m1", Raw(b"[]"), True)),
        (messages.WebSearchToolResult("s1", Raw(b"[1]")), HostedResult("s1", Raw(b"[1]"))),
        (messages.UnknownBlock("x_tool_result", b'{"tool_use_id":7}'), None),
    ],
)
def test_the_result_in_a_block(block: messages.UnknownBlock, result: HostedResult | None) -> None:
    assert to_hosted_result(block) == result
