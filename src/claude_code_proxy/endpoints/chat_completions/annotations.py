"""Citations of text blocks -> annotations of the one text that a chat completion has.

Pages are `url_citation`, as the API has it; documents of the request are `file_citation`, as OpenAI's other APIs have.
"""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from msgspec import UNSET, Struct, UnsetType

from claude_code_proxy import messages

_LOCATION = (
    "start_char_index",
    "end_char_index",
    "start_page_number",
    "end_page_number",
    "start_block_index",
    "end_block_index",
)
_ADDRESSES = ("http://", "https://")


class UrlCitation(Struct, frozen=True):
    """`start_index` and `end_index` count characters of the whole content."""

    url: str
    title: str
    start_index: int
    end_index: int


class FileCitation(Struct, frozen=True, omit_defaults=True):
    """`index` is the document's place among those of the request; the last fields are the place in the document."""

    file_id: str | None
    filename: str
    index: int
    start_index: int
    end_index: int
    cited_text: str
    start_char_index: int | UnsetType = UNSET
    end_char_index: int | UnsetType = UNSET
    start_page_number: int | UnsetType = UNSET
    end_page_number: int | UnsetType = UNSET
    start_block_index: int | UnsetType = UNSET
    end_block_index: int | UnsetType = UNSET


class UrlAnnotation(Struct, frozen=True, tag_field="type", tag="url_citation"):
    """`index` counts the annotations of a streamed reply, as clients need it to put the chunks together."""

    url_citation: UrlCitation
    index: int | UnsetType = UNSET


class FileAnnotation(Struct, frozen=True, tag_field="type", tag="file_citation"):
    """`index` is that of `UrlAnnotation`."""

    file_citation: FileCitation
    index: int | UnsetType = UNSET


Annotation: TypeAlias = UrlAnnotation | FileAnnotation


def to_annotations(citations: Iterable[messages.Citation], start: int, *, end: int) -> list[Annotation]:
    """Return the annotations of a block that reaches from `start` to `end`. Citations of nothing known are left out."""
    made = (_annotation(citation, start, end=end) for citation in citations)
    return [annotation for annotation in made if annotation is not None]


def _annotation(citation: messages.Citation, start: int, *, end: int) -> Annotation | None:
    source = citation.source or ""
    url = citation.url or (source if source.startswith(_ADDRESSES) else "")
    if url:
        return UrlAnnotation(UrlCitation(url, citation.title or url, start, end))
    if citation.document_index is None and not source:
        return None
    location = {name: value for name in _LOCATION if (value := getattr(citation, name)) is not None}
    cited = FileCitation(
        file_id=citation.file_id,
        filename=citation.document_title or citation.title or source,
        index=citation.document_index or 0,
        start_index=start,
        end_index=end,
        cited_text=citation.cited_text or "",
        **location,
    )
    return FileAnnotation(cited)


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
