"""Thinking and hosted calls through a client: sealed, and back byte for byte."""

import pytest
from msgspec import Raw

from claude_code_proxy import messages
from claude_code_proxy.endpoints.responses.reasoning import opened, sealed, sealed_blocks
from tests.endpoints.responses.responses_replies import SEALER


@pytest.mark.parametrize(
    "thought",
    [messages.Thinking("I add. é\u2028", "c2ln+/="), messages.Thinking("", "c2ln"), messages.RedactedThinking("b3Bh")],
)
def test_a_block_comes_back_as_it_was(thought: messages.AnyThinking) -> None:
    assert opened(sealed(thought, SEALER), SEALER) == (thought,)


@pytest.mark.parametrize(
    "data",
    [
        b"no JSON",
        b'{"type":"text","text":"x"}',
        b"[]",
        b"[1]",
        b'[{"type":"text","text":"x"},{"type":"text","text":"y"}]',
        b'{"type":"hologram"}',
    ],
)
def test_what_is_no_thinking_does_not_open(data: bytes) -> None:
    assert opened(SEALER.seal(data), SEALER) == ()
    assert opened("nothing that was sealed", SEALER) == ()


def test_a_call_of_the_services_own_comes_back_with_its_result() -> None:
    call = messages.ServerToolUse("srvtoolu_1", "web_search", Raw(b'{"query": "x"}'))
    result = messages.WebSearchToolResult("srvtoolu_1", Raw(b'[{"encrypted_content": "y"}]'))
    assert opened(sealed_blocks((call, result), SEALER), SEALER) == (call, result)
    assert opened(sealed_blocks((result, call), SEALER), SEALER) == ()
