"""One line for every exchange, for people or for machines: a `Record` in, a line out, many lines in one write.

A line holds no content. What a client chose itself, such as the name of a model, is cut short and cleaned first.
"""

import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Annotated, Literal, Protocol, get_args, get_type_hints

import msgspec
from msgspec import Struct

from claude_code_proxy.adjustment import Adjustment
from claude_code_proxy.messages import Usage
from claude_code_proxy.server.exchange.record import CLIENT_LEFT, Record

_PAUSE_SECONDS = 0.1  # in which lines gather before they are written
_MOST_LINES = 256  # that wait for it
_LONGEST_NAME = 80
_MOST_ADJUSTMENTS = 20
_NO_USAGE = Usage()
_UNPRINTABLE = dict.fromkeys([*range(0x21), 0x22, 0x5C, 0x7F], "?")

Layout = Callable[[Record, str], bytes]
"""Makes the line of an exchange that ended at the given time."""


class Timer(Protocol):
    """The part of an event loop that a log needs."""

    def call_later(self, delay: float, callback: Callable[[], None], /) -> object: ...


class Writer(Protocol):
    """Where lines go: `write` returns at once, `close` when they are written, or cannot be."""

    def write(self, lines: Sequence[bytes], /) -> None: ...

    def close(self) -> None: ...


class AccessLog:
    """An `Observer`. `only_failures` leaves out what ended well, or by the client's own fault. With
    `at_once` each line is written by itself, for people who watch.

    A reader who has gone, or takes nothing for long, costs lines and nothing else.
    """

    def __init__(
        self,
        layout: Layout,
        timer: Timer,
        *,
        writer: Writer,
        only_failures: bool = False,
        at_once: bool = False,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._layout = layout
        self._timer = timer
        self._writer = writer
        self._only_failures = only_failures
        self._most_lines = 1 if at_once else _MOST_LINES
        self._wall = wall
        self._lines: list[bytes] = []
        self._second = -1
        self._date = ""

    def observe(self, record: Record) -> None:
        if self._only_failures and not is_failure(record):
            return
        now = self._wall()
        second = int(now)
        if second != self._second:
            self._second = second
            self._date = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        lines = self._lines
        lines.append(self._layout(record, f"{self._date}.{int((now - second) * 1000):03}Z"))
        if len(lines) >= self._most_lines:
            self.flush()
        elif len(lines) == 1:
            self._timer.call_later(_PAUSE_SECONDS, self.flush)

    def flush(self) -> None:
        """Hand the gathered lines to the writer."""
        if self._lines:
            self._writer.write(self._lines)
            self._lines = []

    def close(self) -> None:
        """Wait for the last lines to be written, unless nobody reads them."""
        self.flush()
        self._writer.close()


def is_failure(record: Record) -> bool:
    return record.status >= 500 or record.outcome in {"broken", "stopped"}


def layout(name: Literal["text", "json"]) -> Layout:
    return json_line if name == "json" else text_line


class AccessLine(Struct, omit_defaults=True):
    """A line for machines; tokens as the Messages API counts them, so `input_tokens` leaves the cached ones out."""

    time: Annotated[str, "When it ended: UTC, to the millisecond."]
    level: Annotated[str, "`warning` for a status of 500 or more, `broken` and `stopped`; else `info`."]
    id: Annotated[str, "The request's id, also in the header `x-request-id`."]
    endpoint: Annotated[str, "Its name, like `chat_completions`."]
    model_asked: Annotated[str, "The model as the caller named it, at most 80 characters; empty if it came to none."]
    model: Annotated[str, "The model that was asked."]
    status: Annotated[int, "The HTTP status; without one, 499 if the client left first, 503 if the server stopped."]
    outcome: Annotated[str, "See above."]
    stream: Annotated[bool, "Whether a stream was asked for."]
    first_byte_ms: Annotated[float | None, "Milliseconds until the answer began; null if it did not."]
    duration_ms: Annotated[float, "Milliseconds until it ended."]
    input_tokens: Annotated[int | None, "Tokens of the prompt, without those of the cache."] = None
    output_tokens: Annotated[int | None, "Tokens of the answer, thinking included."] = None
    cache_read_tokens: Annotated[int | None, "Tokens of the prompt that were read from the cache."] = None
    cache_write_tokens: Annotated[int | None, "Tokens of the prompt that were written to the cache."] = None
    cost_usd: Annotated[float | None, "US dollars at list prices; absent where the price is not known."] = None
    attempts: Annotated[int, "How often the upstream was asked."] = 0
    upstream_request_id: Annotated[str | None, "The upstream's own id of the request."] = None
    adjustments: Annotated[
        Sequence[str], "What was changed, as `field:action`; at most 20, then `+` and a number."
    ] = ()
    error: Annotated[str | None, "The kind of the error, such as `rate_limit_error`."] = None
    code: Annotated[str | None, "The error's code, as the caller saw it."] = None
    cause: Annotated[str | None, "The type of the exception behind it."] = None
    stop_reason: Annotated[
        str | None, "Why the answer ended, in the Messages API's words, such as `end_turn`, `max_tokens` or `refusal`."
    ] = None
    key: Annotated[str, "The name of the caller's API key: `default` for those in `PROXY_API_KEY`."] = ""
    method: Annotated[str, "The method, of a 404 or 405 that is about the path."] = ""
    path: Annotated[str, "The path of such a request, at most 80 characters, without its query."] = ""


def describe() -> str:
    """Return the fields of the JSON line as a Markdown table."""
    hints = get_type_hints(AccessLine, include_extras=True)
    rows = [f"| `{field.name}` | {get_args(hints[field.name])[1]} |" for field in msgspec.structs.fields(AccessLine)]
    return "\n".join(["| field | what it is |", "|---|---|", *rows]) + "\n"


_encode_line = msgspec.json.Encoder().encode


def json_line(record: Record, when: str) -> bytes:
    usage = record.usage or _NO_USAGE
    cost = record.cost
    first_byte = record.first_byte
    line = AccessLine(
        when,
        "warning" if is_failure(record) else "info",
        record.id,
        record.endpoint,
        _requested_model(record),
        _model(record),
        record.status or CLIENT_LEFT,
        record.outcome,
        record.stream,
        None if first_byte is None else _milliseconds(first_byte),
        _milliseconds(record.duration),
        usage.input_tokens,
        usage.output_tokens,
        usage.cache_read_input_tokens,
        usage.cache_creation_input_tokens,
        None if cost is None else int(cost * 1e8 + 0.5) / 1e8,
        record.attempts,
        record.upstream_request_id,
        _adjusted(record.adjustments) if record.adjustments else (),
        record.error_kind,
        record.error_code,
        record.cause,
        record.stop_reason and clean(record.stop_reason),
        record.key,
        record.method and clean(record.method),
        record.path and clean(record.path),
    )
    return _encode_line(line) + b"\n"


def text_line(record: Record, when: str) -> bytes:
    status, model = record.status or CLIENT_LEFT, _model(record) or "-"
    stream = " stream" if record.stream else ""
    parts = [f"{when} {status} {record.outcome} {record.endpoint} {model}{stream} {_seconds(record)}"]
    named = (("stop", record.stop_reason), ("path", record.path), ("method", record.method), ("key", record.key))
    parts += [f"{name}={clean(value)}" for name, value in named if value]
    requested = _requested_model(record)
    if requested and requested != record.model:
        parts.append(f"asked={requested}")
    if record.usage is not None:
        parts.append(_tokens(record.usage))
    if record.cost is not None:
        parts.append(f"cost=${record.cost:.6f}")
    if record.attempts > 1:
        parts.append(f"attempts={record.attempts}")
    if record.adjustments:
        parts.append("adjusted=" + ",".join(_adjusted(record.adjustments)))
    if record.error_kind is not None:
        parts += [f"{name}={clean(value)}" for name, value in _errors(record) if value]
    if record.upstream_request_id:
        parts.append(f"upstream={clean(record.upstream_request_id)}")
    parts.append(f"id={record.id}\n")
    return " ".join(parts).encode("ascii", "replace")


def clean(text: str) -> str:
    """Turn text from outside into one short word of printable ASCII."""
    if len(text) > _LONGEST_NAME:
        text = text[:_LONGEST_NAME] + "..."
    text = text.translate(_UNPRINTABLE)
    return text if text.isascii() else text.encode("ascii", "replace").decode()


def _requested_model(record: Record) -> str:
    name = record.requested_model
    return name if name == record.model and record.known_model else clean(name)


def _model(record: Record) -> str:
    return record.model if record.known_model else clean(record.model)


def _adjusted(adjustments: Sequence[Adjustment]) -> list[str]:
    """Return each `field:action` once; the reasons stand only in the reply's header."""
    names = list(dict.fromkeys([_adjustment(each.path, each.action) for each in adjustments]))
    more = len(names) - _MOST_ADJUSTMENTS
    return [*names[:_MOST_ADJUSTMENTS], f"+{more}"] if more > 0 else names


@lru_cache(1024)
def _adjustment(param: str, action: str) -> str:
    return f"{clean(param)}:{action}"


def _errors(record: Record) -> tuple[tuple[str, str | None], ...]:
    return (("error", record.error_kind), ("code", record.error_code), ("cause", record.cause))


def _milliseconds(seconds: float) -> float:
    return int(seconds * 10_000) / 10


def _seconds(record: Record) -> str:
    if record.first_byte is None or not record.stream:
        return f"{record.duration:.3f}s"
    return f"{record.first_byte:.3f}s/{record.duration:.3f}s"


def _tokens(usage: Usage) -> str:
    tokens = f"in={usage.input_tokens or 0} out={usage.output_tokens or 0}"
    read, written = usage.cache_read_input_tokens, usage.cache_creation_input_tokens
    return f"{tokens} cached={read or 0} written={written or 0}" if read or written else tokens
