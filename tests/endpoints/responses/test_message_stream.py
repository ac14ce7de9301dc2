"""The message item: opened by the first text, and its parts told one by one."""

import json

from msgspec import Raw

from claude_code_proxy import messages
from claude_code_proxy.endpoints.responses import output
from claude_code_proxy.endpoints.responses.events import EventWriter
from claude_code_proxy.endpoints.responses.message_stream import MessageStream

CITED = messages.Text(
    "b", Raw(b'[{"type":"web_search_result_location","url":"https://a.example"},{"type":"char_location"}]')
)


def test_an_item_is_opened_once_and_closed_once() -> None:
    writer = EventWriter("resp_1")
    message = MessageStream(writer)
    assert message.close(status=output.COMPLETED) == b""
    opened = message.open(messages.Text("a"))
    assert opened.count(b"output_item.added") == opened.count(b"content_part.added") == 2  # the name and the type
    message.end_block()
    assert b"output_item.added" not in message.open(CITED)
    annotated = message.end_block()
    assert annotated.count(b"event: response.output_text.annotation.added") == 1
    message.close(status=output.COMPLETED)
    assert message.close(status=output.COMPLETED) == b""
    (item,) = [json.loads(bytes(raw)) for raw in writer.items]
    (part,) = item["content"]
    assert part["text"] == "ab"
    assert [(a["title"], a["start_index"], a["end_index"]) for a in part["annotations"]] == [
        ("https://a.example", 1, 2)
    ]


def test_no_text_makes_no_delta() -> None:
    message = MessageStream(EventWriter("resp_1"))
    assert b"output_text.delta" not in message.open(messages.Text(""))
    assert message.text("") == b""
