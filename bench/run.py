"""Run the scenarios against the targets in turn, so that changes of the load meet all of them alike; report medians.

`python -m bench.run --targets ours,litellm,portkey --reps 3 --out results.json`
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.machine import HOME, Program, build
from bench.scenarios import NATIVE, SCENARIOS, Scenario
from bench.targets import LOADGEN, MOCK, TARGETS, UPSTREAM_PORT, Target

LOAD_CORE, TARGET_CORE = 0, (os.cpu_count() or 1) - 1
QUICK = ("ns16", "st16", "st100p20", "agent8", "img2")


@dataclass(frozen=True)
class Run:
    """One scenario on one target. CPU is the target's own, in microseconds; times are in milliseconds."""

    target: str
    scenario: str
    done: int
    bad: int
    per_second: float
    cpu_per_request: float
    cpu_per_token: float | None
    latency_p50: float
    latency_p99: float
    first_token_p50: float | None
    memory: float
    memory_peak: float
    complaint: str


def body_file(scenario: Scenario) -> Path:
    path = HOME / "work" / f"{scenario.name}.json"
    path.write_bytes(json.dumps(scenario.body(), ensure_ascii=False).encode())
    return path


def load_command(target: Target, scenario: Scenario, seconds: float | None = None) -> list[str]:
    arguments = list(scenario.load)
    if seconds is not None and "-n" not in arguments:
        arguments[arguments.index("-d") + 1] = str(seconds)
    command = ["taskset", "-c", str(LOAD_CORE), LOADGEN, "--port", str(target.port), "--path", scenario.path]
    command += ["--body", str(body_file(scenario)), *arguments]
    for header in target.headers:
        command += ["-H", header]
    if scenario.tokens:
        end = "message_stop" if scenario.path == NATIVE else "[DONE]"
        return [*command, "--stream", str(scenario.tokens), "--expect", end]
    for text in (*scenario.expect, "output_tokens" if scenario.path == NATIVE else "prompt_tokens"):
        command += ["--expect", text]
    return command


def measure(target: Target, program: Program, scenario: Scenario, *, seconds: float | None = None) -> Run:
    """Measure one scenario on one target. A reply without the text that it must hold is bad, however fast it was."""
    before = program.cpu_seconds()
    command = load_command(target, scenario, seconds)
    done = subprocess.run(command, capture_output=True, timeout=300, check=True)
    used = program.cpu_seconds() - before
    figures: dict[str, Any] = json.loads(done.stdout)
    memory = program.memory()
    ok = figures["ok"]
    stream = scenario.tokens > 0
    return Run(
        target=target.name,
        scenario=scenario.name,
        done=ok,
        bad=figures["bad"] + figures["unfinished"],
        per_second=figures["rps"],
        cpu_per_request=used / max(ok, 1) * 1e6,
        cpu_per_token=used / max(figures["tokens"], 1) * 1e6 if stream else None,
        latency_p50=figures["lat_ms"]["p50"],
        latency_p99=figures["lat_ms"]["p99"],
        first_token_p50=figures["ttft_ms"]["p50"] if stream else None,
        memory=memory.now,
        memory_peak=memory.peak,
        complaint=figures.get("first_bad", ""),
    )


def run_all(names: list[str], scenarios: list[str], *, reps: int, quick: bool) -> dict[str, Any]:
    upstream = Program([MOCK, str(UPSTREAM_PORT)], core=LOAD_CORE, environment={}, log=HOME / "work" / "mock.log")
    programs: dict[str, Program] = {}
    runs: list[Run] = []
    starts: dict[str, tuple[float, float]] = {}
    try:
        direct = direct_latency()
        for name in names:
            programs[name] = start(TARGETS[name], starts)
            for warm in ("ns16", "st16", "agent8"):
                measure(TARGETS[name], programs[name], SCENARIOS[warm], seconds=1)
        for scenario, name in turns(names, scenarios, reps):
            run = measure(TARGETS[name], programs[name], SCENARIOS[scenario], seconds=2 if quick else None)
            runs.append(run)
            show(run)
    finally:
        for program in (*programs.values(), upstream):
            program.stop()
    return {
        "date": time.strftime("%Y-%m-%d"),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Linux {platform.release()}",
        "python": platform.python_version(),
        "direct_p50": direct,
        "starts": {name: {"seconds": seconds, "memory": memory} for name, (seconds, memory) in starts.items()},
        "runs": [asdict(run) for run in runs],
    }


def turns(names: list[str], scenarios: list[str], reps: int) -> Iterator[tuple[str, str]]:
    """Yield pairs of scenario and target; which target comes first alternates."""
    for scenario in scenarios:
        able = [name for name in names if name == "ours" or SCENARIOS[scenario].path != NATIVE]
        for rep in range(1 if scenario == "rss10k" else reps):
            first = rep % len(names)
            yield from ((scenario, name) for name in able[first:] + able[:first])


def direct_latency() -> float:
    """Return the milliseconds of a small answer straight from the upstream: no proxy can be faster."""
    path = HOME / "work" / "direct.json"
    question = {"role": "user", "content": "Explain how a streaming proxy keeps latency low. " * 4}
    path.write_text(json.dumps({"model": "claude-bench", "max_tokens": 1024, "messages": [question]}), encoding="utf-8")
    time.sleep(0.2)
    command = ["taskset", "-c", str(LOAD_CORE), LOADGEN, "--port", str(UPSTREAM_PORT), "--path", "/v1/messages"]
    command += ["--body", str(path), "-c", "1", "-d", "1", "-H", "anthropic-version: 2023-06-01", "--expect", "END400"]
    figures: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, timeout=60, check=True).stdout)
    p50: float = figures["lat_ms"]["p50"]
    return p50


def start(target: Target, starts: dict[str, tuple[float, float]]) -> Program:
    log = HOME / "work" / f"{target.name}.log"
    program = Program(target.command, core=TARGET_CORE, environment=target.environment, log=log)
    seconds = program.answers(f"http://127.0.0.1:{target.port}{target.health}", 120)
    if seconds is None:
        program.stop()
        sys.exit(f"{target.title} did not start; see {log}")
    starts[target.name] = (seconds, program.memory().now)
    print(f"{target.title}: up after {seconds:.2f} s, {starts[target.name][1]:.0f} MB", flush=True)
    return program


def show(run: Run) -> None:
    token = f"{run.cpu_per_token:8.2f} us/token" if run.cpu_per_token is not None else " " * 17
    worth = f"{run.cpu_per_request:10.1f} us/request {token} {run.per_second:8.1f}/s p50 {run.latency_p50:.2f} ms"
    bad = f"  {run.bad} BAD: {run.complaint[:120]}" if run.bad or not run.done else ""
    print(f"{run.scenario:9} {run.target:8} {worth} peak {run.memory_peak:.0f} MB{bad}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--targets", default="ours")
    parser.add_argument("--scenarios", default="")
    parser.add_argument("--reps", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="two seconds a scenario")
    parser.add_argument("--out", type=Path, default=HOME / "results" / "run.json")
    arguments = parser.parse_args()
    names = arguments.targets.split(",")
    scenarios = arguments.scenarios.split(",") if arguments.scenarios else list(QUICK if arguments.quick else SCENARIOS)
    build()
    for name in names:
        TARGETS[name].prepare()
    results = run_all(names, scenarios, reps=arguments.reps, quick=arguments.quick)
    arguments.out.write_text(json.dumps(results, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
