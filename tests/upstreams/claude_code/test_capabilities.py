"""What Claude Code cannot carry is left out, and named."""

from pathlib import Path

import msgspec

from claude_code_proxy import messages
from claude_code_proxy.models.catalogue import BUILT_IN
from claude_code_proxy.upstreams.anthropic.capabilities import CAPABILITIES as STRAIGHT
from claude_code_proxy.upstreams.claude_code.capabilities import CAPABILITIES, describe, drop_unsupported, restrict
from tests.upstreams.claude_code.scripted import request, tool, user


def test_a_plain_request_goes_as_it_is() -> None:
    plain = request(user("x"), tools=(tool("get"),))
    assert drop_unsupported(plain) == (plain, ())


def test_what_it_cannot_carry_is_named() -> None:
    cached = msgspec.structs.replace(tool("get"), cache_control=messages.CacheControl())
    hosted = messages.HostedTool("web_search_20250305", "web_search")
    original = request(user("x"), tools=(cached, hosted), metadata=messages.Metadata("u"))
    supported, notes = drop_unsupported(original)
    assert [tool.name for tool in supported.tools] == ["get"]
    assert supported.metadata is None
    assert [(note.path, note.changes_meaning) for note in notes] == [
        ("tools", True),
        ("metadata", False),
        ("cache_control", False),
    ]


def test_a_model_does_less_through_it() -> None:
    model = restrict(BUILT_IN.find("claude-sonnet-4-5"))
    assert not any((model.structured_outputs, model.strict_tools, model.prefill, model.mid_conversation_system))


def test_both_ways_say_the_same_things_of_themselves() -> None:
    assert [one.name for one in CAPABILITIES] == [one.name for one in STRAIGHT]
    assert {one.carried for one in (*CAPABILITIES, *STRAIGHT)} == {"yes", "emulated", "no"}


def test_the_document_says_the_same() -> None:
    page = Path(__file__).parents[3] / "docs" / "subscription.md"
    assert describe() in page.read_text(encoding="utf-8")
