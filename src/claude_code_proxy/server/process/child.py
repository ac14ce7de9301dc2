"""A module of the package, run once in a process of its own, which is killed if it is not done in time.

For work that keeps the interpreter's lock, or that must not take this process with it. The module limits its memory.
"""

import asyncio
import os
import sys
from collections.abc import Sequence
from contextlib import suppress


class ChildFailed(Exception):
    """The process ran out of time or memory, or could not be started."""


async def run_child(module: str, pieces: Sequence[bytes], *, deadline: float) -> bytes:
    """Return what the module writes after it has read `pieces`. `deadline` is a time of the loop's clock.

    Raise `ChildFailed`.
    """
    try:
        async with asyncio.timeout_at(deadline):
            return await _run(module, pieces)
    except (TimeoutError, OSError) as error:
        raise ChildFailed from error


async def _run(module: str, pieces: Sequence[bytes]) -> bytes:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        start_new_session=True,  # Ctrl-C is for the proxy
    )
    try:
        output, _ = await process.communicate(b"".join(pieces))
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode:
        raise ChildFailed
    return output
