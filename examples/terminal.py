"""The demo on the screen: headings, who says what, notes. In colour on a terminal, plain text everywhere else."""

import textwrap
from typing import TextIO

from examples.image import Sunset

_BOLD, _DIM, _RED, _GREEN, _BLUE, _ORANGE = "1", "2", "31", "32", "36", "38;5;209"
_COLOURS = {"you": _BLUE, "claude": _ORANGE, "tool": _GREEN}
_WIDTH = 100
_MARGIN = " " * 11


class Terminal:
    """Print the parts of the demo, wrapped to 100 columns."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._colour = out.isatty()
        self._column = 0

    def title(self, text: str, below: str) -> None:
        self._write(f"\n{self._in(_BOLD, text)}\n{self._in(_DIM, below)}\n")

    def heading(self, number: int, text: str) -> None:
        self._write(f"\n{self._in(_BOLD, f'{number}  {text}')}\n")

    def say(self, who: str, text: str) -> None:
        """Print one whole turn."""
        self._write(self._name(who) + f"\n{_MARGIN}".join(_wrapped(text)) + "\n")

    def begin(self, who: str) -> None:
        """Begin a turn that comes in pieces: `begin`, `add` for each piece, `end`."""
        self._column = len(_MARGIN)
        self._write(self._name(who))

    def add(self, text: str) -> None:
        if self._column + len(text) > _WIDTH:
            self._write(f"\n{_MARGIN}")
            self._column, text = len(_MARGIN), text.lstrip()
        self._column += len(text)
        self._write(text)

    def end(self) -> None:
        self._write("\n")

    def note(self, text: str) -> None:
        self._write("".join(f"{_MARGIN}{self._in(_DIM, line)}\n" for line in _wrapped(text)))

    def show(self, picture: Sunset) -> None:
        """Print the picture itself in colour, or its size where there is no colour."""
        if self._colour:
            self._write("".join(f"{_MARGIN}{row}\n" for row in picture.painted()))
        else:
            self.note(f"[a picture of {picture.width} × {picture.height} pixels]")

    def good(self, text: str) -> None:
        self._write(f"{_MARGIN}{self._in(_GREEN, '✓')} {self._in(_DIM, text)}\n")

    def bad(self, text: str) -> None:
        self._write(f"{_MARGIN}{self._in(_RED, f'✗ {text}')}\n")

    def close(self, text: str) -> None:
        self._write(f"\n{text}\n\n")

    def _name(self, who: str) -> str:
        return f"   {self._in(_COLOURS[who], who)}{' ' * (len(_MARGIN) - 3 - len(who))}"

    def _in(self, colour: str, text: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._colour else text

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH - len(_MARGIN), break_on_hyphens=False) or [""]
