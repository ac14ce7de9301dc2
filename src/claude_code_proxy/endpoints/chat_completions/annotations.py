"""Citations of text blocks -> annotations of the one text that a chat completion has."""

from collections.abc import Iterable, Sequence

from msgspec import UNSET, Struct, UnsetType

from claude_code_proxy import messages


class UrlCitation(Struct, frozen=True):
    """`start_index` and `end_index` count characters of the whole content."""

    url: str
    title: str
    start_index: int
    end_index: int


class Annotation(Struct, frozen=True, tag_field="type", tag="url_citation"):
    """`index` counts the annotations of a streamed reply, as clients need it to put the chunks together."""

    url_citation: UrlCitation
    index: int | UnsetType = UNSET


def to_annotations(citations: Iterable[messages.Citation], start: int, *, end: int) -> list[Annotation]:
    """Return the annotations of a block that reaches from `start` to `end`. Citations without a URL are left out."""
    return [
        Annotation(UrlCitation(citation.url, citation.title or citation.url, start, end))
        for citation in citations
        if citation.url
    ]


def to_annotated_text(content: Sequence[messages.Block]) -> tuple[str, list[Annotation]]:
    """Join all text without a separator, and return it with its annotations."""
    pieces: list[str] = []
    annotations: list[Annotation] = []
    length = 0
    for block in content:
        if isinstance(block, messages.Text):
            start, length = length, length + len(block.text)
            pieces.append(block.text)
            if block.citations:
                annotations += to_annotations(messages.decode_citations(block.citations), start, end=length)
    return "".join(pieces), annotations
