"""Items of hosted calls in the input: blocks beside their tool, named otherwise."""

import pytest
from msgspec.structs import replace

from tests.adaptation.requests import PLAIN, accepted, adapted
from tests.endpoints.responses.responses_replies import adjusted, decode, turns

USER = {"role": "user", "content": "Roll."}
MCP = {"type": "mcp", "server_label": "dice", "server_url": "https://dice.example/mcp", "require_approval": "never"}
CODE = {"type": "code_interpreter", "container": {"type": "auto"}}
CALL = {"type": "mcp_call", "id": "mcp_1", "server_label": "dice", "name": "roll", "arguments": "{}", "output": "5"}
RAN = {"type": "code_interpreter_call", "id": "ci_1", "code": "ls", "container_id": "c", "outputs": None}


@pytest.mark.parametrize(
    ("item", "tool", "kinds"),
    [
        (CALL, MCP, ["mcp_tool_use", "mcp_tool_result"]),
        (CALL | {"id": None}, MCP, ["mcp_tool_use", "mcp_tool_result"]),
        (RAN, CODE, ["server_tool_use", "bash_code_execution_tool_result"]),
    ],
)
def test_a_call_beside_its_tool_is_a_call_of_the_turn(item: object, tool: object, kinds: list[str]) -> None:
    _, (role, blocks) = turns(USER, item, tools=[tool])
    assert (role, [block["type"] for block in blocks]) == ("assistant", kinds)
    assert blocks[0]["id"] == blocks[1]["tool_use_id"]
    assert adjusted(decode(input=[USER, item], tools=[tool])) == {}


@pytest.mark.parametrize(
    ("item", "tool"), [(CALL, CODE), (RAN, MCP), (CALL, MCP | {"server_label": "cards"}), (CALL, {"type": "mcp"})]
)
def test_a_call_without_its_tool_is_named(item: object, tool: dict[str, object]) -> None:
    tools = [tool] if "container" in tool or "server_label" in tool else []
    assert adjusted(decode(input=[USER, item], tools=tools)) == {"input[1]": "ignored"}


@pytest.mark.parametrize(("item", "tool"), [(CALL, MCP), (RAN, CODE)])
def test_the_service_takes_what_is_sent(item: object, tool: object) -> None:
    made = decode(input=[USER, item, {"role": "assistant", "content": "5."}, USER], tools=[tool])
    sent = adapted(replace(made.request, model=PLAIN))
    accepted(sent)
    assert ("mcp-client-2025-11-20" in sent.betas) == (tool is MCP)
