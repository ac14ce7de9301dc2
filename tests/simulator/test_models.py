"""The table of models: numbers of the documentation, names, and whose thinking each reads."""

import pytest

from claude_code_proxy.simulator.models import MODELS, find

# Window, largest output, smallest cacheable prefix, prefill, system messages in a conversation.
NUMBERS = {
    "claude-fable-5-2": (1_000_000, 128_000, 512, False, "yes"),
    "claude-fable-5-1": (1_000_000, 128_000, 512, False, "yes"),
    "claude-fable-5": (1_000_000, 128_000, 512, False, "yes"),
    "claude-mythos-5-2": (1_000_000, 128_000, 512, False, "yes"),
    "claude-mythos-5-1": (1_000_000, 128_000, 512, False, "yes"),
    "claude-mythos-5": (1_000_000, 128_000, 512, False, "yes"),
    "claude-opus-5-5": (1_000_000, 128_000, 512, False, "yes"),
    "claude-opus-5": (1_000_000, 128_000, 512, False, "yes"),
    "claude-opus-4-8": (1_000_000, 128_000, 1024, False, "yes"),
    "claude-opus-4-7": (1_000_000, 128_000, 2048, False, "no"),
    "claude-opus-4-6": (1_000_000, 128_000, 4096, False, "no"),
    "claude-opus-4-5": (200_000, 64_000, 4096, True, "no"),
    "claude-sonnet-5-5": (1_000_000, 128_000, 512, False, "yes"),
    "claude-sonnet-5": (1_000_000, 128_000, 1024, False, "ignored"),
    "claude-sonnet-4-6": (1_000_000, 128_000, 1024, False, "no"),
    "claude-sonnet-4-5": (200_000, 64_000, 1024, True, "no"),
    "claude-haiku-5-5": (1_000_000, 128_000, 512, False, "yes"),
    "claude-haiku-4-5": (200_000, 64_000, 4096, True, "no"),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers(name: str) -> None:
    model = find(name)
    assert model is not None
    assert (model.window, model.max_output, model.cache_minimum, model.prefill, model.mid_system) == NUMBERS[name]


def test_there_are_no_others() -> None:
    assert len(MODELS) == len(NUMBERS)
    assert find("claude-mythos-preview") is None


def test_dated_and_dateless_names_are_one_model() -> None:
    assert find("claude-haiku-4-5") is find("claude-haiku-4-5-20251001")


@pytest.mark.parametrize(
    ("reader", "writer", "reads"),
    [
        ("claude-opus-5-5", "claude-opus-5-5", True),
        ("claude-opus-5-5", "claude-opus-5", True),
        ("claude-opus-5-5", "claude-haiku-4-5", True),
        ("claude-opus-5-5", "claude-fable-5", False),
        ("claude-opus-5-5", "claude-fable-5-1", False),
        ("claude-opus-5", "claude-opus-5-5", False),
        ("claude-opus-5", "claude-fable-5-1", False),
        ("claude-fable-5-1", "claude-opus-5-5", True),
        ("claude-fable-5-1", "claude-opus-5", True),
        ("claude-fable-5-1", "claude-mythos-5-1", True),
        ("claude-mythos-5-1", "claude-fable-5-1", True),
        ("claude-fable-5", "claude-fable-5-1", False),
        ("claude-sonnet-4-5", "claude-sonnet-4-6", True),
    ],
)
def test_whose_thinking_each_reads(reader: str, writer: str, reads: bool) -> None:
    one, other = find(reader), find(writer)
    assert one is not None
    assert other is not None
    assert one.reads_thinking_of(other) is reads
