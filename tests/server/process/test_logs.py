"""The log of everything else: its two forms, and that no exception speaks in it."""

import asyncio
import io
import json
import logging
import re
from collections.abc import Iterator

import pytest

from claude_code_proxy.server.process import logs

SECRET = "what the caller said"


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, raising = root.handlers[:], root.level, logging.raiseExceptions
    yield
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.raiseExceptions = raising


@pytest.fixture
def text() -> io.StringIO:
    stream = io.StringIO()
    logs.set_up("info", "text", stream=stream)
    return stream


def failing() -> ValueError:
    def inner() -> None:
        raise ValueError(SECRET) from KeyError(SECRET)

    try:
        inner()
    except ValueError as error:
        return error
    raise AssertionError


def test_a_line_for_people(text: io.StringIO) -> None:
    logging.getLogger("claude_code_proxy.server.process.workers").warning("worker %d ended", 2)
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z WARNING server\.process\.workers: worker 2 ended\n", text.getvalue()
    )


def test_a_line_for_machines() -> None:
    stream = io.StringIO()
    logs.set_up("info", "json", stream=stream)
    logging.getLogger("asyncio").error("two\nlines\n")
    line = json.loads(stream.getvalue())
    assert line.pop("time").endswith("Z")
    assert line == {"level": "error", "logger": "asyncio", "message": "two | lines"}


def test_what_is_less_severe_is_left_out() -> None:
    stream = io.StringIO()
    logs.set_up("warning", "text", stream=stream)
    logging.getLogger("claude_code_proxy").info("not this")
    logging.getLogger("claude_code_proxy").warning("but this")
    assert stream.getvalue().count("\n") == 1


def test_set_up_again_takes_the_place_of_the_first(text: io.StringIO) -> None:
    again = io.StringIO()
    logs.set_up("info", "text", stream=again)
    logging.getLogger().error("once")
    assert text.getvalue() == ""
    assert again.getvalue().count("\n") == 1


@pytest.mark.parametrize("form", ["text", "json"])
def test_the_words_of_an_exception_are_never_told(form: str) -> None:
    stream = io.StringIO()
    logs.set_up("debug", "json" if form == "json" else "text", stream=stream)
    logging.getLogger("some.library").error("it failed", exc_info=failing())
    line = stream.getvalue()
    assert line.count("\n") == 1
    assert "it failed: ValueError in test_logs.py:" in line
    assert " inner < test_logs.py:" in line
    assert SECRET not in line


def test_mistakes_are_told_by_type_and_place(text: io.StringIO) -> None:
    logs.report_unhandled(failing())
    assert "ERROR server.process.logs: unhandled error: ValueError in test_logs.py:" in text.getvalue()
    assert SECRET not in text.getvalue()


async def test_what_the_loop_reports_holds_no_words_and_no_task(text: io.StringIO) -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(logs.handle_loop_error)

    async def fail() -> None:
        raise failing()

    task = asyncio.create_task(fail())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    loop.call_exception_handler({
        "message": "Task exception was never retrieved",
        "exception": task.exception(),
        "future": task,
    })
    loop.call_exception_handler({"message": "something without an exception"})
    loop.call_exception_handler({})
    first, second, third = text.getvalue().splitlines()
    assert "Task exception was never retrieved: ValueError in test_logs.py" in first
    assert "something without an exception" in second
    assert "error in the event loop" in third
    assert SECRET not in text.getvalue()


def test_a_broken_stream_is_borne_in_silence(capfd: pytest.CaptureFixture[str]) -> None:
    class Broken(io.StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError

    logs.set_up("info", "text", stream=Broken())
    logging.getLogger().error("nobody hears this")
    assert capfd.readouterr() == ("", "")
