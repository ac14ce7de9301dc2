"""Answers that are wrong in some way, by kind: what is sent for a whole answer and for a stream, and what may be seen.

`MUST_FAIL`: the client must see an error or a visible break. `MUST_WORK`: it must get the whole answer. `EITHER`: both
are right; silence, a hang and a shape that no API has are wrong everywhere.
"""

import gzip
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass

from chaos.upstream import (
    CHUNKED,
    JSON,
    LAST_CHUNK,
    SSE,
    TEXT,
    Event,
    chunk,
    events,
    frame,
    head,
    message,
    stream,
    text_block,
    text_delta,
)

MUST_FAIL = frozenset({"error", "broken"})
MUST_WORK = frozenset({"whole"})
EITHER = MUST_FAIL | MUST_WORK
CLOSE, RESET, HANG, KEEP = "close", "reset", "hang", "keep"


@dataclass(frozen=True)
class Answer:
    kind: str
    name: str
    allowed: frozenset[str]
    whole: bytes
    streamed: bytes
    end: str = CLOSE
    text: str | None = TEXT


BODY = json.dumps(message(), ensure_ascii=False).encode()
FRAMES = b"".join(frame(event) for event in events())
CHUNKS = stream() + LAST_CHUNK
STREAM_HEAD = head("200 OK", SSE, CHUNKED)
START, BLOCK, *DELTAS, STOP, ENDING, END = list(events())


def json_head(length: object = len(BODY), *headers: str) -> bytes:
    return head("200 OK", JSON, f"content-length: {length}", *headers)


WHOLE, STREAMED = json_head() + BODY, STREAM_HEAD + CHUNKS


def _cut_short() -> list[Answer]:
    half = (json_head() + BODY[:200], STREAM_HEAD + CHUNKS[:900])
    return [
        Answer("cut", "half the head", MUST_FAIL, STREAM_HEAD[:40], STREAM_HEAD[:40]),
        Answer("cut", "the head alone", MUST_FAIL, json_head(), STREAM_HEAD),
        Answer("cut", "half the body, closed", MUST_FAIL, *half),
        Answer("cut", "half the body, reset", MUST_FAIL, *half, end=RESET),
        Answer("cut", "nothing, closed", MUST_FAIL, b"", b""),
        Answer("cut", "nothing, reset", MUST_FAIL, b"", b"", end=RESET),
        Answer("cut", "no last chunk and no stop", MUST_FAIL, WHOLE[:-1], STREAM_HEAD + CHUNKS[:-80]),
        Answer("cut", "no last chunk after the stop", MUST_WORK, WHOLE, STREAM_HEAD + stream()),
    ]


def _stalls() -> list[Answer]:
    before_stop = STREAM_HEAD + stream([START, BLOCK, *DELTAS, STOP, ENDING])
    return [
        Answer("stall", "before the head", MUST_FAIL, b"", b"", HANG),
        Answer("stall", "in the head", MUST_FAIL, STREAM_HEAD[:30], STREAM_HEAD[:30], HANG),
        Answer("stall", "after the head", MUST_FAIL, json_head(), STREAM_HEAD, HANG),
        Answer("stall", "in the body", MUST_FAIL, WHOLE[:-50], STREAM_HEAD + CHUNKS[:700], HANG),
        Answer("stall", "before the stop", MUST_FAIL, WHOLE[:-2], before_stop, HANG),
        Answer("stall", "after the stop", MUST_WORK, WHOLE, STREAM_HEAD + stream(), HANG),
    ]


def _no_http() -> list[Answer]:
    sent = {
        "random bytes": random.Random(1).randbytes(4000),
        "an SSH banner": b"SSH-2.0-OpenSSH_9.6\r\n",
        "a TLS alert": b"\x15\x03\x01\x00\x02\x02\x46",
        "an HTTP/0.9 body": b"<html>hello</html>",
        "an HTTP/2 preface": b"\x00\x00\x12\x04\x00\x00\x00\x00\x00",
        "an HTTP/2 status line": b"HTTP/2 200\r\n\r\n" + BODY,
        "a status in words": b"HTTP/1.1 two hundred\r\n\r\n",
        "a head without a colon": b"HTTP/1.1 200 OK\r\nnocolonhere\r\ncontent-length: 2\r\n\r\n{}",
        "a NUL in the head": b"HTTP/1.1 200 OK\r\nx: a\0b\r\ncontent-length: 2\r\n\r\n{}",
        "a head of 10 MB": b"HTTP/1.1 200 OK\r\nx: " + b"a" * 10_000_000,
        "10,000 interim responses": b"HTTP/1.1 103 Early Hints\r\nx: y\r\n\r\n" * 10_000 + WHOLE,
        "a switch of protocols": head("101 Switching Protocols", "upgrade: h2c", "connection: upgrade") + BODY,
    }
    return [Answer("no HTTP", name, MUST_FAIL, data, data) for name, data in sent.items()]


def _framing() -> list[Answer]:
    kind = "framing"
    lengths = {"negative": -5, "letters": "abc", "huge": "1" + "0" * 30, "too short": len(BODY) - 50, "zero": 0}
    answers = [
        Answer(kind, f"length {name}", MUST_FAIL, json_head(length) + BODY, _until(f"content-length: {length}"), KEEP)
        for name, length in lengths.items()
    ]
    sizes = {
        "letters": b"zz",
        "negative": b"-1",
        "16 f": b"F" * 16,
        "17 f": b"F" * 17,
        "empty": b"",
        "hexadecimal": b"0x10",
    }
    for name, size in sizes.items():
        bad = size + b"\r\n" + b"x" * 16 + b"\r\n"
        whole = head("200 OK", JSON, CHUNKED) + chunk(BODY[:100]) + bad
        answers.append(Answer(kind, f"chunk size {name}", MUST_FAIL, whole, STREAM_HEAD + stream([START, BLOCK]) + bad))
    packed = gzip.compress(BODY)
    unasked = head("200 OK", JSON, "content-encoding: gzip", f"content-length: {len(packed)}") + packed
    answers += [
        Answer(kind, "packed without being asked", EITHER, unasked, _packed_stream()),
        Answer(kind, "HTTP/1.0, until it closes", MUST_WORK, _old(JSON) + BODY, _old(SSE) + FRAMES),
        Answer(kind, "HTTP/1.0, cut", MUST_FAIL, _old(JSON) + BODY[:-1], _old(SSE) + FRAMES[:-70]),
        Answer(kind, "a head of 40 KB", MUST_WORK, json_head(len(BODY), "x: " + "a" * 40_000) + BODY, STREAMED, KEEP),
        Answer(
            kind,
            "interim responses first",
            MUST_WORK,
            head("103 Early Hints") + WHOLE,
            head("100 Continue") + STREAMED,
            KEEP,
        ),
    ]
    return answers


def _until(header: str) -> bytes:
    return head("200 OK", SSE, header) + FRAMES


def _old(content_type: str) -> bytes:
    return b"HTTP/1.0 200 OK\r\n" + content_type.encode() + b"\r\n\r\n"


def _packed_stream() -> bytes:
    packed = gzip.compress(FRAMES)
    return head("200 OK", SSE, "content-encoding: gzip", f"content-length: {len(packed)}") + packed


def _statuses() -> list[Answer]:
    page = b"<!DOCTYPE html><html><title>502 Bad gateway</title>" + b"x" * 3000 + b"</html>"
    statuses = (400, 403, 404, 413, 418, 500, 502, 503, 504, 520, 524, 529, 599, 600, 999, 204, 205, 304)
    answers = []
    for status in statuses:
        sent = head(f"{status} x", "content-type: text/html", f"content-length: {len(page)}") + page
        answers.append(Answer("status", f"{status} with a page of a CDN", MUST_FAIL, sent, sent))
    for status in (301, 302, 307, 308):
        sent = head(f"{status} x", "location: http://127.0.0.1:9/steal", "content-length: 0")
        answers.append(Answer("status", f"redirect {status}", MUST_FAIL, sent, sent, KEEP))
    words = json.dumps({"type": "error", "error": {"type": "rate_limit_error", "message": "slow down"}}).encode()
    for wait in ("-1", "1000000000", "nan", "inf", "soon", "", "Wed, 99 Foo 9999 99:99:99", "1e400", "0x10"):
        sent = head("429 x", JSON, f"retry-after: {wait}", f"content-length: {len(words)}") + words
        answers.append(Answer("status", f"429, retry after {wait!r}", MUST_FAIL, sent, sent, KEEP))
    return answers


def _bodies() -> list[Answer]:
    bodies = {
        "null": b"null",
        "nothing": b"",
        "a list": b"[]",
        "an empty object": b"{}",
        "a string": b'"hi"',
        "an error that is a string": b'{"error":"boom"}',
        "an error 50,000 deep": b'{"error":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        "an error of numbers": b'{"type":"error","error":{"type":5,"message":{"a":1}}}',
        "half a message": BODY[:100],
        "an answer of another API": b'{"id":"x","object":"chat.completion","choices":[],"model":"gpt-4o"}',
    }
    answers = []
    for name, body in bodies.items():
        good, bad = json_head(len(body)) + body, head("500 x", JSON, f"content-length: {len(body)}") + body
        streamed = head("200 OK", SSE, f"content-length: {len(body)}") + body
        answers.append(Answer("body", f"200 with {name}", MUST_FAIL, good, streamed, KEEP))
        answers.append(Answer("body", f"500 with {name}", MUST_FAIL, bad, bad, KEEP))
    return answers


def _stream_of(name: str, allowed: frozenset[str], sent: Sequence[Event | bytes], *, text: str | None = TEXT) -> Answer:
    return Answer("events", name, allowed, WHOLE, STREAM_HEAD + stream(sent) + LAST_CHUNK, KEEP, text)


def _events() -> list[Answer]:
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    second = {"type": "content_block_stop", "index": 1}
    crossed = [text_delta("a"), text_delta("b", 1), text_delta("c"), STOP, second]
    rest = [*DELTAS, STOP, ENDING, END]
    return [
        _stream_of("no message_start", MUST_FAIL, [BLOCK, *rest]),
        _stream_of("no content_block_start", EITHER, [START, *rest]),
        _stream_of("no message_stop", MUST_FAIL, [START, BLOCK, *DELTAS, STOP, ENDING]),
        _stream_of("two message_starts", EITHER, [START, START, BLOCK, *rest]),
        _stream_of("deltas before their block", EITHER, [START, *DELTAS[:2], BLOCK, *DELTAS[2:], STOP, ENDING, END]),
        _stream_of("a delta after its block", EITHER, [START, BLOCK, *DELTAS[:-1], STOP, DELTAS[-1], ENDING, END]),
        _stream_of(
            "a delta of an unknown block", EITHER, [START, BLOCK, *DELTAS[:-1], text_delta("x", 7), STOP, ENDING, END]
        ),
        _stream_of("crossed blocks", EITHER, [START, BLOCK, text_block(1), *crossed, ENDING, END], text="acb"),
        _stream_of("crossed tool calls", EITHER, [START, *_crossed_calls(), END], text='{"a":1}{"b":2}'),
        _stream_of("an error first", MUST_FAIL, [error]),
        _stream_of("an error in the middle", MUST_FAIL, [START, BLOCK, *DELTAS[:4], error]),
        _stream_of("an error without its error", MUST_FAIL, [START, BLOCK, *DELTAS[:4], b'{"type":"error"}']),
        _stream_of("an error after the end", MUST_WORK, [START, BLOCK, *rest, error]),
        _stream_of("no JSON", MUST_FAIL, [START, BLOCK, b"{oops", *rest]),
        _stream_of("an event without its fields", MUST_FAIL, [START, BLOCK, b'{"type":"content_block_delta"}', *rest]),
        _stream_of("unknown events", MUST_WORK, [START, {"type": "cosmic"}, BLOCK, {"type": "ping"}, *rest]),
        *(
            _stream_of(f"usage {usage.decode()[:12]}", EITHER, [START, BLOCK, *DELTAS, STOP, _usage(usage), END])
            for usage in _USAGES
        ),
    ]


_USAGES = (b"1e400", b"-5", b"9" * 400, b"3.5", b'"20"', b"18446744073709551616", b"[1]", b"true")


def _usage(tokens: bytes) -> bytes:
    return b'{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":' + tokens + b"}}"


def _crossed_calls() -> list[Event]:
    def call(index: int) -> Event:
        block = {"type": "tool_use", "id": f"toolu_{index}", "name": "fg"[index], "input": {}}
        return {"type": "content_block_start", "index": index, "content_block": block}

    def arguments(text: str, index: int) -> Event:
        return {
            "type": "content_block_delta",
            "index": index,
            "delta": {"type": "input_json_delta", "partial_json": text},
        }

    stops = [{"type": "content_block_stop", "index": index} for index in (0, 1)]
    ending = {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 5}}
    parts = [arguments('{"a":', 0), arguments('{"b":', 1), arguments("1}", 0), arguments("2}", 1)]
    return [call(0), call(1), *parts, *stops, ending]


ANSWERS = (*_cut_short(), *_stalls(), *_no_http(), *_framing(), *_statuses(), *_bodies(), *_events())
