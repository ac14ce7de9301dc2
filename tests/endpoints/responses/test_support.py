"""Every field of a request is in the table, and every type of item, part and tool."""

from msgspec import inspect

from claude_code_proxy.endpoints.responses import items
from claude_code_proxy.endpoints.responses.schema import ResponsesRequest
from claude_code_proxy.endpoints.responses.support import ITEMS, PARTS, REQUEST, TOOLS
from claude_code_proxy.endpoints.responses.tools import tool_types
from claude_code_proxy.endpoints.support import Fate


def _tags(kind: object) -> set[str]:
    union = inspect.type_info(kind)
    assert isinstance(union, inspect.UnionType)
    return {str(one.tag) for one in union.types if isinstance(one, inspect.StructType)}


def test_every_field_says_what_becomes_of_it() -> None:
    assert set(REQUEST) == set(ResponsesRequest.__struct_encode_fields__)


def test_every_item_part_and_tool_says_it() -> None:
    outputs = {
        tag for tag in _tags(items.KnownItem) if tag.endswith("_output") and tag.removesuffix("_output") in ITEMS
    }
    assert _tags(items.KnownItem) - outputs <= set(ITEMS)
    assert _tags(items.Part) - {"text"} <= set(PARTS)
    dated = {tag for tag in _tags(tool_types.KnownTool) if tag.startswith("web_search_")}
    assert _tags(tool_types.KnownTool) - dated <= set(TOOLS)


def test_reasons_are_sentences() -> None:
    rows = [row for table in (REQUEST, ITEMS, PARTS, TOOLS) for row in table.values()]
    assert all(row.reason.endswith(".") and row.fate in Fate for row in rows)
