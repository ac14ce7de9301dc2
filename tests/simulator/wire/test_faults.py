"""Directives: their grammar, and what each word means."""

import pytest

from claude_code_proxy.simulator.refusal import Refusal
from claude_code_proxy.simulator.wire.faults import FIELDS, NONE, READERS, Faults, find, parse, without_directives


def test_there_is_none() -> None:
    assert find("Hello [[there]]") == ("", NONE)


def test_the_last_one_counts() -> None:
    written, wanted = find("[[simulate: status=500]] and [[simulate: status=429 retry-after=2]]")
    assert written == "status=429 retry-after=2"
    assert wanted == Faults(status=429, retry_after="2")


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("html", Faults(html=True)),
        ("html=no", Faults()),
        ("split=byte", Faults(split=(1,))),
        ("split=3,5", Faults(split=(3, 5))),
        ("pause", Faults(pause=1)),
        ("pause=3", Faults(pause=3)),
        ("error-after=4 error=api_error", Faults(error_after=4, error="api_error")),
        ("head-delay=0.5 middle_delay=2", Faults(head_delay=0.5, middle_delay=2.0)),
        ("refusal", Faults(refusal="")),
        ("call=a,b", Faults(call=("a", "b"))),
        ("message=not_today", Faults(message="not today")),
    ],
)
def test_words(words: str, wanted: Faults) -> None:
    assert parse(words) == wanted


@pytest.mark.parametrize("words", ["stutus=1", "status=many", "split=0", "split=a"])
def test_a_slip_of_the_pen_is_a_400(words: str) -> None:
    with pytest.raises(Refusal, match=r"^simulate: ") as caught:
        parse(words)
    assert caught.value.status == 400


def test_every_field_can_be_said() -> None:
    assert {name.replace("-", "_") for name in FIELDS} == set(READERS)


def test_directives_are_not_part_of_what_was_said() -> None:
    assert without_directives("Hello [[simulate: status=500]]") == "Hello"
