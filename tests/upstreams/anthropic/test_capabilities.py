"""What the Messages API says of itself."""

from claude_code_proxy import messages
from claude_code_proxy.models.catalogue import BUILT_IN
from claude_code_proxy.upstreams.anthropic.capabilities import CAPABILITIES, TERMS


def test_it_carries_a_request_as_it_is() -> None:
    asked = messages.MessagesRequest("m", ())
    model = BUILT_IN.find("claude-sonnet-5-5")
    assert TERMS.carry(asked) == (asked, ())
    assert TERMS.fit(model) is model


def test_each_is_named_once() -> None:
    names = [one.name for one in CAPABILITIES]
    assert len(names) == len(set(names)) > 20
