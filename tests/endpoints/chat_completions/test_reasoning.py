"""Thinking as clients are shown it, and as they hand it back."""

import msgspec
import pytest
from msgspec import Raw

from claude_code_proxy import messages
from claude_code_proxy.endpoints.chat_completions.reasoning import (
    signed_thoughts,
    to_reasoning_detail,
    to_text,
    to_thinking_block,
)

THOUGHTS: tuple[messages.AnyThinking, ...] = (
    messages.Thinking("Hm.", "c2ln"),
    messages.RedactedThinking("eA=="),
    messages.Thinking("", "c2lnMg=="),
    messages.Thinking("So.", "c2lnMw=="),
)


def test_what_is_shown_comes_back_the_same() -> None:
    blocks = [Raw(msgspec.json.encode(to_thinking_block(thought, i))) for i, thought in enumerate(THOUGHTS)]
    details = [Raw(msgspec.json.encode(to_reasoning_detail(thought, i))) for i, thought in enumerate(THOUGHTS)]
    assert signed_thoughts(blocks, []) == list(THOUGHTS)
    assert signed_thoughts([], details) == list(THOUGHTS)
    assert signed_thoughts(blocks, details) == list(THOUGHTS), "both say the same: it is not said twice"


def test_lists_have_the_index_that_streams_need() -> None:
    assert to_thinking_block(THOUGHTS[1], 4).index == 4
    assert to_reasoning_detail(THOUGHTS[0], 5).index == 5


def test_readable_text_of_several_blocks_is_kept_apart() -> None:
    assert to_text(THOUGHTS) == "Hm.\n\nSo."


@pytest.mark.parametrize(
    "raw",
    [
        b"null",
        b'"text"',
        b"{}",
        b'{"type":"thinking","thinking":"unsigned"}',
        b'{"type":"thinking","thinking":"x","signature":""}',
        b'{"type":"text","text":"x"}',
        b'{"type":5}',
    ],
)
def test_blocks_that_claude_would_refuse_are_left_out(raw: bytes) -> None:
    assert signed_thoughts([Raw(raw)], []) == []


@pytest.mark.parametrize(
    "raw",
    [
        b"null",
        b"[]",
        b"{}",
        b'{"type":"reasoning.summary","summary":"x"}',
        b'{"type":"reasoning.text","text":"unsigned"}',
        b'{"type":"reasoning.encrypted","data":"x","format":"openai-responses-v1"}',
        b'{"type":"reasoning.text","text":"x","signature":7}',
    ],
)
def test_details_that_claude_would_refuse_are_left_out(raw: bytes) -> None:
    assert signed_thoughts([], [Raw(raw)]) == []


def test_details_without_a_format_are_taken() -> None:
    raw = Raw(b'{"type":"reasoning.text","text":"x","signature":"c2ln","index":0}')
    assert signed_thoughts([], [raw]) == [messages.Thinking("x", "c2ln")]
