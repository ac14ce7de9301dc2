"""The log of everything but exchanges: its format, its destination, and what it must never contain.

The message of an exception may quote a request, so a line has only its type and the places where it was raised.
A thread of its own writes the lines, so that the server never blocks when nobody reads standard error.
"""

import asyncio
import logging
import traceback
from pathlib import Path
from time import gmtime, strftime
from typing import Any, Literal, TextIO

import msgspec

from claude_code_proxy.server.process.log_writer import STANDARD_ERROR, LogWriter

_log = logging.getLogger(__name__)


def set_up(level: str, form: Literal["text", "json"], *, stream: TextIO | None = None) -> None:
    """Send all records of `logging` from `level` on to standard error, or `stream`, a line each."""
    logging.raiseExceptions = False  # a log that cannot be written must not cause tracebacks
    handler = _WriterHandler(LogWriter(STANDARD_ERROR)) if stream is None else logging.StreamHandler(stream)
    handler.setFormatter(_Json() if form == "json" else _Text())
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
        if isinstance(old, _WriterHandler):
            old.close()
    root.addHandler(handler)
    root.setLevel(level.upper())
    logging.captureWarnings(capture=True)


def place_of(error: BaseException) -> str:
    """Return the type of an error and where it was raised, innermost place first; never its message."""
    frames = reversed(traceback.extract_tb(error.__traceback__))
    places = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
    return type(error).__name__ + (" in " + " < ".join(places) if places else "")


def report_unhandled(error: BaseException) -> None:
    """Log an unexpected error by its type and place."""
    _log.error("unhandled error: %s", place_of(error))


def handle_loop_error(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log an error of the event loop. Its own handler would print messages of errors and contents of tasks."""
    del loop
    error = context.get("exception")
    place = f": {place_of(error)}" if isinstance(error, BaseException) else ""
    _log.error("%s%s", context.get("message", "error in the event loop"), place)


class _WriterHandler(logging.Handler):
    """Passes each line to a writer. At the end of the process, `logging.shutdown` waits for the last lines."""

    def __init__(self, writer: LogWriter) -> None:
        super().__init__()
        self._writer = writer

    def emit(self, record: logging.LogRecord) -> None:
        self._writer.write([self.format(record).encode(errors="backslashreplace") + b"\n"])

    def close(self) -> None:
        self._writer.close()
        super().close()


class _Text(logging.Formatter):
    """Formats lines such as `2026-11-22T16:19:15.123Z WARNING server.workers: worker 2 ended with 1`."""

    def format(self, record: logging.LogRecord) -> str:
        name = record.name.removeprefix("claude_code_proxy.")
        return f"{_when(record)} {record.levelname} {name}: {_message(record)}"


class LogLine(msgspec.Struct):
    time: str
    level: str
    logger: str
    message: str


class _Json(logging.Formatter):
    """Formats the same four values as JSON."""

    def format(self, record: logging.LogRecord) -> str:
        name = record.name.removeprefix("claude_code_proxy.")
        line = LogLine(_when(record), record.levelname.lower(), name, _message(record))
        return msgspec.json.encode(line).decode()


def _when(record: logging.LogRecord) -> str:
    return f"{strftime('%Y-%m-%dT%H:%M:%S', gmtime(record.created))}.{int(record.msecs):03}Z"


def _message(record: logging.LogRecord) -> str:
    message = record.getMessage().rstrip().replace("\n", " | ")
    error = record.exc_info[1] if record.exc_info else None
    return message if error is None else f"{message}: {place_of(error)}"
