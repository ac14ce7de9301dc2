"""A rough count: by bytes, but never by those of an image."""

import pytest
from msgspec import Raw

from claude_code_proxy import messages
from claude_code_proxy.messages.rough_count import input_tokens, parts_of, size_of, tokens_of

IMAGE = messages.Image(messages.Base64Source("image/png", "A" * 400_000))
TEXT = messages.Text("word " * 700)
REQUEST = messages.MessagesRequest(
    "claude",
    (messages.InputMessage("user", (TEXT, IMAGE)),),
    system=(messages.Text("Be brief."),),
    tools=(messages.Tool("look", Raw(b"{}")),),
)


def test_the_blocks_stand_in_the_order_of_the_cache() -> None:
    assert [at for at, _ in parts_of(REQUEST)] == [
        "tools[0]",
        "system[0]",
        "messages[0].content[0]",
        "messages[0].content[1]",
    ]


def test_what_they_count() -> None:
    assert 900 < tokens_of(TEXT) < 1100
    assert tokens_of(IMAGE) == 1600
    assert input_tokens(REQUEST) == sum(tokens_of(block) for _, block in parts_of(REQUEST))


@pytest.mark.parametrize(
    ("part", "size"),
    [
        (messages.ToolUse("t", "look", Raw(b'{"a":1}')), 4 + 7),
        (messages.ToolResult("t", (messages.Text("four"), messages.Text("five!"))), 4 + 5),
        (messages.Document(messages.TextSource("plain")), 5),
        (messages.Thinking("Hm.", "a long signature"), 3),
        (messages.Tool("look", Raw(b"{}"), description="See."), 4 + 2 + 4),
        (messages.RedactedThinking("x"), len('{"type":"redacted_thinking","data":"x"}')),
    ],
)
def test_the_size_of_each_kind_of_part(part: messages.Block | messages.Tool, size: int) -> None:
    assert size_of(part) == size


def test_a_page_counts_as_an_image_does() -> None:
    page = messages.Document(messages.Base64Source("application/pdf", "A" * 400_000))
    assert size_of(page) == size_of(IMAGE)
