"""The seam: what the exchange asks of an endpoint, every endpoint gives."""

import json
from typing import Any

import pytest

from claude_code_proxy import messages
from claude_code_proxy.endpoints.chat_completions import CHAT_COMPLETIONS
from claude_code_proxy.endpoints.completions import COMPLETIONS
from claude_code_proxy.endpoints.endpoint import Endpoint
from claude_code_proxy.errors import InvalidRequest, UpstreamBroke
from tests.endpoints.replies import CONTEXT, HELLO, message

REQUESTS: dict[Endpoint, dict[str, Any]] = {CHAT_COMPLETIONS: {"messages": [HELLO]}, COMPLETIONS: {"prompt": "Hello."}}
every_endpoint = pytest.mark.parametrize("endpoint", REQUESTS, ids=lambda endpoint: endpoint.name)


@every_endpoint
def test_a_request_becomes_what_to_ask_and_how_to_answer(endpoint: Endpoint) -> None:
    body = json.dumps(REQUESTS[endpoint] | {"n": 2, "stream": True, "zz": 1}).encode()
    decoded = endpoint.decode(body, "claude-default")
    assert decoded.request.model == "claude-default"
    assert (decoded.stream, decoded.n) == (True, 2)
    assert decoded.adjustments[-1].path == "zz"
    replies = (message(messages.Text("A")), message(messages.Text("B")))
    assert len(json.loads(decoded.reply(replies, CONTEXT))["choices"]) == 2
    assert len(decoded.translators(CONTEXT)) == 2


@every_endpoint
def test_what_cannot_be_understood_is_the_callers_mistake(endpoint: Endpoint) -> None:
    for body in (b"", b"[]", b'{"n":"x"}', b"\xff"):
        with pytest.raises(InvalidRequest):
            endpoint.decode(body, "claude-default")


@every_endpoint
def test_a_stream_that_breaks_off_cannot_be_closed(endpoint: Endpoint) -> None:
    (translator,) = endpoint.decode(json.dumps(REQUESTS[endpoint]).encode(), "m").translators(CONTEXT)
    with pytest.raises(UpstreamBroke):
        translator.close()
    assert b"[DONE]" not in translator.fail(UpstreamBroke("Broken."))


def test_names_paths_and_ids_tell_endpoints_apart() -> None:
    for attribute in ("name", "path", "id_prefix"):
        assert len({getattr(endpoint, attribute) for endpoint in REQUESTS}) == len(REQUESTS)
