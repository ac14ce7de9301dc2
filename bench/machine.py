"""What the bench needs of the machine: processes, the CPU and memory that they used, and the two programs in C."""

import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
HOME = Path(os.environ.get("BENCH_HOME", HERE.parent / ".cache" / "bench"))
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Memory:
    """The memory of a process and its children, in MB."""

    now: float
    peak: float


class Program:
    """A running process with all its children, kept to some of the machine's cores."""

    def __init__(self, command: Sequence[str], *, core: int, environment: dict[str, str], log: Path) -> None:
        """Start the process. Of this environment it gets PATH and `environment` alone."""
        scrubbed = {"PATH": os.environ["PATH"], "HOME": str(HOME / "home"), **environment}
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                ["taskset", "-c", str(core), *command],
                cwd=HOME,
                env=scrubbed,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def answers(self, url: str, seconds: float) -> float | None:
        """Return the seconds until `url` answered anything; None if it did not in time."""
        start = time.monotonic()
        while time.monotonic() - start < seconds:
            try:
                with urllib.request.urlopen(url, timeout=2):
                    return time.monotonic() - start
            except urllib.error.HTTPError:
                return time.monotonic() - start
            except OSError:
                time.sleep(0.02)
        return None

    def cpu_seconds(self) -> float:
        total = 0
        for pid in self._tree():
            with suppress(OSError):
                fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
                total += int(fields[11]) + int(fields[12])
        return total / _TICKS

    def memory(self) -> Memory:
        each = [_memory(pid) for pid in self._tree()]
        return Memory(sum(one.now for one in each), sum(one.peak for one in each))

    def stop(self) -> None:
        for number, seconds in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
            with suppress(OSError):
                os.killpg(self._process.pid, number)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
                return

    def _tree(self) -> list[int]:
        found = [self._process.pid]
        for pid in found:
            with suppress(OSError):
                for task in Path(f"/proc/{pid}/task").iterdir():
                    found += [int(child) for child in (task / "children").read_text(encoding="utf-8").split()]
        return found


def _memory(pid: int) -> Memory:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return Memory(0, 0)
    fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    now, peak = (int(fields.get(name, "0").split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))
    return Memory(now, peak)


def build() -> None:
    """Compile the upstream and the load generator: in C, since both must be far faster than what is measured."""
    for name in ("work", "results", "home"):
        (HOME / name).mkdir(parents=True, exist_ok=True)
    for name in ("mock", "loadgen"):
        source, made = HERE / f"{name}.c", HOME / name
        if not made.exists() or made.stat().st_mtime < source.stat().st_mtime:
            subprocess.run(["gcc", "-O2", "-o", str(made), str(source)], check=True)
