"""Hosted calls as items: one open at a time, each with its result, and back exactly where the client wants that."""

import itertools
from typing import Any

import pytest
from msgspec import Raw
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from claude_code_proxy import messages
from tests.endpoints.responses.responses_replies import ENCRYPTED, decode, kinds, message, streamed, whole

TOOLS: list[dict[str, Any]] = [
    {"type": "web_search"},
    {"type": "code_interpreter", "container": "container_1"},
    {"type": "mcp", "server_label": "dice", "server_url": "https://dice.example/mcp", "require_approval": "never"},
]
SEARCH = messages.ServerToolUse("srvtoolu_1", "web_search", Raw(b'{"query":"x"}'))
FOUND = messages.WebSearchToolResult("srvtoolu_1", Raw(b'[{"url":"https://a.example","encrypted_content":"zz"}]'))
FETCH = messages.ServerToolUse("srvtoolu_2", "web_fetch", Raw(b'{"url":"https://a.example"}'))
FETCHED = messages.UnknownBlock(
    "web_fetch_tool_result", b'{"type":"web_fetch_tool_result","tool_use_id":"srvtoolu_2","content":{}}'
)
CODE = messages.ServerToolUse("srvtoolu_3", "bash_code_execution", Raw(b'{"command":"ls"}'))
RAN = messages.UnknownBlock(
    "bash_code_execution_tool_result",
    b'{"type":"bash_code_execution_tool_result","tool_use_id":"srvtoolu_3",'
    b'"content":{"type":"bash_code_execution_result","stdout":"a.csv","stderr":"","return_code":0,"content":[]}}',
)
ROLL = messages.UnknownBlock(
    "mcp_tool_use",
    b'{"type":"mcp_tool_use","id":"mcptoolu_1","name":"roll","server_name":"dice","input":{"dice":"2d4"}}',
)
ROLLED = messages.UnknownBlock(
    "mcp_tool_result",
    b'{"type":"mcp_tool_result","tool_use_id":"mcptoolu_1","is_error":false,"content":[{"type":"text","text":"5"}]}',
)
LISTING = messages.UnknownBlock(
    "mcp_tool_listing",
    b'{"type":"mcp_tool_listing","mcp_server_name":"dice","tools":[{"name":"roll","input_schema":{"type":"object"}}]}',
)
PAIRS: list[tuple[messages.Block, messages.Block]] = [(SEARCH, FOUND), (FETCH, FETCHED), (CODE, RAN), (ROLL, ROLLED)]
_event: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)


@pytest.mark.parametrize(
    ("blocks", "expected"),
    [
        (
            (CODE, RAN),
            [
                "output_item.added",
                "code_interpreter_call.in_progress",
                "code_interpreter_call_code.delta",
                "code_interpreter_call_code.done",
                "code_interpreter_call.interpreting",
                "code_interpreter_call.completed",
                "output_item.done",
            ],
        ),
        (
            (ROLL, ROLLED),
            [
                "output_item.added",
                "mcp_call.in_progress",
                "mcp_call_arguments.delta",
                "mcp_call_arguments.done",
                "mcp_call.completed",
                "output_item.done",
            ],
        ),
        (
            (LISTING,),
            ["output_item.added", "mcp_list_tools.in_progress", "mcp_list_tools.completed", "output_item.done"],
        ),
        (
            (FETCH, FETCHED),
            [
                "output_item.added",
                "web_search_call.in_progress",
                "web_search_call.searching",
                "web_search_call.completed",
                "output_item.done",
            ],
        ),
    ],
)
def test_the_events_are_those_that_openai_sends(blocks: tuple[messages.Block, ...], expected: list[str]) -> None:
    request = decode(tools=TOOLS)
    found = streamed(request, messages.as_events(message(*blocks)))
    assert kinds(found)[2:-1] == expected
    for event in found:
        if event.get("item", {}).get("type") != "web_search_call":
            _event.validate_python(event)
    assert found[-1]["response"] == whole(request, message(*blocks))


@pytest.mark.parametrize("order", list(itertools.permutations(range(4), 3)))
def test_of_calls_at_once_each_item_has_its_own_result(order: tuple[int, ...]) -> None:
    calls = [PAIRS[index][0] for index in order]
    results = [PAIRS[index][1] for index in sorted(order)]
    request = decode(tools=TOOLS, include=["code_interpreter_call.outputs", "web_search_call.action.sources"])
    made = message(*calls, *results, messages.Text("Done."))
    found = streamed(request, messages.as_events(made))
    one_by_one = message(*(block for index in order for block in PAIRS[index]), messages.Text("Done."))
    assert found[-1]["response"] == whole(request, made) == whole(request, one_by_one)
    Response.model_validate(found[-1]["response"])
    opened = [event["type"] for event in found if event["type"].startswith("response.output_item")]
    assert opened == ["response.output_item.added", "response.output_item.done"] * 4


def test_a_call_without_a_result_ends_with_the_turn() -> None:
    reply = whole(decode(tools=TOOLS), message(CODE, ROLL, messages.Text("I stop.")))
    assert [(item["type"], item["status"]) for item in reply["output"]] == [
        ("code_interpreter_call", "incomplete"),
        ("mcp_call", "incomplete"),
        ("message", "completed"),
    ]


def test_pieces_of_arguments_come_as_they_are() -> None:
    start = messages.UnknownBlock("mcp_tool_use", ROLL.raw.replace(b'{"dice":"2d4"}', b"{}"))
    events: list[messages.Event] = [
        messages.MessageStart(message()),
        messages.ContentBlockStart(0, start),
        messages.ContentBlockDelta(0, messages.InputJsonDelta('{"dice":')),
        messages.ContentBlockDelta(0, messages.InputJsonDelta('"2d4"}')),
        messages.ContentBlockStop(0),
        messages.ContentBlockStart(1, ROLLED),
        messages.ContentBlockStop(1),
        messages.MessageDelta(messages.DeltaBody("end_turn")),
        messages.MessageStop(),
    ]
    request = decode(tools=TOOLS, include=ENCRYPTED)
    found = streamed(request, events)
    deltas = [event["delta"] for event in found if event["type"].endswith("arguments.delta")]
    assert deltas == ['{"dice":', '"2d4"}']
    (call, carrier) = found[-1]["response"]["output"]
    assert call["arguments"] == '{"dice":"2d4"}'
    again = decode(tools=TOOLS, input=[{"role": "user", "content": "x"}, call, carrier])
    assert bytes(messages.encode_request(again.request.messages[1].content[0])) == bytes(ROLL.raw)


@pytest.mark.parametrize("pair", PAIRS)
def test_a_call_comes_back_byte_for_byte_with_sealed_blocks(pair: tuple[messages.Block, messages.Block]) -> None:
    reply = whole(decode(tools=TOOLS, include=ENCRYPTED), message(*pair, messages.Text("Done.")))
    assert [item["type"] for item in reply["output"]][1:] == ["reasoning", "message"]
    again = decode(tools=TOOLS, input=[{"role": "user", "content": "x"}, *reply["output"]])
    assert messages.encode_request(again.request.messages[1].content[:2]) == messages.encode_request(pair)
    assert again.adjustments == ()
    kept = whole(decode(tools=TOOLS), message(*pair, messages.Text("Done.")))
    assert [item["type"] for item in kept["output"]][1:] == ["message"]
