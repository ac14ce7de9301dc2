"""Frames and ids of a streamed response."""

import json

from claude_code_proxy.endpoints.responses import output
from claude_code_proxy.endpoints.responses.events import EventWriter


def test_events_are_numbered_and_items_counted() -> None:
    writer = EventWriter("resp_0a1b")
    first = writer.item_id("msg")
    frames = writer.add_item(output.MessageItem(first, output.IN_PROGRESS))
    frames += writer.inner("response.output_text.done", first, fields=b',"text":"x"')
    frames += writer.end_item(output.MessageItem(first, output.COMPLETED))
    second = writer.item_id("fc")
    found = [json.loads(frame.partition("\ndata: ")[2]) for frame in frames.decode().split("\n\n")[:-1]]
    assert [(event["sequence_number"], event["output_index"]) for event in found] == [(0, 0), (1, 0), (2, 0)]
    assert found[1] == {
        "type": "response.output_text.done",
        "sequence_number": 1,
        "item_id": "msg_0a1b000",
        "output_index": 0,
        "text": "x",
    }
    assert (first, second) == ("msg_0a1b000", "fc_0a1b001")
    assert [json.loads(bytes(item))["status"] for item in writer.items] == ["completed"]
