"""What Claude does not have: embeddings may be forwarded to another service, the rest gets a clear answer.

https://platform.openai.com/docs/api-reference/embeddings. The other service is asked with a key of its own, never with
the caller's or with the credential for Claude.
"""

from collections.abc import Mapping
from functools import partial

from claude_code_proxy.errors import InvalidRequest
from claude_code_proxy.http1.client import Transport, encode_headers
from claude_code_proxy.http1.server.request import Request
from claude_code_proxy.http1.server.responder import Headers
from claude_code_proxy.secret import Secret

EMBEDDINGS = "POST /embeddings"
_NOUNS = {
    EMBEDDINGS: "embeddings; set EMBEDDINGS_BASE_URL to forward these requests to a service that does",
    "POST /images/generations": "image generation",
    "POST /images/edits": "image generation",
    "POST /images/variations": "image generation",
    "POST /audio/speech": "speech",
    "POST /audio/transcriptions": "transcription",
    "POST /audio/translations": "transcription",
    "POST /moderations": "a moderation endpoint",
}
_PATH = b"/embeddings"
_Reply = tuple[int, Headers, bytes]


def _refuse(_request: Request, _parameters: Mapping[str, str], *, noun: str) -> _Reply:
    raise InvalidRequest(f"Claude does not offer {noun}.", code="unsupported_endpoint", status=404)


UNSUPPORTED = {name: partial(_refuse, noun=noun) for name, noun in _NOUNS.items()}
"""The endpoints of OpenAI's API that Claude has no counterpart of, by method and plain path: each is a 404."""


class EmbeddingsForwarder:
    """Sends each request on as it came, and the reply back as it came."""

    def __init__(self, transport: Transport, key: Secret | None) -> None:
        self._transport = transport
        authorization = [(b"authorization", f"Bearer {key.reveal()}".encode())] if key is not None else []
        self._headers = encode_headers([(b"content-type", b"application/json"), *authorization])

    async def __call__(self, request: Request, _: Mapping[str, str]) -> _Reply:
        response = await self._transport.request(b"POST", _PATH, headers=self._headers, body=request.body)
        body = await response.read()
        content_type = response.headers.get(b"content-type", b"application/json")
        return response.status, [(b"content-type", content_type)], body

    async def close(self) -> None:
        await self._transport.close()
