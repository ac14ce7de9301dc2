"""Parts of other APIs and libraries, as parts of a message and as the text of a tool's result."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from claude_code_proxy.endpoints.chat_completions import schema as chat
from claude_code_proxy.endpoints.chat_completions.foreign.parts import parts_in, to_chat_part

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgAAACAAAB4iG8MwAAAABJRU5ErkJggg=="
URL = f"data:image/png;base64,{PNG}"
PDF = "JVBERi0xLjQ="
IMAGE = chat.ImagePart(URL)
SEEN = chat.TextPart("seen")

IMAGES: dict[str, Any] = {
    "Anthropic": {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
    "MCP": {"type": "image", "data": PNG, "mimeType": "image/png"},
    "MCP with nulls": {"type": "image", "data": PNG, "mimeType": "image/png", "annotations": None, "_meta": None},
    "MCP resource": {"type": "resource", "resource": {"uri": "a://b.png", "mimeType": "image/png", "blob": PNG}},
    "Microsoft.Extensions.AI": {"$type": "data", "uri": URL},
    "Microsoft.Extensions.AI with a name": {"$type": "data", "uri": URL, "name": "a.png", "mediaType": "image/png"},
    "AI SDK media": {"type": "media", "data": PNG, "mediaType": "image/png"},
    "AI SDK image-data": {"type": "image-data", "data": PNG, "mediaType": "image/png"},
    "AI SDK file-data": {"type": "file-data", "data": PNG, "mediaType": "image/png", "filename": "a.png"},
    "AI SDK file": {"type": "file", "data": PNG, "mediaType": "image/png"},
    "AI SDK image": {"type": "image", "image": PNG, "mediaType": "image/png"},
    "OpenAI": {"type": "image_url", "image_url": {"url": URL}},
    "OpenAI with a text": {"type": "image_url", "image_url": URL},
    "Responses": {"type": "input_image", "image_url": URL, "detail": "auto"},
}
FILES: dict[str, Any] = {
    "Anthropic": {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": PDF}},
    "MCP": {"type": "resource", "resource": {"uri": "a://b.pdf", "mimeType": "application/pdf", "blob": PDF}},
    "Microsoft.Extensions.AI": {"$type": "data", "uri": f"data:application/pdf;base64,{PDF}"},
    "AI SDK": {"type": "file-data", "data": PDF, "mediaType": "application/pdf", "filename": "a.pdf"},
    "OpenAI": {"type": "file", "file": {"file_data": f"data:application/pdf;base64,{PDF}", "filename": "a.pdf"}},
    "Responses": {"type": "input_file", "file_data": f"data:application/pdf;base64,{PDF}", "filename": "a.pdf"},
}
every_image = pytest.mark.parametrize("part", IMAGES.values(), ids=IMAGES)
every_file = pytest.mark.parametrize("part", FILES.values(), ids=FILES)


def part_of(fields: Any) -> chat.Part | None:
    return to_chat_part(Raw(json.dumps(fields).encode()))


@every_image
def test_an_image_in_each_form(part: Any) -> None:
    assert part_of(part) == IMAGE


@every_file
def test_a_file_in_each_form(part: Any) -> None:
    found = part_of(part)
    assert isinstance(found, chat.FilePart)
    assert found.file.file_data == f"data:application/pdf;base64,{PDF}"


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ({"type": "input_text", "text": "seen"}, SEEN),
        ({"type": "output_text", "text": "seen", "annotations": []}, SEEN),
        ({"$type": "text", "text": "seen"}, SEEN),
        ({"type": "resource", "resource": {"uri": "", "text": "seen"}}, SEEN),
        ({"type": "resource", "resource": {"uri": "a://b", "text": "seen"}}, chat.TextPart("a://b\nseen")),
        ({"type": "audio", "data": "AA==", "mimeType": "audio/wav"}, chat.AudioPart()),
        ({"$type": "data", "uri": "data:audio/mp3;base64,AA=="}, chat.AudioPart()),
        (
            {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}},
            chat.ImagePart("https://example.com/a.png"),
        ),
        (
            {"type": "image", "source": {"type": "file", "file_id": "file_1"}},
            chat.FilePart(chat.FileBody(file_id="file_1", format="image/*")),
        ),
        ({"type": "input_file", "file_id": "file_1"}, chat.FilePart(chat.FileBody(file_id="file_1"))),
        (
            {"type": "input_image", "file_id": "file_1"},
            chat.FilePart(chat.FileBody(file_id="file_1", format="image/*")),
        ),
    ],
)
def test_what_else_there_is(part: Any, expected: chat.Part) -> None:
    assert part_of(part) == expected


@pytest.mark.parametrize(
    "part",
    [
        {},
        {"type": "weather"},
        {"type": "image"},
        {"type": "image", "source": {"type": "new"}},
        {"text": "x"},
        [],
        5,
        "x",
    ],
)
def test_what_has_no_known_form_is_none(part: Any) -> None:
    assert part_of(part) is None


@every_image
@pytest.mark.parametrize("indent", [None, 2])
def test_the_text_of_a_result_in_each_form(part: Any, indent: int | None) -> None:
    text = {"$type": "text", "text": "seen"} if "$type" in part else {"type": "text", "text": "seen"}
    results: list[tuple[Any, list[chat.Part]]] = [
        (part, [IMAGE]),
        ([part], [IMAGE]),
        ([text, part], [SEEN, IMAGE]),
        ({"content": [text, part]}, [SEEN, IMAGE]),
        ({"content": [text, part], "isError": False, "structuredContent": None, "_meta": None}, [SEEN, IMAGE]),
        ({"type": "content", "value": [text, part]}, [SEEN, IMAGE]),
    ]
    for result, expected in results:
        found = parts_in(json.dumps(result, indent=indent))
        assert found is not None
        assert (found.parts, found.is_error) == (expected, False)


def test_a_result_may_say_that_it_failed() -> None:
    found = parts_in(json.dumps({"content": [IMAGES["MCP"]], "isError": True}))
    assert found is not None
    assert found.is_error


def test_structured_content_without_words_is_kept_as_its_json() -> None:
    found = parts_in(json.dumps({"content": [IMAGES["MCP"]], "structuredContent": {"a": 1}}))
    assert found is not None
    assert found.parts == [IMAGE, chat.TextPart('{"a": 1}')]


@pytest.mark.parametrize(
    "result",
    [
        "seen",
        "",
        "[",
        "[]",
        "{}",
        json.dumps([{"type": "text", "text": "seen"}]),
        json.dumps({"content": [{"type": "text", "text": "seen"}]}),
        json.dumps([IMAGES["MCP"], {"type": "weather", "degrees": 21}]),
        json.dumps([IMAGES["MCP"], "and a text"]),
        json.dumps(IMAGES["MCP"] | {"caption": "Nobody may lose this."}),
        json.dumps({"content": [IMAGES["MCP"]], "degrees": 21}),
        json.dumps({"type": "image", "data": "a picture", "mimeType": "image/png"}),
        json.dumps({"$type": "data", "uri": "data:image/png;base64,?"}),
        json.dumps({"data": PNG, "mimeType": "image/png"}),
        f"See: {json.dumps(IMAGES['MCP'])}",
        f"{json.dumps(IMAGES['MCP'])} and more",
        '{"a":' * 5000 + "1" + "}" * 5000,
    ],
)
def test_any_other_text_is_none_of_them(result: str) -> None:
    assert parts_in(result) is None


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.text() | st.sampled_from(["type", "content", "data", "uri", "source"]), inner)
        ),
        max_leaves=20,
    )
)
def test_no_json_does_harm(value: Any) -> None:
    parts_in(json.dumps(value))
    part_of(value)
