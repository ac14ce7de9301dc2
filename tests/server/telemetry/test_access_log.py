"""The access line: what it tells, what it never holds, and how lines are written."""

import asyncio
import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from claude_code_proxy.adjustment import Action, Adjustment
from claude_code_proxy.messages import Usage
from claude_code_proxy.server.exchange.record import Record
from claude_code_proxy.server.telemetry.access_log import AccessLog, describe, json_line, layout, text_line
from tests.server.doubles import ManualTimer, record
from tests.server.running import eventually

WHEN = "2026-11-22T16:19:15.123Z"


def json_fields(ended: Record) -> dict[str, object]:
    line = json_line(ended, WHEN)
    assert line.endswith(b"}\n")
    assert line.count(b"\n") == 1
    fields: dict[str, object] = json.loads(line)
    return fields


class TestText:
    def test_a_whole_answer(self) -> None:
        assert text_line(record(), WHEN).decode() == (
            f"{WHEN} 200 answered chat_completions claude-sonnet-4-6 0.750s stop=end_turn in=25 out=12 cost=$0.000255"
            " upstream=req_1 id=f00d000000000001\n"
        )

    def test_a_stream_tells_both_times(self) -> None:
        assert " claude-sonnet-4-6 stream 0.500s/0.750s " in text_line(record(stream=True), WHEN).decode()

    def test_cached_tokens_where_there_are_any(self) -> None:
        usage = Usage(input_tokens=1, output_tokens=2, cache_read_input_tokens=3, cache_creation_input_tokens=4)
        assert " in=1 out=2 cached=3 written=4 " in text_line(record(usage=usage), WHEN).decode()

    def test_an_error_with_its_kind_code_and_cause(self) -> None:
        failed = record(
            status=503, outcome="failed", error_kind="overloaded_error", error_code="overloaded", attempts=3
        )
        failed.cause = "ConnectionResetError"
        line = text_line(failed, WHEN).decode()
        assert line.startswith(f"{WHEN} 503 failed ")
        assert " attempts=3 error=overloaded_error code=overloaded cause=ConnectionResetError " in line

    def test_a_client_that_left_before_there_was_a_status(self) -> None:
        left = record(status=0, outcome="left", first_byte=None, usage=None, cost=None, stop_reason=None)
        assert text_line(left, WHEN).decode().startswith(f"{WHEN} 499 left chat_completions claude-sonnet-4-6 0.750s u")

    def test_another_name_for_the_model_is_told(self) -> None:
        assert (
            " claude-sonnet-4-6 0.750s stop=end_turn asked=gpt-4o "
            in text_line(record(requested_model="gpt-4o"), WHEN).decode()
        )

    def test_a_refusal_does_not_look_like_an_answer(self) -> None:
        refused = record(stop_reason="refusal")
        assert " 0.750s stop=refusal in=25 " in text_line(refused, WHEN).decode()
        assert json_fields(refused)["stop_reason"] == "refusal"

    def test_a_path_that_is_none_and_whose_key_it_was(self) -> None:
        lost = record(status=404, outcome="failed", endpoint="other", model="", stop_reason=None, key="default")
        lost.method, lost.path = "POST", "/v1/a b\n" + "x" * 200
        words = text_line(lost, WHEN).decode().split()
        assert {"key=default", "method=POST", "path=/v1/a?b?" + "x" * 72 + "..."} <= set(words)
        fields = json_fields(lost)
        assert (fields["key"], fields["method"], fields["path"]) == ("default", "POST", "/v1/a?b?" + "x" * 72 + "...")

    def test_a_request_that_was_never_understood(self) -> None:
        empty = Record(id="1", endpoint="chat_completions", started=0.0, status=400, outcome="failed")
        assert text_line(empty, WHEN).decode() == f"{WHEN} 400 failed chat_completions - 0.000s id=1\n"


class TestJson:
    def test_a_whole_answer(self) -> None:
        assert json_fields(record()) == {
            "time": WHEN,
            "level": "info",
            "id": "f00d000000000001",
            "endpoint": "chat_completions",
            "model_asked": "claude-sonnet-4-6",
            "model": "claude-sonnet-4-6",
            "status": 200,
            "outcome": "answered",
            "stream": False,
            "first_byte_ms": 500.0,
            "duration_ms": 750.0,
            "input_tokens": 25,
            "output_tokens": 12,
            "cost_usd": 0.000255,
            "attempts": 1,
            "upstream_request_id": "req_1",
            "stop_reason": "end_turn",
        }

    def test_everything_else(self) -> None:
        usage = Usage(input_tokens=1, output_tokens=2, cache_read_input_tokens=3, cache_creation_input_tokens=4)
        adjustments = (
            Adjustment("temperature", Action.DROPPED, "a reason"),
            Adjustment("top_p", Action.DROPPED, "another"),
        )
        fields = json_fields(
            record(usage=usage, adjustments=adjustments, error_kind="api_error", error_code="c", cause="E")
        )
        assert fields["cache_read_tokens"] == 3
        assert fields["cache_write_tokens"] == 4
        assert fields["adjustments"] == ["temperature:dropped", "top_p:dropped"]
        assert (fields["error"], fields["code"], fields["cause"]) == ("api_error", "c", "E")

    @pytest.mark.parametrize(
        ("status", "outcome", "level"),
        [
            (200, "answered", "info"),
            (429, "failed", "info"),
            (503, "failed", "warning"),
            (200, "broken", "warning"),
            (200, "stopped", "warning"),
        ],
    )
    def test_the_level_tells_whose_fault_it_was(self, status: int, outcome: str, level: str) -> None:
        assert json_fields(record(status=status, outcome=outcome))["level"] == level


class TestNothingOfTheClients:
    NASTY = 'a b\n"c\\d\x00\x7f\u2028é\ud800' + "x" * 500

    @pytest.mark.parametrize("name", ["text", "json"])
    def test_names_that_clients_chose_are_short_words(self, name: str) -> None:
        ended = record(
            requested_model=self.NASTY,
            model=self.NASTY,
            known_model=False,
            adjustments=(Adjustment(self.NASTY, Action.IGNORED, "not a field of this API"),),
        )
        line = layout("json" if name == "json" else "text")(ended, WHEN)
        assert line.isascii()
        assert line.count(b"\n") == 1
        assert len(line) < 700
        assert b"a?b??c?d??" in line

    def test_nor_has_the_upstreams_id_more_than_one_word(self) -> None:
        line = text_line(record(upstream_request_id="req_1\r\n2026 200 answered"), WHEN)
        assert b" upstream=req_1??2026?200?answered id=" in line
        assert line.count(b"\n") == 1

    def test_adjustments_are_counted_when_there_are_many(self) -> None:
        many = tuple(Adjustment(f"field_{number}", Action.IGNORED, "r") for number in range(25))
        assert json_fields(record(adjustments=many))["adjustments"] == [f"field_{n}:ignored" for n in range(20)] + [
            "+5"
        ]

    def test_the_same_adjustment_stands_once_and_its_reason_never(self) -> None:
        twice = (Adjustment("messages", Action.MERGED, "one secret"), Adjustment("messages", Action.MERGED, "another"))
        assert json_fields(record(adjustments=twice))["adjustments"] == ["messages:merged"]


class Written:
    """A writer that keeps what it is given, lot by lot."""

    def __init__(self) -> None:
        self.lots: list[list[bytes]] = []
        self.closed = False

    def write(self, lines: Sequence[bytes]) -> None:
        self.lots.append(list(lines))

    def close(self) -> None:
        self.closed = True


class TestWriting:
    def test_lines_gather_and_leave_in_one_write(self) -> None:
        timer, written = ManualTimer(), Written()
        log = AccessLog(text_line, timer, writer=written, wall=lambda: 1795364355.1237)
        for number in range(3):
            log.observe(record(id=str(number)))
        assert written.lots == []
        assert [delay for delay, _ in timer.waiting] == [0.1]
        timer.fire()
        (lines,) = written.lots
        assert [line[-5:] for line in lines] == [b"id=0\n", b"id=1\n", b"id=2\n"]
        assert lines[0].startswith(b"2026-11-22T16:19:15.123Z 200 ")
        assert timer.waiting == []

    def test_a_timer_for_each_lot(self) -> None:
        timer, written = ManualTimer(), Written()
        log = AccessLog(text_line, timer, writer=written)
        log.observe(record())
        timer.fire()
        log.observe(record())
        assert len(timer.waiting) == 1
        timer.fire()
        assert list(map(len, written.lots)) == [1, 1]

    def test_many_lines_do_not_wait(self) -> None:
        timer, written = ManualTimer(), Written()
        log = AccessLog(text_line, timer, writer=written)
        for _ in range(300):
            log.observe(record())
        assert list(map(len, written.lots)) == [256]
        timer.fire()
        assert list(map(len, written.lots)) == [256, 44]

    def test_people_who_watch_see_each_line_at_once(self) -> None:
        timer, written = ManualTimer(), Written()
        log = AccessLog(text_line, timer, writer=written, at_once=True)
        for _ in range(3):
            log.observe(record())
        assert list(map(len, written.lots)) == [1, 1, 1]
        assert timer.waiting == []

    def test_the_clock_is_read_for_every_line(self) -> None:
        seconds, written = iter([59.999, 60.0004]), Written()
        log = AccessLog(text_line, ManualTimer(), writer=written, wall=lambda: next(seconds))
        log.observe(record())
        log.observe(record())
        log.flush()
        stamps = re.findall(rb"T(\S+) 200", b"".join(written.lots[0]))
        assert stamps == [b"00:00:59.999Z", b"00:01:00.000Z"]

    def test_only_failures(self) -> None:
        written = Written()
        log = AccessLog(text_line, ManualTimer(), writer=written, only_failures=True)
        log.observe(record())
        log.observe(record(status=404, outcome="failed"))
        log.observe(record(outcome="left"))
        log.observe(record(status=502, outcome="failed"))
        log.observe(record(outcome="broken"))
        log.flush()
        assert [line.split()[1:3] for line in written.lots[0]] == [[b"502", b"failed"], [b"200", b"broken"]]

    def test_the_end_writes_what_is_left(self) -> None:
        written = Written()
        log = AccessLog(text_line, ManualTimer(), writer=written)
        log.observe(record())
        log.close()
        assert (list(map(len, written.lots)), written.closed) == ([1], True)

    async def test_on_a_real_loop(self) -> None:
        written = Written()
        log = AccessLog(json_line, asyncio.get_running_loop(), writer=written)
        log.observe(record())
        await eventually(lambda: bool(written.lots))
        assert len(written.lots[0]) == 1


def everything(**more: object) -> Record:
    """One that has something to say in every field."""
    return record(
        usage=Usage(1, 2, 3, 4),
        cost=0.5,
        attempts=2,
        upstream_request_id="r",
        adjustments=(Adjustment("top_p", Action.DROPPED, "r"),),
        error_kind="api_error",
        error_code="c",
        cause="E",
        key="default",
        method="GET",
        path="/v1/nowhere",
        **more,
    )


class TestThePage:
    PAGE = (Path(__file__).parents[3] / "docs" / "observing.md").read_text(encoding="utf-8")

    def test_it_tells_every_field_of_the_json_line(self) -> None:
        assert describe() in self.PAGE, "run `make documents`"
        assert set(json_fields(everything())) == set(re.findall(r"^\| `(\w+)` \|", describe(), re.MULTILINE))

    def test_it_tells_every_word_of_the_text_line(self) -> None:
        words = re.findall(r" (\w+=)", text_line(everything(requested_model="gpt-4o"), "now").decode())
        assert len(words) == 17
        assert [word for word in words if word not in self.PAGE] == []
