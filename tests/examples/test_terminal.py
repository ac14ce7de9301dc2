"""How the demo is told: plain into a file, in colour on a terminal, never too wide."""

import io

from examples.image import Sunset
from examples.terminal import Terminal


class FakeTerminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_turn_is_wrapped_under_its_name() -> None:
    out = io.StringIO()
    Terminal(out).say("you", "word " * 40)
    lines = out.getvalue().splitlines()
    assert lines[0].startswith("   you     word word")
    assert lines[1].startswith("           word")
    assert max(map(len, lines)) <= 100


def test_words_come_one_by_one_and_are_wrapped_too() -> None:
    out = io.StringIO()
    stage = Terminal(out)
    stage.begin("claude")
    stage.add("Hello")
    assert out.getvalue() == "   claude  Hello"
    for _ in range(40):
        stage.add(" there")
    stage.end()
    assert max(map(len, out.getvalue().splitlines())) <= 100
    assert out.getvalue().split()[1:] == ["Hello", *["there"] * 40]


def test_in_a_file_there_is_no_colour() -> None:
    out = io.StringIO()
    stage = Terminal(out)
    stage.title("T", "below")
    stage.heading(1, "H")
    stage.say("tool", "result")
    stage.show(Sunset())
    stage.good("fine")
    stage.bad("broken")
    stage.close("end")
    assert "\x1b" not in out.getvalue()
    assert "[a picture of 40 × 20 pixels]" in out.getvalue()


def test_on_a_terminal_there_is_and_the_picture_is_painted() -> None:
    out = FakeTerminal()
    stage = Terminal(out)
    stage.show(Sunset())
    stage.good("fine")
    stage.bad("broken")
    assert out.getvalue().count("▀") == Sunset.width * Sunset.height // 2
    assert "\x1b[32m✓\x1b[0m" in out.getvalue()
    assert "\x1b[31m✗ broken\x1b[0m" in out.getvalue()


def test_a_long_note_is_wrapped() -> None:
    out = io.StringIO()
    Terminal(out).note("word " * 40)
    assert max(map(len, out.getvalue().splitlines())) <= 100
