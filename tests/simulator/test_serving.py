"""Starting and stopping, next to each other."""

import asyncio

import pytest

from claude_code_proxy.simulator import SimulatorOptions, serve
from tests.simulator.raw_client import send
from tests.simulator.requests import make_request


async def test_two_at_once_know_nothing_of_each_other() -> None:
    one, other = await serve(), await serve()
    await send(one.url, make_request())
    assert (len(one.requests), len(other.requests)) == (1, 0)
    assert one.url != other.url
    await one.close()
    assert (await send(other.url, make_request())).status == 200
    await other.close()


async def test_a_closed_one_takes_no_more() -> None:
    one = await serve()
    await one.close()
    with pytest.raises(ConnectionRefusedError):
        await send(one.url, make_request())


async def test_closing_ends_what_still_runs() -> None:
    one = await serve()
    slow = asyncio.create_task(send(one.url, make_request("[[simulate: first-event-delay=60]]", stream=True)))
    await asyncio.sleep(0.2)
    await one.close()
    assert (await slow).end == "cut"
    assert one.requests[0].disconnected


async def test_a_request_that_is_not_http_gets_the_edges_words() -> None:
    one = await serve()
    host, port = one.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"nonsense\r\n\r\n")
    answer = await reader.read()
    assert b'{"error": {"type": "invalid_request_error"' in answer
    writer.close()
    await one.close()


async def test_only_so_many_requests_are_kept() -> None:
    one = await serve(options=SimulatorOptions(keep_requests=2))
    for _ in range(3):
        await send(one.url, make_request())
    assert len(one.requests) == 2
    await one.close()
