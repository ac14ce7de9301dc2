"""One forked worker: what it says, how it ends, and what it leaves alone."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
PARENT = """
import json, os, select, signal, sys, time
from claude_code_proxy.errors import Misconfigured
from claude_code_proxy.server.process.worker import fork

def works(serves):
    serves()

def sleeps(serves):
    serves()
    time.sleep(30)

def fails(serves):
    raise Misconfigured("STATE_DIR: no such place")

def cannot(serves):
    raise OSError(98, "Address already in use")

def errs(serves):
    raise ValueError("words that may hold a secret")

def is_ignoring(serves):
    serves()
    print(signal.getsignal(signal.SIGINT) == signal.SIG_IGN, flush=True)
    print(signal.getsignal(signal.SIGTERM) == signal.SIG_DFL, flush=True)
    print(signal.pthread_sigmask(signal.SIG_BLOCK, []) == set(), flush=True)

work, number = sys.argv[1:]
kept, given_up = os.pipe()
worker = fork(3, globals()[work], forget=[lambda: os.close(given_up)])
until = time.monotonic() + 10
while not worker.has_ended() and time.monotonic() < until:
    worker.read()
    if number != "0" and worker.serves:
        worker.signal(int(number))
    time.sleep(0.01)
print(json.dumps([worker.slot, worker.serves, worker.last_error, worker.exit_code, worker.channel]))
worker.signal(signal.SIGTERM)
"""


def run(work: str, number: int = 0) -> tuple[list[Any], list[str], str]:
    """Return what is known of the worker at its end, what it printed, and what was logged."""
    done = subprocess.run(
        [sys.executable, "-c", PARENT, work, str(number)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    *printed, last = done.stdout.splitlines()
    return json.loads(last), printed, done.stderr


def test_one_that_serves_and_ends() -> None:
    assert run("works") == ([3, True, "", 0, -1], [], "")


def test_one_that_is_ended_by_a_signal() -> None:
    assert run("sleeps", 15)[0] == [3, True, "", -15, -1]


def test_one_that_says_what_keeps_it_from_serving() -> None:
    assert run("fails")[0] == [3, False, "STATE_DIR: no such place", 1, -1]
    assert run("cannot")[0] == [3, False, "Address already in use", 1, -1]


def test_a_mistake_is_told_without_its_words() -> None:
    ended, _, logged = run("errs")
    assert ended == [3, False, "", 1, -1]
    assert "unhandled error: ValueError in " in logged
    assert "secret" not in logged


def test_signals_are_its_own() -> None:
    assert run("is_ignoring")[1] == ["True", "True", "True"]
