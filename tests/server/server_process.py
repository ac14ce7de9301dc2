"""A proxy as a process of its own, started as a user starts it: for signals, exit codes and all that it prints."""

import asyncio
import os
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.server.running import KEY, Client, eventually

ROOT = Path(__file__).parents[2]
_ADDRESS = re.compile(rb"http://127\.0\.0\.1:(\d+)/v1")


class Process:
    """`output` and `errors` grow as it prints; `scratch` is its directory for temporary files."""

    def __init__(self, process: asyncio.subprocess.Process, scratch: Path) -> None:
        self._process = process
        self.pid = process.pid
        self.output = b""
        self.errors = b""
        self.port = 0
        self.scratch = scratch
        self.left_behind: list[str] = []
        assert process.stdout is not None
        self._readers = [asyncio.create_task(self._read_output(process.stdout))]
        if process.stderr is not None:
            self._readers.append(asyncio.create_task(self._read_errors(process.stderr)))

    @property
    def running(self) -> bool:
        return self._process.returncode is None

    async def listening(self) -> None:
        async with asyncio.timeout(15):
            while (found := _ADDRESS.search(self.output)) is None:
                assert self.running, self.errors.decode()
                await asyncio.sleep(0.01)
        self.port = int(found[1])

    async def says(self, words: bytes, *, seconds: float = 5.0) -> None:
        """Wait for it to stand in the log."""
        await eventually(lambda: words in self.errors, seconds=seconds)

    async def stopped_accepting(self) -> None:
        async with asyncio.timeout(5):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                except ConnectionError:
                    return  # refused, or in line when it closed
                writer.close()
                await asyncio.sleep(0.01)

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    async def ended(self, seconds: float = 15.0) -> int:
        """Wait for the end and return the exit code; all that was printed is there then."""
        async with asyncio.timeout(seconds):
            code = await self._process.wait()
            await asyncio.gather(*self._readers)
        self.left_behind += [path.name for path in self.scratch.glob("*")]
        shutil.rmtree(self.scratch, ignore_errors=True)
        return code

    async def kill(self) -> None:
        if self.running:
            self._process.kill()
        await self.ended()

    def workers(self) -> list[int]:
        """Return the processes that it started."""
        return [int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]

    def most_open_files(self) -> tuple[str, str]:
        """Its own limit, and the system's."""
        lines = Path(f"/proc/{self.pid}/limits").read_text().splitlines()
        soft, hard = next(line.split()[3:5] for line in lines if line.startswith("Max open files"))
        return soft, hard

    @asynccontextmanager
    async def client(self) -> AsyncIterator[Client]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            yield Client(reader, writer)
        finally:
            writer.close()

    async def _read_output(self, stream: asyncio.StreamReader) -> None:
        while data := await stream.read(65536):
            self.output += data

    async def _read_errors(self, stream: asyncio.StreamReader) -> None:
        while data := await stream.read(65536):
            self.errors += data


@asynccontextmanager
async def process(
    upstream: str, home: Path, *, port: int = 0, stderr: int = asyncio.subprocess.PIPE, **environment: Any
) -> AsyncIterator[Process]:
    """One that listens; killed at the end, if it has not ended by then. `environment` names its variables."""
    started = await start(upstream, home, port=port, stderr=stderr, **environment)
    try:
        await started.listening()
        yield started
    finally:
        await started.kill()


async def start(
    upstream: str, home: Path, *, port: int = 0, stderr: int = asyncio.subprocess.PIPE, **environment: Any
) -> Process:
    scratch = Path(tempfile.mkdtemp(prefix="p-"))  # with a short path, for the sockets that may be in it
    usual = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TMPDIR": str(scratch),
        "PYTHONPATH": str(ROOT / "src"),
        "ANTHROPIC_API_KEY": KEY,
        "ANTHROPIC_API_BASE": upstream,
        "PORT": str(port),
    }
    return Process(
        await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "claude_code_proxy",
            cwd=home,
            env=usual | {name: str(value) for name, value in environment.items()},
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
        ),
        scratch,
    )
