"""Citations as annotations, with offsets into the whole text."""

import json
from typing import Any

import pytest
from msgspec import Raw

from claude_code_proxy import messages
from claude_code_proxy.endpoints.chat_completions.annotations import (
    FileAnnotation,
    FileCitation,
    UrlAnnotation,
    UrlCitation,
    to_annotated_text,
    to_annotations,
)
from tests.endpoints.replies import CONTEXT, decode_chat, message, streamed


def cited(text: str, *urls: str) -> messages.Text:
    return messages.Text(text, citations=Raw(json.dumps([{"url": url, "title": url.upper()} for url in urls]).encode()))


def test_offsets_count_characters_over_all_blocks() -> None:
    content = (
        messages.Text("🏛️: "),
        cited("it rained", "https://a", "https://b"),
        messages.Thinking("x", "y"),
        cited("!", "https://c"),
    )
    text, annotations = to_annotated_text(content)  # fmt: skip
    assert text == "🏛️: it rained!"
    pages = [one.url_citation for one in annotations if isinstance(one, UrlAnnotation)]
    places = [(page.url, text[page.start_index : page.end_index]) for page in pages]
    assert places == [("https://a", "it rained"), ("https://b", "it rained"), ("https://c", "!")]


def test_a_title_is_always_there() -> None:
    assert to_annotations([messages.Citation("x", "https://a")], 1, end=2) == [
        UrlAnnotation(UrlCitation("https://a", "https://a", 1, 2))
    ]


DOCUMENT = {"cited_text": "Red.", "document_index": 1, "document_title": "a.pdf"}


@pytest.mark.parametrize(
    ("citation", "expected"),
    [
        (
            {"type": "char_location", **DOCUMENT, "start_char_index": 0, "end_char_index": 4, "file_id": "file_1"},
            FileCitation("file_1", "a.pdf", 1, 5, 9, "Red.", start_char_index=0, end_char_index=4),
        ),
        (
            {"type": "page_location", **DOCUMENT, "start_page_number": 1, "end_page_number": 2, "file_id": None},
            FileCitation(None, "a.pdf", 1, 5, 9, "Red.", start_page_number=1, end_page_number=2),
        ),
        (
            {"type": "content_block_location", **DOCUMENT, "start_block_index": 0, "end_block_index": 1},
            FileCitation(None, "a.pdf", 1, 5, 9, "Red.", start_block_index=0, end_block_index=1),
        ),
        ({"type": "char_location", "document_index": 0}, FileCitation(None, "", 0, 5, 9, "")),
        ({"type": "search_result_location", "source": "wiki", "title": "Red"}, FileCitation(None, "Red", 0, 5, 9, "")),
    ],
    ids=lambda case: case.get("type") if isinstance(case, dict) else "",
)
def test_citations_of_documents(citation: dict[str, Any], expected: FileCitation) -> None:
    block = messages.Text("ruby", citations=Raw(json.dumps([citation]).encode()))
    _, annotations = to_annotated_text((messages.Text("It is"), block))
    assert annotations == [FileAnnotation(expected)]


def test_a_search_result_with_an_address_is_a_page() -> None:
    citation = messages.Citation("search_result_location", source="https://a", title="A")
    assert to_annotations([citation], 0, end=1) == [UrlAnnotation(UrlCitation("https://a", "A", 0, 1))]


def test_a_citation_of_nothing_known_is_left_out() -> None:
    assert to_annotations([messages.Citation("hologram_location", cited_text="x")], 0, end=1) == []


def test_a_stream_has_the_same_as_a_whole_reply() -> None:
    citation = {"type": "char_location", **DOCUMENT, "start_char_index": 0, "end_char_index": 4}
    block = messages.Text("Red.", citations=Raw(json.dumps([citation]).encode()))
    reply = message(messages.Text("It says: "), block)
    request = decode_chat()
    whole = json.loads(request.reply((reply,), CONTEXT))["choices"][0]["message"]["annotations"]
    frames = streamed(request, messages.as_events(reply)).split(b"data: ")
    (told,) = [json.loads(frame)["choices"][0]["delta"]["annotations"] for frame in frames if b"file_citation" in frame]
    assert [{**one, "index": 0} for one in whole] == told
    assert whole[0]["file_citation"]["cited_text"] == "Red."


def test_no_text_at_all() -> None:
    assert to_annotated_text(()) == ("", [])
