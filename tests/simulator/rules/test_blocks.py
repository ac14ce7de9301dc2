"""Every kind of block as it is right, and what spoils it."""

import pytest

from claude_code_proxy.simulator.refusal import Refusal
from claude_code_proxy.simulator.rules.blocks import content_block
from tests.simulator.requests import Json, call, document, image, result, text

SEARCHED = {"type": "web_search_result", "url": "https://a.b", "title": "t", "encrypted_content": "e"}
RIGHT: list[Json] = [
    text("a"),
    text("a", citations=None, cache_control=None),
    text(
        "a",
        citations=[
            {"type": "web_search_result_location", "cited_text": "a", "url": "u", "title": None, "encrypted_index": "e"}
        ],
    ),
    image(),
    {"type": "image", "source": {"type": "file", "file_id": "f"}, "transformations": {"oversized_image": "downsize"}},
    document(title=None, context="c", citations={"enabled": True}),
    {"type": "document", "source": {"type": "content", "content": [text("a"), image()]}},
    {"type": "search_result", "source": "s", "title": "t", "content": [text("a")], "citations": {"enabled": True}},
    {**call(), "caller": {"type": "direct"}},
    {**call(), "caller": {"type": "code_execution_20260120", "tool_id": "srvtoolu_1"}},
    result(content=[text("a"), image(), document(), {"type": "tool_reference", "tool_name": "a"}], is_error=False),
    {"type": "thinking", "thinking": "", "signature": "s"},
    {"type": "redacted_thinking", "data": "d"},
    {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}},
    {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": [{**SEARCHED, "page_age": None}]},
    {
        "type": "web_search_tool_result",
        "tool_use_id": "srvtoolu_1",
        "content": {"type": "web_search_tool_result_error", "error_code": "unavailable"},
    },
    {"type": "bash_code_execution_tool_result", "tool_use_id": "srvtoolu_1", "content": {"anything": 1}},
    {"type": "container_upload", "file_id": "f"},
]


@pytest.mark.parametrize("block", RIGHT, ids=lambda block: str(block)[:60])
def test_right(block: Json) -> None:
    content_block(frozenset())(block, "at")


@pytest.mark.parametrize("block", RIGHT, ids=lambda block: str(block)[:60])
def test_no_block_takes_what_it_does_not_know(block: Json) -> None:
    with pytest.raises(Refusal) as caught:
        content_block(frozenset())({**block, "index": 0}, "at")
    assert caught.value.message == f"at.{block['type']}.index: Extra inputs are not permitted"


@pytest.mark.parametrize(
    ("block", "words"),
    [
        (
            {**call(), "caller": {"type": "bogus"}},
            "tool_use.caller: Input tag 'bogus' found using 'type' does not match",
        ),
        (
            {"type": "server_tool_use", "id": "toolu_1", "name": "a", "input": {}},
            "server_tool_use.id: String should match",
        ),
        (
            {"type": "image", "source": {"type": "base64", "data": "a"}},
            "image.source.base64.media_type: Field required",
        ),
        ({"type": "image", "source": {"type": "data"}}, "image.source: Input tag 'data' found using 'type'"),
        (document(citations={"enabled": "yes"}), "document.citations.enabled: Input should be a valid boolean"),
        (result(is_error="no"), "tool_result.is_error: Input should be a valid boolean"),
        (
            {"type": "text", "text": "a", "citations": [{"type": "url"}]},
            "text.citations.0: Input tag 'url' found using 'type'",
        ),
    ],
    ids=str,
)
def test_wrong(block: Json, words: str) -> None:
    with pytest.raises(Refusal) as caught:
        content_block(frozenset())(block, "at")
    assert caught.value.message.startswith(f"at.{words}")


def test_blocks_behind_betas() -> None:
    change = {"type": "tool_addition", "tool": {"type": "tool_reference", "name": "a"}}
    content_block(frozenset({"tool_changes"}))(change, "at")
    content_block(frozenset({"compaction"}))({"type": "compaction", "content": "a"}, "at")
    with pytest.raises(Refusal):
        content_block(frozenset({"compaction"}))(change, "at")
