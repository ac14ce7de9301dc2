"""Searches and fetches as items."""

import msgspec
import pytest
from msgspec import UNSET, Raw

from claude_code_proxy.endpoints.responses.tools.hosted_call import HostedResult
from claude_code_proxy.endpoints.responses.tools.web_calls import OpenPageAction, SearchAction, SearchSource, WebCall

FOUND = HostedResult("s", Raw(b'[{"type":"web_search_result","url":"https://a.example"},{"type":"x"}]'))


@pytest.mark.parametrize(("sources", "expected"), [(True, (SearchSource("https://a.example"),)), (False, UNSET)])
def test_a_search(sources: bool, expected: tuple[SearchSource, ...] | msgspec.UnsetType) -> None:
    call = WebCall(fetches=False, sources=sources)
    assert list(call.read(b'{"query":"x"}')) == []
    item, event = call.ended("ws_1", FOUND)
    assert (item.status, item.action) == ("completed", SearchAction("x", ("x",), expected))
    assert event == "response.web_search_call.completed"


def test_a_page_that_was_read() -> None:
    call = WebCall(fetches=True, sources=True)
    list(call.read(b'{"url":"https://a.example"}'))
    item, _ = call.ended("ws_1", HostedResult("s", Raw(b'{"type":"web_fetch_result"}')))
    assert (item.status, item.action) == ("completed", OpenPageAction("https://a.example"))


def test_an_error_is_a_failed_item() -> None:
    call = WebCall(fetches=False, sources=False)
    list(call.read(b'{"query":'))
    item, _ = call.ended("ws_1", HostedResult("s", Raw(b'{"error_code":"max_uses_exceeded"}')))
    assert (item.status, item.action) == ("failed", SearchAction("", ("",)))
