"""Stored results -> the page `docs/performance.md` and its plot.

`python -m bench.report results.json growth.json`
"""

import json
import statistics
import sys
from pathlib import Path
from typing import Any

from bench.scenarios import SCENARIOS
from bench.targets import TARGETS

DOCS = Path(__file__).parents[1] / "docs"
PAGE, PLOT = DOCS / "performance.md", DOCS / "performance.svg"
_BEGIN, _END = "<!-- measured: begin -->", "<!-- measured: end -->"


class Results:
    """The runs of one session on one machine; medians over its repetitions."""

    def __init__(self, stored: dict[str, Any]) -> None:
        self.stored = stored
        self.names = list(dict.fromkeys(run["target"] for run in stored["runs"]))

    def median(self, target: str, scenario: str, what: str) -> float | None:
        values = [
            run[what]
            for run in self.stored["runs"]
            if (run["target"], run["scenario"]) == (target, scenario) and run["done"] and run[what] is not None
        ]
        return statistics.median(values) if values else None

    def bad(self, target: str, scenario: str) -> int:
        return sum(r["bad"] for r in self.stored["runs"] if (r["target"], r["scenario"]) == (target, scenario))

    def peak(self, target: str) -> float:
        peaks: list[float] = [run["memory_peak"] for run in self.stored["runs"] if run["target"] == target]
        return max(peaks)


_ROWS = (
    ("small answer, CPU µs", "ns16", "cpu_per_request", 1.0),
    ("burst of tokens, CPU µs each", "st16", "cpu_per_token", 1.0),
    ("100 streams × 50 tokens/s, CPU µs a token", "st100p20", "cpu_per_token", 1.0),
    ("agent's request of 164 KB, CPU ms", "agent8", "cpu_per_request", 1000.0),
    ("image of 5 MB, CPU ms", "img2", "cpu_per_request", 1000.0),
)


def table(results: Results) -> str:
    """Return a table whose cells hold the figure and, for peers, its ratio to ours."""
    titles = [TARGETS[name].title for name in results.names]
    lines = ["| | " + " | ".join(titles) + " |", "|---" * (len(titles) + 1) + "|"]
    for title, scenario, what, unit in _ROWS:
        ours = results.median("ours", scenario, what)
        cells = [_cell(results, name, row=(scenario, what, unit), ours=ours) for name in results.names]
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    for title, make in (("added latency of a small answer, p50 ms", _added), ("memory at start / peak, MB", _memory)):
        lines.append(f"| {title} | " + " | ".join(make(results, name) for name in results.names) + " |")
    lines.append("| start to first answer, s | " + " | ".join(_start(results, name) for name in results.names) + " |")
    return "\n".join(lines)


def _cell(results: Results, name: str, *, row: tuple[str, str, float], ours: float | None) -> str:
    scenario, what, unit = row
    value = results.median(name, scenario, what)
    if value is None:
        return "fails"
    times = f" (×{value / ours:.0f})" if ours and name != "ours" else ""
    failed = f", {results.bad(name, scenario)} failed" if results.bad(name, scenario) else ""
    return f"{_short(value / unit)}{times}{failed}"


def _added(results: Results, name: str) -> str:
    p50 = results.median(name, "ns1", "latency_p50")
    return "–" if p50 is None else _short(p50 - results.stored["direct_p50"])


def _memory(results: Results, name: str) -> str:
    return f"{results.stored['starts'][name]['memory']:.0f} / {results.peak(name):.0f}"


def _start(results: Results, name: str) -> str:
    return _short(results.stored["starts"][name]["seconds"])


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def plot(results: Results) -> str:
    """Return an SVG of CPU as bars on a logarithmic scale, one group for each row of the table."""
    bars, y = [], 44
    for title, scenario, what, unit in _ROWS:
        bars.append(f'<text x="10" y="{y}" class="t">{title}</text>')
        for name in results.names:
            value = results.median(name, scenario, what)
            if value is None:
                continue
            y += 20
            width = max(2.0, _log_length(value))
            shade = "ours" if name == "ours" else "peer"
            bars.append(f'<rect x="160" y="{y - 12}" width="{width:.0f}" height="14" class="{shade}"/>')
            bars.append(f'<text x="152" y="{y}" class="n">{TARGETS[name].title}</text>')
            bars.append(f'<text x="{166 + width:.0f}" y="{y}" class="v">{_short(value / unit)}</text>')
        y += 34
    style = (
        "text{font:12px system-ui,sans-serif;fill:#444}.t{font-weight:600}.n{text-anchor:end}"
        ".ours{fill:#c15f3c}.peer{fill:#b8b5ad}@media(prefers-color-scheme:dark){text{fill:#ccc}}"
    )
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 {y}" role="img"><style>{style}</style>'
    about = '<text x="10" y="20" class="t">CPU for one unit of work; shorter is better, logarithmic scale</text>'
    return "\n".join((head, "<title>CPU for one unit of work</title>", about, *bars, "</svg>")) + "\n"


def _log_length(microseconds: float) -> float:
    steps, value = 0.0, microseconds
    while value >= 10:
        value /= 10
        steps += 1
    return 90 * (steps + (value - 1) / 9)


def growth_table(stored: dict[str, Any]) -> str:
    lines = ["| what grows | sizes | cost |", "|---|---|---|"]
    for row in stored["rows"]:
        sizes = " · ".join(str(point["size"]) for point in row["points"])
        costs = " · ".join(_short(point["cost"]) for point in row["points"])
        lines.append(f"| {row['title']} | {sizes} | {costs} |")
    return "\n".join(lines)


def main() -> None:
    results = Results(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    stored = results.stored
    parts = [
        f"Measured on {stored['date']}: {stored['machine']}, Python {stored['python']}.",
        table(results),
        "![CPU for one unit of work](performance.svg)",
    ]
    parts += [f"{TARGETS[name].title}: {TARGETS[name].note}." for name in results.names if TARGETS[name].note]
    if len(sys.argv) > 2:
        grown = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
        parts += ["## Growth", grown["about"], growth_table(grown)]
    measured = "\n\n".join((_BEGIN, *parts, _END))
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(_BEGIN)
    PAGE.write_text(before + measured + rest.partition(_END)[2], encoding="utf-8")
    PLOT.write_text(plot(results), encoding="utf-8")
    print(table(results))
    assert set(stored["starts"]) <= set(TARGETS)
    assert all(run["scenario"] in SCENARIOS for run in stored["runs"])


if __name__ == "__main__":
    main()
