"""Searches and fetches that the service ran -> `web_search_call` items."""

from collections.abc import Iterator

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from claude_code_proxy.endpoints.responses.tools.hosted_call import HostedResult, Inner


class SearchSource(Struct, frozen=True, tag_field="type", tag="url"):
    url: str


class SearchAction(Struct, frozen=True, tag_field="type", tag="search"):
    query: str
    queries: tuple[str, ...]
    sources: tuple[SearchSource, ...] | UnsetType = UNSET


class OpenPageAction(Struct, frozen=True, tag_field="type", tag="open_page"):
    url: str


class WebSearchCallItem(Struct, frozen=True, tag_field="type", tag="web_search_call"):
    id: str
    status: str
    action: SearchAction | OpenPageAction | UnsetType = UNSET


class _WebInput(Struct, frozen=True):
    query: str = ""
    url: str = ""


class _WebError(Struct, frozen=True):
    error_code: str | None = None


_decode_input = msgspec.json.Decoder(_WebInput).decode
_decode_results = msgspec.json.Decoder(list[_WebInput]).decode
_decode_error = msgspec.json.Decoder(_WebError).decode


class WebCall:
    """A search, or with `fetches` a page that was read, as a `HostedItem`."""

    prefix = "ws"
    opening = ("response.web_search_call.in_progress", "response.web_search_call.searching")
    delta = ""

    def __init__(self, *, fetches: bool, sources: bool) -> None:
        self._fetches = fetches
        self._with_sources = sources
        self._input = _WebInput()

    def begun(self, id: str) -> WebSearchCallItem:
        return WebSearchCallItem(id, "in_progress")

    def read(self, input: bytes) -> Iterator[Inner]:
        try:
            self._input = _decode_input(input)
        except msgspec.DecodeError:
            self._input = _WebInput()
        return iter(())

    def ended(self, id: str, result: HostedResult | None) -> tuple[WebSearchCallItem, str]:
        failed = result is not None and _is_error(result.content)
        item = WebSearchCallItem(id, "failed" if failed else "completed", self._action(result))
        return item, "response.web_search_call.completed"

    def _action(self, result: HostedResult | None) -> SearchAction | OpenPageAction:
        if self._fetches:
            return OpenPageAction(self._input.url)
        urls = _urls(result.content) if result is not None else []
        sources = tuple(map(SearchSource, urls)) if self._with_sources else UNSET
        return SearchAction(self._input.query, (self._input.query,), sources)


def _is_error(content: Raw) -> bool:
    try:
        return _decode_error(content).error_code is not None
    except msgspec.DecodeError:
        return False


def _urls(content: Raw) -> list[str]:
    try:
        return [result.url for result in _decode_results(content) if result.url]
    except msgspec.DecodeError:
        return []
