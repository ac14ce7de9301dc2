"""Citations as annotations, with offsets into the whole text."""

import json

from msgspec import Raw

from claude_code_proxy import messages
from claude_code_proxy.endpoints.chat_completions.annotations import (
    Annotation,
    UrlCitation,
    to_annotated_text,
    to_annotations,
)


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
    places = [(a.url_citation.url, text[a.url_citation.start_index : a.url_citation.end_index]) for a in annotations]
    assert places == [("https://a", "it rained"), ("https://b", "it rained"), ("https://c", "!")]


def test_a_title_is_always_there() -> None:
    assert to_annotations([messages.Citation("x", "https://a")], 1, end=2) == [
        Annotation(UrlCitation("https://a", "https://a", 1, 2))
    ]


def test_citations_of_documents_have_no_url() -> None:
    assert to_annotations([messages.Citation("char_location", cited_text="x")], 0, end=1) == []


def test_no_text_at_all() -> None:
    assert to_annotated_text(()) == ("", [])
