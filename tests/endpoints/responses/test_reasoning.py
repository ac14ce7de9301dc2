"""Thinking through a client: sealed, and back byte for byte."""

import pytest

from claude_code_proxy import messages
from claude_code_proxy.endpoints.responses.reasoning import opened, sealed
from tests.endpoints.responses.responses_replies import SEALER


@pytest.mark.parametrize(
    "thought",
    [messages.Thinking("I add. é\u2028", "c2ln+/="), messages.Thinking("", "c2ln"), messages.RedactedThinking("b3Bh")],
)
def test_a_block_comes_back_as_it_was(thought: messages.AnyThinking) -> None:
    assert opened(sealed(thought, SEALER), SEALER) == thought


@pytest.mark.parametrize("data", [b"no JSON", b'{"type":"text","text":"x"}', b"[]", b'{"type":"hologram"}'])
def test_what_is_no_thinking_does_not_open(data: bytes) -> None:
    assert opened(SEALER.seal(data), SEALER) is None
    assert opened("nothing that was sealed", SEALER) is None
