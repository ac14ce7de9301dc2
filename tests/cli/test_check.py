"""The checks on one screen."""

from claude_code_proxy.cli.check import Check, screen


def test_one_screen_and_what_to_do() -> None:
    text = screen([Check("a", ok=True, found="x"), Check("long name", ok=False, found="y", do="z")])
    assert text.splitlines() == ["ok    a          x", "FAIL  long name  y", "                 → z"]
