"""Which requests about a response want a stream."""

import pytest

from claude_code_proxy.errors import InvalidRequest
from claude_code_proxy.http1.server.request import Request
from claude_code_proxy.server.background.pages import starting_after, wants_stream


@pytest.mark.parametrize(("query", "wanted"), [("", False), ("?stream=true", True), ("?stream=false", False)])
def test_a_stream_is_asked_for_by_the_query(query: str, *, wanted: bool) -> None:
    assert wants_stream(Request("GET", f"/v1/responses/resp_1{query}")) is wanted


def test_where_a_stream_begins() -> None:
    assert starting_after(Request("GET", "/v1/responses/resp_1?stream=true")) == -1
    assert starting_after(Request("GET", "/v1/responses/resp_1?stream=true&starting_after=7")) == 7
    with pytest.raises(InvalidRequest):
        starting_after(Request("GET", "/v1/responses/resp_1?starting_after=x"))
