"""A digest of what came before a turn: what the service's signatures are bound to, and nothing else."""

import pytest
from msgspec import Raw
from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.state.prefix import Prefix

HELLO = messages.InputMessage("user", (messages.Text("Hello"),))
THOUGHT = messages.Thinking("", "signed")
TURN = messages.InputMessage("assistant", (THOUGHT, messages.Text("Hi")))
REQUEST = messages.MessagesRequest(
    "claude-opus-5-5", (HELLO,), system=(messages.Text("Be brief."),), tools=(messages.Tool("look", Raw(b"{}")),)
)
MARK = messages.CacheControl()


def digest(request: messages.MessagesRequest, *turns: messages.InputMessage) -> bytes:
    return Prefix(request).of(turns or request.messages)


@pytest.mark.parametrize(
    "same",
    [
        replace(REQUEST, model="claude-sonnet-5-5", max_tokens=5),
        replace(REQUEST, system=(messages.Text("Be brief.", cache_control=MARK),)),
        replace(REQUEST, tools=(messages.Tool("look", Raw(b"{}"), cache_control=MARK),)),
        replace(REQUEST, messages=(messages.InputMessage("user", (messages.Text("Hello", cache_control=MARK),)),)),
    ],
)
def test_what_does_not_count(same: messages.MessagesRequest) -> None:
    assert digest(same) == digest(REQUEST)


@pytest.mark.parametrize(
    "other",
    [
        replace(REQUEST, system=(messages.Text("Be long."),)),
        replace(REQUEST, tools=()),
        replace(REQUEST, messages=(messages.InputMessage("system", HELLO.content),)),
        replace(REQUEST, messages=(HELLO, TURN)),
        replace(REQUEST, output_config=messages.OutputConfig(format=messages.JsonObject())),
    ],
)
def test_what_counts(other: messages.MessagesRequest) -> None:
    assert digest(other) != digest(REQUEST)


def test_thinking_counts_as_a_run_that_may_have_lost_its_beginning() -> None:
    bare = messages.InputMessage("assistant", TURN.content[1:])
    assert digest(REQUEST, HELLO, TURN) == digest(REQUEST, HELLO, bare)
    with_thought, without = Prefix(REQUEST), Prefix(REQUEST)
    with_thought.of([HELLO, TURN])
    without.of([HELLO, bare])
    assert with_thought.continues(with_thought.previous)
    assert without.continues(with_thought.previous)
    assert not with_thought.continues(without.previous)


def test_piece_by_piece_is_the_same_as_at_once() -> None:
    prefix = Prefix(REQUEST)
    prefix.of([HELLO])
    assert prefix.of([HELLO, TURN]) == digest(REQUEST, HELLO, TURN)
