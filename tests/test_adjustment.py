"""Adjustments: their actions, the client's names for them, and the header, which counts what does not fit."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from claude_code_proxy.adjustment import Action, Adjustment, describe, render_header, with_client_names

ADJUSTMENT = st.builds(Adjustment, st.text(max_size=40), st.sampled_from(list(Action)), st.text(max_size=60))
PAGE = (Path(__file__).parents[1] / "docs" / "observing.md").read_text(encoding="utf-8")


def note(param: str, reason: str = "why") -> Adjustment:
    return Adjustment(param, Action.IGNORED, reason)


def test_what_was_changed_and_why() -> None:
    assert render_header([note("seed"), note("stop", "blank")]) == "seed=ignored (why); stop=ignored (blank)"


def test_nothing_was_changed() -> None:
    assert render_header([]) == ""


def test_the_same_is_said_once() -> None:
    assert render_header([note("seed"), note("seed")]) == "seed=ignored (why)"


def test_what_is_not_ascii_cannot_break_the_header() -> None:
    assert render_header([note("é\r\nx-injected: 1")]) == "???x-injected: 1=ignored (why)"


def test_what_does_not_fit_is_counted() -> None:
    assert render_header([note(name) for name in "abc"], limit=32) == "a=ignored (why); +2 more"
    assert render_header([note(name) for name in "abc"], limit=24) == "a=ignored (why); +2 more"
    assert render_header([note(name) for name in "abc"], limit=23) == "+3 more"
    assert render_header([note(name) for name in "abc"], limit=41) == "a=ignored (why); b=ignored (why); +1 more"
    assert render_header([note(name) for name in "abc"], limit=40) == "a=ignored (why); +2 more"
    assert render_header([note("x" * 5000), note("b")]) == "+2 more"


@given(st.lists(ADJUSTMENT, max_size=30), st.integers(20, 3000))
def test_any_header_is_short_printable_ascii_and_counts_the_rest(adjustments: list[Adjustment], limit: int) -> None:
    header = render_header(adjustments, limit)
    assert len(header) <= limit
    assert all(" " <= character <= "~" for character in header)
    assert bool(header) == bool(adjustments)


def test_two_kilobytes_by_default() -> None:
    assert len(render_header(note(f"messages[{index}].name") for index in range(500))) <= 2048


def test_every_action_is_documented() -> None:
    assert describe() in PAGE, "run `make documents`"
    for action in Action:
        (row,) = (line for line in describe().splitlines() if line.startswith(f"| `{action}` |"))
        assert row.endswith(". |")


def test_paths_become_the_clients_names() -> None:
    adjustments = [note("stop_sequences"), note("top_p", "blank")]
    assert with_client_names(adjustments, {"stop_sequences": "stop", "top_p": "top_p"}.__getitem__) == (
        note("stop"),
        note("top_p", "blank"),
    )
