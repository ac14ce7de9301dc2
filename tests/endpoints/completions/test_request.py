"""Prompts as conversations."""

from typing import Any

import pytest

from claude_code_proxy import messages
from claude_code_proxy.endpoints.completions.request import CONTINUE, FILL
from claude_code_proxy.errors import InvalidRequest
from tests.endpoints.completions.completion_replies import decode_completion


def test_a_prompt_is_the_users_and_an_instruction_asks_for_more() -> None:
    request = decode_completion(prompt="Once upon a time").request
    assert request.messages == (messages.InputMessage("user", (messages.Text("Once upon a time"),)),)
    assert request.system == (messages.Text(CONTINUE),)


def test_the_emulation_is_told() -> None:
    assert [(note.path, note.action) for note in decode_completion().adjustments] == [("prompt", "emulated")]


def test_a_list_of_one_prompt_is_that_prompt() -> None:
    assert decode_completion(prompt=["Once"]).request == decode_completion(prompt="Once").request


def test_a_gap_is_filled() -> None:
    request = decode_completion(prompt="def f(", suffix="): pass").request
    assert request.system == (messages.Text(FILL),)
    assert request.messages[0].content == (messages.Text("<before>def f(</before><after>): pass</after>"),)


def test_the_rest_means_what_it_means_elsewhere() -> None:
    request = decode_completion(model="m", max_tokens=5, temperature=0.5, top_p=0.9, stop=["a", ""], user="ada").request
    assert (request.model, request.max_tokens, request.temperature, request.top_p) == ("m", 5, 0.5, 0.9)
    assert request.stop_sequences == ("a",)
    assert request.metadata is not None
    assert decode_completion().request.max_tokens == 0


@pytest.mark.parametrize(
    "fields", [{"n": 1}, {"n": 128}, {"temperature": 0}, {"temperature": 2}, {"top_p": 0}, {"top_p": 1}]
)
def test_the_ends_of_the_ranges_are_in_them(fields: Any) -> None:
    assert decode_completion(**fields).n == fields.get("n", 1)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"prompt": None}, "prompt"),
        ({"prompt": ""}, "prompt"),
        ({"prompt": " \n"}, "prompt"),
        ({"prompt": []}, "prompt"),
        ({"prompt": ["a", "b"]}, "prompt"),
        ({"prompt": [1, 2]}, "prompt"),
        ({"prompt": [[1, 2]]}, "prompt"),
        ({"prompt": {}}, "prompt"),
        ({"n": 0}, "n"),
        ({"temperature": 2.1}, "temperature"),
        ({"top_p": 1.1}, "top_p"),
        ({"max_tokens": -5}, "max_tokens"),
        ({"stop": 5}, "stop"),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(fields: Any, param: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        decode_completion(**fields)
    assert caught.value.param == param


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("messages[0].content[0]", "prompt"),
        ("messages", "prompt"),
        ("system", "prompt"),
        ("stop_sequences", "stop"),
        ("metadata", "user"),
        ("temperature", "temperature"),
        ("max_tokens", "max_tokens"),
    ],
)
def test_field_names(path: str, name: str) -> None:
    assert decode_completion().field_name(path) == name
