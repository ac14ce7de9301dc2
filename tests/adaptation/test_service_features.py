"""What a request passes on to the service as it is, and the betas that open it."""

from typing import Any

import pytest
from msgspec import Raw

from claude_code_proxy import messages
from tests.adaptation.requests import NEWEST, OLD, accepted, adapted, request, told, tool

CLEAR = b'{"type":"clear_tool_uses_20250919","keep":{"type":"tool_uses","value":3}}'
COMPACT = b'{"type":"compact_20260112"}'
SERVER = b'{"type":"url","url":"https://example.com/mcp","name":"notes"}'
TOOLSET = messages.RawTool("mcp_toolset", "mcp_toolset notes", raw=b'{"type":"mcp_toolset","mcp_server_name":"notes"}')


def raw_tool(json: bytes) -> messages.RawTool:
    return messages.decode_raw_tool(json)


def edits(*parts: bytes) -> Raw:
    return Raw(b'{"edits":[%b]}' % b",".join(parts))


@pytest.mark.parametrize(
    ("fields", "betas"),
    [
        ({}, ()),
        ({"context_management": edits(CLEAR)}, ("context-management-2025-06-27",)),
        ({"context_management": edits(COMPACT, CLEAR)}, ("compact-2026-01-12", "context-management-2025-06-27")),
        ({"context_management": edits()}, ("context-management-2025-06-27",)),
        ({"mcp_servers": Raw(b"[%b]" % SERVER)}, ("mcp-client-2025-11-20",)),
        ({"mcp_servers": Raw(b"[%b]" % SERVER), "tools": (TOOLSET,)}, ("mcp-client-2025-11-20",)),
        ({"fallbacks": Raw(b'"default"')}, ("server-side-fallback-2026-07-01",)),
        (
            {"tools": (raw_tool(b'{"type":"advisor_20260301","name":"advisor","model":"x"}'),)},
            ("advisor-tool-2026-03-01",),
        ),
        ({"tools": (raw_tool(b'{"type":"memory_20250818","name":"memory"}'),)}, ()),
        (
            {
                "tools": (raw_tool(b'{"type":"code_execution_20260120","name":"code_execution"}'),),
                "container": Raw(b'{"id":"container_1"}'),
            },
            (),
        ),
    ],
)
def test_what_the_service_has_goes_along_with_its_betas(fields: dict[str, Any], betas: tuple[str, ...]) -> None:
    made = adapted(request(model=NEWEST, **fields), prompt_cache=False)
    accepted(made)
    assert made.betas == betas
    assert all(getattr(made.request, name) == value for name, value in fields.items() if name != "tools")
    assert fields.get("tools", ()) == made.request.tools[: len(fields.get("tools", ()))]


@pytest.mark.parametrize(
    ("configuration", "toolset"),
    [
        (b'{"enabled":true}', b'{"type":"mcp_toolset","mcp_server_name":"notes"}'),
        (
            b'{"allowed_tools":["a"]}',
            (
                b'{"type":"mcp_toolset","mcp_server_name":"notes","configs":{"a":{"enabled":true}},'
                b'"default_config":{"enabled":false}}'
            ),
        ),
        (b'{"enabled":false}', b'{"type":"mcp_toolset","mcp_server_name":"notes","default_config":{"enabled":false}}'),
    ],
)
def test_the_first_way_to_name_a_servers_tools(configuration: bytes, toolset: bytes) -> None:
    server = SERVER[:-1] + b',"tool_configuration":%b}' % configuration
    made = adapted(request(mcp_servers=Raw(b"[%b]" % server)), prompt_cache=False)
    accepted(made)
    assert bytes(made.request.mcp_servers) == b"[%b]" % SERVER
    assert messages.encode_request(made.request.tools[0]) == toolset


def test_each_server_gets_the_toolset_that_it_lacks() -> None:
    other = SERVER.replace(b"notes", b"other")
    made = adapted(request(tools=(tool(), TOOLSET), mcp_servers=Raw(b"[%b,%b]" % (SERVER, other))), prompt_cache=False)
    accepted(made)
    assert [one.name for one in made.request.tools] == ["look", "mcp_toolset notes", "mcp_toolset other"]
    assert told(made) == ["tools=inserted"]


@pytest.mark.parametrize(
    ("asked", "left"), [((CLEAR, COMPACT), edits(CLEAR)), ((COMPACT,), Raw(b"")), ((CLEAR,), edits(CLEAR))]
)
def test_edits_that_the_model_lacks_are_left_out_and_told(asked: tuple[bytes, ...], left: Raw) -> None:
    made = adapted(request(model=OLD, context_management=edits(*asked)))
    accepted(made)
    assert made.request.context_management == left
    assert [note.changes_meaning for note in made.adjustments] == ([True] if COMPACT in asked else [])


def test_a_container_without_code_is_left_out_and_told() -> None:
    made = adapted(request(tools=(tool(),), container=Raw(b'"container_1"')))
    accepted(made)
    assert (made.request.container, told(made)) == (Raw(b""), ["container=dropped"])
    assert made.adjustments[0].changes_meaning


@pytest.mark.parametrize(
    "fields", [{"context_management": Raw(b"5")}, {"context_management": edits(b"7")}, {"mcp_servers": Raw(b'"x"')}]
)
def test_what_is_of_another_shape_is_left_to_the_service(fields: dict[str, Raw]) -> None:
    made = adapted(request(**fields))  # type: ignore[arg-type]
    assert all(getattr(made.request, name) == value for name, value in fields.items())


def test_a_breakpoint_of_a_raw_tool_counts() -> None:
    memory = raw_tool(b'{"type":"memory_20250818","name":"memory","cache_control":{"type":"ephemeral"}}')
    system = tuple(messages.Text(str(n), cache_control=messages.CacheControl()) for n in range(4))
    made = adapted(request(tools=(memory,), system=system), prompt_cache=False)
    accepted(made)
    assert made.request.tools[0].cache_control is None
