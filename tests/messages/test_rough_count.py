"""A rough count: by bytes, but never by those of an image."""

from msgspec import Raw

from claude_code_proxy import messages
from claude_code_proxy.messages.rough_count import input_tokens, parts_of, tokens_of

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
