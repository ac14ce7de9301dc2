"""How cost grows with the work: CPU of one request by its size, its history, its tools; memory by open streams.

`python -m bench.growth --out growth.json`
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench import scenarios
from bench.machine import HOME, Program, build
from bench.run import LOAD_CORE, measure, start
from bench.scenarios import Body, Scenario
from bench.targets import MOCK, TARGETS, UPSTREAM_PORT

ABOUT = "CPU of one request in µs, sizes from left to right; for streams the memory of one while all are open, in KB."


def text_of(kilobytes: int) -> Body:
    body = scenarios.small()
    body["messages"][-1]["content"] = "All work and no play makes a dull proxy. " * (kilobytes * 1024 // 41)
    return body


def messages(count: int) -> Body:
    turns = [
        {"role": ("user", "assistant")[number % 2], "content": f"Message number {number}, of some length."}
        for number in range(count - 1)
    ]
    return {**scenarios.small(), "messages": [*turns, {"role": "user", "content": "And now?"}]}


def tools(count: int) -> Body:
    return {**scenarios.small(), "tools": [scenarios.tool(number) for number in range(count)]}


def cost(body: Body, program: Program, name: str) -> float:
    expect = ("END400",)
    scenario = Scenario(f"growth-{name}", name, lambda: body, ("-c", "4", "-d", "2"), expect=expect)
    run = measure(TARGETS["ours"], program, scenario)
    if run.bad or not run.done:
        raise SystemExit(f"{name}: {run.complaint}")
    return run.cpu_per_request


def memory_per_stream(count: int, program: Program) -> float:
    """Return the additional peak memory, in KB a stream, while all of them are open."""
    before = program.memory().now
    base = scenarios.SCENARIOS["st100p20"]
    load = ("-c", str(count), "-n", str(count), "-d", "30", "--ramp", "2000")
    run = measure(TARGETS["ours"], program, replace(base, name=f"growth-streams-{count}", load=load))
    if run.bad or not run.done:
        raise SystemExit(f"{count} streams: {run.complaint}")
    return (run.memory_peak - before) * 1024 / count


def rows(program: Program) -> list[dict[str, Any]]:
    grown = (
        ("request, KB", text_of, (1, 8, 64, 512, 4096, 8192)),
        ("history, messages", messages, (1, 10, 100, 1000, 2000)),
        ("tools", tools, (1, 8, 32, 64, 128)),
    )
    found = []
    for title, make, sizes in grown:
        points = [{"size": size, "cost": cost(make(size), program, f"{title} {size}")} for size in sizes]
        print(title, [(point["size"], round(point["cost"])) for point in points], flush=True)
        found.append({"title": title, "points": points})
    return found


def streams() -> dict[str, Any]:
    points = []
    for count in (100, 500, 1000, 2000):
        program = start(TARGETS["ours"], {})  # a new process each time, so that no memory is there already
        try:
            points.append({"size": count, "cost": memory_per_stream(count, program)})
        finally:
            program.stop()
    print("streams", points, flush=True)
    return {"title": "open streams", "points": points}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HOME / "results" / "growth.json")
    arguments = parser.parse_args()
    build()
    upstream = Program([MOCK, str(UPSTREAM_PORT)], core=LOAD_CORE, environment={}, log=HOME / "work" / "mock.log")
    try:
        program = start(TARGETS["ours"], {})
        try:
            found = rows(program)
        finally:
            program.stop()
        found.append(streams())
    finally:
        upstream.stop()
    arguments.out.write_text(json.dumps({"about": ABOUT, "rows": found}, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
