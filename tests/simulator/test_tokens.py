"""Estimates of tokens, and the pieces in which a text is streamed."""

import base64
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_code_proxy.simulator import models, tokens
from tests.simulator.requests import (
    NEW,
    PLAIN,
    PNG,
    WEATHER,
    Json,
    accept,
    document,
    image,
    make_request,
    result,
    text,
    user,
)


def model(name: str) -> models.SimulatedModel:
    found = models.find(name)
    assert found is not None
    return found


@given(st.text())
def test_pieces_are_the_text(words: str) -> None:
    assert "".join(tokens.pieces(words)) == words


def test_a_piece_is_a_word_with_the_space_before_it() -> None:
    assert tokens.pieces("Hello  big\nworld ") == ["Hello", "  big", "\nworld", " "]
    assert max(map(len, tokens.pieces("x" * 100))) == 16


def test_newer_models_count_more() -> None:
    assert (tokens.count_text("a" * 120, model(PLAIN)), tokens.count_text("a" * 120, model(NEW))) == (30, 40)


def _png(width: int, height: int) -> str:
    return base64.b64encode(base64.b64decode(PNG)[:16] + struct.pack(">II", width, height)).decode()


@pytest.mark.parametrize(
    ("block", "count"),
    [
        (image(), 1),
        (image(_png(280, 280)), 100),
        (image(_png(8000, 8000)), 1568),
        ({"type": "image", "source": {"type": "url", "url": "https://example.com"}}, 1568),
        (document("a" * 40), 10),
        ({"type": "document", "source": {"type": "file", "file_id": "f"}}, 1500),
        (result(content=[text("a" * 40), image(_png(280, 280))]), 114),
        (text("a" * 40, cache_control={"type": "ephemeral"}), 10),
    ],
    ids=str,
)
def test_blocks(block: Json, count: int) -> None:
    assert tokens.count_block(block, model(PLAIN)) == count


def test_a_prompt_is_all_of_it() -> None:
    def of(*messages: Any, **fields: Any) -> int:
        return tokens.count_prompt(accept(make_request(*messages, **fields)))

    assert of("a" * 40) == 14
    assert of("a" * 40, system="b" * 40) == 24
    assert of("a" * 40, tools=[WEATHER]) > 14 + 290
    assert of("a" * 40, tools=[WEATHER, {**WEATHER, "name": "b", "defer_loading": True}]) == of(
        "a" * 40, tools=[WEATHER]
    )
    assert of(user(text("a" * 40), text("b" * 40))) == 24
