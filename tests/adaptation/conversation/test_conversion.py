"""Which images must be converted, and what stands in their place."""

from typing import TYPE_CHECKING

import pytest
from msgspec import Raw

from claude_code_proxy import messages
from claude_code_proxy.adaptation.conversation.conversion import Conversion, find_unfit, with_conversions
from claude_code_proxy.errors import InvalidRequest
from tests.adaptation.requests import PNG, assistant, request, user
from tests.pictures import CONVERTED, WIDE, encoded, png_of_size

if TYPE_CHECKING:
    from claude_code_proxy.adjustment import Adjustment

HEIC = encoded(CONVERTED["HEIC"])
OF_2001 = encoded(png_of_size(10, 2001))
DONE = messages.Base64Source("image/png", PNG)
PROBLEM = Conversion(problem="it is broken")


def image(data: str, media_type: str = "image/png") -> messages.Image:
    return messages.Image(messages.Base64Source(media_type, data), messages.CacheControl())


def conversation(data: str) -> messages.MessagesRequest:
    """Return a request with the image in a user message and in a tool result."""
    return request(
        user("look", image(data)),
        assistant(messages.ToolUse("toolu_1", "look", Raw(b"{}"))),
        user(messages.ToolResult("toolu_1", (messages.Text("seen"), image(data)))),
    )


@pytest.mark.parametrize("data", [*map(encoded, CONVERTED.values()), encoded(WIDE)], ids=[*CONVERTED, "too wide"])
def test_an_image_is_found_once(data: str) -> None:
    assert find_unfit(conversation(data)) == (data,)


@pytest.mark.parametrize(
    "block",
    [
        image(PNG),
        image(encoded(png_of_size(8000, 8000))),
        image(OF_2001),
        image("PHN2Zy8+", "image/svg+xml"),
        image("!!!"),
        image(""),
        messages.Image(messages.UrlSource("https://example.com/a.heic")),
        messages.Image(messages.FileSource("file_1")),
        messages.Document(messages.Base64Source("application/pdf", "JVBERi0=")),
    ],
)
def test_what_claude_takes_or_nobody_converts_is_not_found(block: messages.Block) -> None:
    asked = request(user("look", block))
    assert find_unfit(asked) == ()
    assert with_conversions(asked, {}, notes=[]) == asked


def test_an_image_that_is_too_large_is_found() -> None:
    large = encoded(png_of_size(10, 10) + b"\0" * 10 * 1024 * 1024)
    assert find_unfit(request(user(image(large)))) == (large,)


def test_images_of_many_must_be_smaller() -> None:
    assert find_unfit(request(user(*[image(OF_2001)] * 20))) == ()
    assert find_unfit(request(user(*[image(OF_2001)] * 21))) == (OF_2001,)


def test_converted_images_take_their_places() -> None:
    notes: list[Adjustment] = []
    changed = with_conversions(conversation(HEIC), {HEIC: Conversion(DONE)}, notes=notes)
    new = messages.Image(DONE, messages.CacheControl())
    assert changed.messages[0].content == (messages.Text("look"), new)
    assert changed.messages[2].content == (messages.ToolResult("toolu_1", (messages.Text("seen"), new)),)
    assert [(note.path, note.action, note.changes_meaning) for note in notes] == [
        ("messages[0].content[1]", "mapped", False),
        ("messages[2].content[0].content[1]", "mapped", False),
    ]


def test_a_file_of_which_only_the_first_picture_is_sent_changes_the_meaning() -> None:
    notes: list[Adjustment] = []
    with_conversions(request(user(image(HEIC))), {HEIC: Conversion(DONE, frames=3)}, notes=notes)
    assert [(note.changes_meaning, "first of 3" in note.reason) for note in notes] == [(True, True)]


def test_a_users_image_that_cannot_be_converted_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="it is broken") as caught:
        with_conversions(conversation(HEIC), {HEIC: PROBLEM}, notes=[])
    assert caught.value.path == "messages[0].content[1]"


def test_text_takes_the_place_of_a_tools_image_that_cannot_be_converted() -> None:
    notes: list[Adjustment] = []
    asked = request(user("look", messages.ToolResult("toolu_1", (image(HEIC),))))
    (_, result) = with_conversions(asked, {HEIC: PROBLEM}, notes=notes).messages[0].content
    assert isinstance(result, messages.ToolResult)
    assert result.content == (messages.Text("(an image that cannot be read: it is broken)"),)
    assert [(note.path, note.action, note.changes_meaning) for note in notes] == [
        ("messages[0].content[1].content[0]", "dropped", True)
    ]
