"""Frames of a stream -> messages, with the lane in each."""

import json

from claude_code_proxy.http1.server.request import Request
from claude_code_proxy.server.sockets.responder import SocketResponder, error_message


class Sink:
    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self.drained = 0

    def send(self, text: bytes) -> None:
        self.messages.append(text)

    async def drain(self) -> None:
        self.drained += 1


def responder(stream_id: str | None = None) -> tuple[SocketResponder, Sink]:
    sink = Sink()
    return SocketResponder(sink, Request("POST", "/v1/responses"), stream_id=stream_id), sink


def test_each_event_is_a_message_and_comments_are_none() -> None:
    reply, sink = responder()
    reply.start(200, [])
    reply.write(b': keep-alive\n\nevent: a\ndata: {"type":"a"}\n\nevent: b\ndata: {"type":"b"}\n\n')
    reply.write_end(b'event: c\ndata: {"type":"c"}\n\n')
    assert sink.messages == [b'{"type":"a"}', b'{"type":"b"}', b'{"type":"c"}']
    assert (reply.started, reply.finished) == (True, True)


def test_the_lane_is_told_in_each_message() -> None:
    reply, sink = responder("lane-1")
    reply.write(b'event: a\ndata: {"type":"a"}\n\n')
    assert json.loads(sink.messages[0]) == {"type": "a", "stream_id": "lane-1"}


def test_a_refusal_is_an_error_event() -> None:
    reply, sink = responder()
    reply.send(429, [(b"retry-after", b"2"), (b"content-type", b"application/json")], b'{"error":', b'{"code":"x"}}')
    assert json.loads(sink.messages[0]) == {
        "type": "error",
        "status": 429,
        "error": {"code": "x"},
        "headers": {"retry-after": "2"},
    }


async def test_nothing_is_written_for_a_client_that_has_gone() -> None:
    reply, sink = responder()
    await reply.drain()
    assert sink.drained == 1
    reply.gone = True
    reply.write(b'event: a\ndata: {"type":"a"}\n\n')
    await reply.drain()
    reply.abort()
    assert (sink.messages, sink.drained, reply.finished) == ([], 1, True)


def test_an_error_that_no_exchange_makes() -> None:
    event = json.loads(error_message(400, "invalid_stream_id", message="No.", stream_id="a"))
    assert (event["type"], event["status"], event["stream_id"]) == ("error", 400, "a")
    assert event["error"] == {
        "type": "invalid_request_error",
        "code": "invalid_stream_id",
        "message": "No.",
        "param": None,
    }
    assert "stream_id" not in json.loads(error_message(400, "x", message="No.", stream_id=None))
