"""What an exchange sends becomes numbered events; comments are none, and the last one holds the response."""

from claude_code_proxy.http1.server.request import Request
from claude_code_proxy.server.background.responder import StoringResponder
from claude_code_proxy.state.memory_background import MemoryBackgroundStore
from tests.state.test_background_store import JOB

FIRST = b'event: response.created\ndata: {"type":"response.created","sequence_number":0,"response":{}}\n\n'
LAST = b'event: response.completed\ndata: {"type":"response.completed","sequence_number":1,"response":{"id":"r"}}\n\n'


async def test_events_are_stored_by_their_numbers() -> None:
    store = MemoryBackgroundStore()
    await store.add(JOB)
    responder = StoringResponder(store, JOB.id, request=Request("POST", "/v1/responses"))
    responder.start(200, [])
    responder.write(FIRST + b": keep-alive\n\n")
    assert (responder.response, responder.finished) == (None, False)
    responder.write_end(LAST)
    await responder.drain()
    await responder.flush()
    progress = await store.progress(JOB.id, owner=JOB.owner)
    assert progress is not None
    assert list(progress.events) == [(0, FIRST), (1, LAST)]
    assert (responder.response, responder.finished) == (b'{"id":"r"}', True)


def test_a_refusal_ends_it_without_an_event() -> None:
    responder = StoringResponder(MemoryBackgroundStore(), "resp_1", request=Request("POST", "/v1/responses"))
    assert responder.started
    responder.send(429, [], b"{}")
    assert responder.finished
