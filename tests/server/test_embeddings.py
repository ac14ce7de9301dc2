"""What Claude does not have gets a clear answer; embeddings go to a service that has them, with a key of its own."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from claude_code_proxy.secret import Secret
from claude_code_proxy.server.embeddings import UNSUPPORTED
from tests.server.running import running

NOWHERE = "http://127.0.0.1:9"
BODY = b'{"model":"text-embedding-3-small","input":["a","b"],"dimensions":1.0}'


@asynccontextmanager
async def other_service(reply: bytes) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Serve that reply to every request: the base URL, and the requests as they came."""
    requests: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
                requests.append(head + await reader.readexactly(length))
                writer.write(reply)
        except asyncio.IncompleteReadError:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", requests
    finally:
        server.close()


@pytest.mark.parametrize("name", UNSUPPORTED)
async def test_what_claude_does_not_have_is_a_404_that_says_so(name: str) -> None:
    path = name.partition(" ")[2]
    async with running(NOWHERE) as proxy:
        reply = await proxy.ask(path=f"/v1{path}")
    error = json.loads(reply.body)["error"]
    assert (reply.status, error["code"]) == (404, "unsupported_endpoint")
    assert error["message"].startswith("Claude does not offer ")
    assert ("EMBEDDINGS_BASE_URL" in error["message"]) is (path == "/embeddings")


@pytest.mark.parametrize("status", [b"200 OK", b"429 Too Many Requests"])
async def test_embeddings_are_forwarded_as_they_are(status: bytes) -> None:
    answer = b"HTTP/1.1 %b\r\ncontent-type: application/json; x=y\r\ncontent-length: 3\r\n\r\n{ }" % status
    async with other_service(answer) as (url, requests):
        key = Secret("key-of-the-other-service")
        async with running(NOWHERE, embeddings_base_url=url, embeddings_api_key=key) as proxy, proxy.client() as client:
            await client.send(
                b"POST /v1/embeddings HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer caller\r\n"
                b"content-length: %d\r\n\r\n%b" % (len(BODY), BODY)
            )
            reply = await client.reply()
    assert (reply.status, reply.body) == (int(status[:3]), b"{ }")
    assert reply.headers["content-type"] == "application/json; x=y"
    assert requests[0].startswith(b"POST /v1/embeddings HTTP/1.1\r\n")
    assert requests[0].endswith(BODY)
    assert b"Bearer key-of-the-other-service" in requests[0]
    assert b"caller" not in requests[0]
    assert b"sk-ant" not in requests[0]


async def test_a_service_that_is_not_there_is_a_503() -> None:
    async with running(NOWHERE, embeddings_base_url="http://127.0.0.1:9/v1") as proxy:
        reply = await proxy.ask(path="/v1/embeddings")
    assert reply.status == 503
    assert "127.0.0.1:9" in json.loads(reply.body)["error"]["message"]
