"""`docs/traps.md` says which test holds each trap of translating to Claude; it is made from the tests' own names."""

import re
from pathlib import Path

from tests.project.sources import ROOT, text_of, tracked_files

PAGE = Path("docs/traps.md")
_TEST = re.compile(r"def (test_trap_([0-9]+)(?:_and_([0-9]+))?_(\w+))")
TRAPS = 70
BEGIN, END = "<!-- made from the tests: begin -->", "<!-- made from the tests: end -->"


def found() -> dict[int, list[tuple[str, str]]]:
    """For each trap the files and names of its tests."""
    tests: dict[int, list[tuple[str, str]]] = {}
    for path in sorted(path for path in tracked_files() if path.parts[0] == "tests" and path.suffix == ".py"):
        for name, first, second, _ in _TEST.findall(text_of(path)):
            for number in filter(None, (first, second)):
                tests.setdefault(int(number), []).append((path.as_posix(), name))
    return tests


def table() -> str:
    lines = ["| trap | what holds | test |", "|---|---|---|"]
    for number, tests in sorted(found().items()):
        path, name = tests[0]
        words = name.partition(f"{number:02d}_")[2].replace("_", " ")
        words = re.sub(r"^and \d+ ", "", words)
        more = f" and {len(tests) - 1} more" if len(tests) > 1 else ""
        lines.append(f"| {number} | {words} | [{Path(path).name}](../{path}){more} |")
    return "\n".join(lines)


def test_every_trap_has_a_test() -> None:
    assert sorted(set(range(1, TRAPS + 1)) - set(found())) == []


def test_no_two_traps_are_the_same() -> None:
    rows = [line.split("|")[2] for line in table().splitlines()[2:]]
    assert [row for row in rows if rows.count(row) > 1] == []


def test_the_page_is_current() -> None:
    """`make documents` writes it."""
    assert text_of(PAGE).partition(BEGIN)[2].partition(END)[0].strip() == table()


def write() -> None:
    page = ROOT / PAGE
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    page.write_text(f"{before}{BEGIN}\n\n{table()}\n\n{END}{rest.partition(END)[2]}", encoding="utf-8")
