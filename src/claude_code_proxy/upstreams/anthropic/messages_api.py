"""The Messages API over HTTPS: requests go out with a credential, answers come back as Messages or events.

Long answers are streamed inside even when they are wanted whole: no connection idles until something cuts it.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Protocol, TypeAlias
from urllib.parse import quote

import msgspec
from msgspec import Struct

from claude_code_proxy import messages
from claude_code_proxy.credentials.credential import Credential
from claude_code_proxy.errors import UpstreamBroke, UpstreamRejected
from claude_code_proxy.http1.client import ClientLimits, Response, Transport
from claude_code_proxy.messages.json_text import UNREADABLE
from claude_code_proxy.models.upstream_list import ModelInfo, decode_page
from claude_code_proxy.secret import Secret
from claude_code_proxy.upstreams.anthropic.event_stream import TransportEvents, WholeEvents
from claude_code_proxy.upstreams.anthropic.forwarded_reply import TransportReply
from claude_code_proxy.upstreams.anthropic.headers import forwarded_headers, request_headers
from claude_code_proxy.upstreams.anthropic.masking import mask_message
from claude_code_proxy.upstreams.anthropic.rejections import rate_limits_of, rejected, rejected_after_all, request_id_of
from claude_code_proxy.upstreams.retry import OnFailure, ignore_failure, retry
from claude_code_proxy.upstreams.upstream import Call, CallStats, EventStream, ForwardedReply

WHOLE_UP_TO = 4096  # tokens; an answer that cannot be longer is there within a minute or two
_MESSAGES = b"/v1/messages"
_MODELS_PAGE = b"/v1/models?limit=1000"
_MOST_PAGES = 20
_WHOLE_LIMIT = ClientLimits().body  # bytes of a whole answer that is streamed inside, as of one that is not
_MOST_BLOCKS = 64  # of headers, kept ready to send
_Fields: TypeAlias = tuple[tuple[bytes, bytes], ...]


class Credentials(Protocol):
    def resolve(self) -> Credential:
        """Return the credential to send now. Raises `Unauthenticated`."""

    def explain(self, error: UpstreamRejected) -> UpstreamRejected:
        """Return a refusal of the credential in words that name it; any other refusal as it is."""


class _Post(Struct, frozen=True):
    """One request as it goes out. `caller` has the caller's own headers where they are passed on."""

    path: bytes
    body: bytes
    call: Call
    caller: _Fields | None = None


class MessagesApi:
    """An `Upstream`. `on_failure`, `chance` and `pause` are those of `retry`."""

    def __init__(
        self,
        transport: Transport,
        credentials: Credentials,
        *,
        workspace_id: str = "",
        on_failure: OnFailure = ignore_failure,
        chance: Callable[[], float] = random.random,  # noqa: S311 - spreads retries, guards nothing
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._transport = transport
        self._credentials = credentials
        self._workspace_id = workspace_id
        self._retry = partial(retry, chance=chance, pause=pause, on_failure=on_failure, explain=credentials.explain)
        self._headers: dict[tuple[str, tuple[str, ...], _Fields | None], bytes] = {}

    async def create(self, request: messages.MessagesRequest, call: Call) -> tuple[messages.Message, CallStats]:
        streamed = request.max_tokens > WHOLE_UP_TO
        body = messages.encode_request(msgspec.structs.replace(request, stream=True) if streamed else request)
        return await self._retry(call, partial(self._create, _Post(_MESSAGES, body, call), streamed=streamed))

    async def stream(self, request: messages.MessagesRequest, call: Call) -> EventStream:
        """Return with the first events, so that a failure until then can still be tried again."""
        body = messages.encode_request(msgspec.structs.replace(request, stream=True))
        return await self._retry(call, partial(self._open, _Post(_MESSAGES, body, call)))

    async def forward(
        self, path: bytes, *, headers: Sequence[tuple[bytes, bytes]], body: bytes, call: Call
    ) -> ForwardedReply:
        """Send a request as it is, with the caller's headers and our credential."""
        return await self._retry(call, partial(self._forward, _Post(path, body, call, caller=tuple(headers))))

    async def models(self) -> list[ModelInfo]:
        """Return the upstream's whole list of models."""
        infos: list[ModelInfo] = []
        path, after = _MODELS_PAGE, ""
        for _ in range(_MOST_PAGES):
            credential = self._credentials.resolve()
            response = await self._transport.request(b"GET", path, headers=self._headers_for(credential))
            if response.status != 200:
                raise await _rejection(response, credential.secret)
            try:
                page = decode_page(credential.secret.mask(await response.read()))
            except UNREADABLE as error:
                raise UpstreamBroke("The upstream's list of models cannot be read.") from error
            finally:
                response.close()
            if page.next_after is not None and page.next_after == after:
                break  # the same page again
            infos += page.data
            if page.next_after is None:
                break
            after = page.next_after
            path = _MODELS_PAGE + b"&after_id=" + quote(after, safe="").encode()
        return infos

    async def close(self) -> None:
        await self._transport.close()

    async def _forward(self, post: _Post, stats: CallStats) -> ForwardedReply:
        response, secret = await self._send(post, stats)
        is_stream = b"event-stream" in response.headers.get(b"content-type", b"")
        reply = TransportReply(response, stats, is_stream=is_stream, secret=secret)
        if not reply.is_stream:
            return reply
        try:
            await reply.begin()
        except BaseException:
            reply.close()
            raise
        return reply

    async def _send(self, post: _Post, stats: CallStats) -> tuple[Response, Secret]:
        """Return the response once the upstream has accepted the request, and the secret that was sent."""
        credential = self._credentials.resolve()
        secret, headers = credential.secret, self._headers_for(credential, post.call.betas, caller=post.caller)
        response = await self._transport.request(
            b"POST", post.path, headers=headers, body=post.body, deadline=post.call.deadline
        )
        received = secret.mask_values(response.headers)
        stats.request_id = request_id_of(received)
        if response.status != 200:
            raise await _rejection(response, secret)
        stats.rate_limits = rate_limits_of(received)
        return response, secret

    async def _create(self, post: _Post, stats: CallStats, *, streamed: bool) -> tuple[messages.Message, CallStats]:
        response, secret = await self._send(post, stats)
        if not _is_stream(response, expected=streamed):
            return await _message(response, stats, secret=secret), stats
        events = TransportEvents(response, stats, secret=secret, limit=_WHOLE_LIMIT)
        accumulator = messages.Accumulator()
        try:
            while not accumulator.stopped and (batch := await events.events()) is not None:
                stats.begun = True  # and billed: another attempt would be so again
                accumulator.feed_all(batch)
            return accumulator.message(), stats
        finally:
            events.close()

    async def _open(self, post: _Post, stats: CallStats) -> EventStream:
        response, secret = await self._send(post, stats)
        if not _is_stream(response, expected=True):
            return WholeEvents(await _message(response, stats, secret=secret), stats)
        events = TransportEvents(response, stats, secret=secret)
        try:
            await events.begin()
        except BaseException:
            events.close()
            raise
        return events

    def _headers_for(
        self, credential: Credential, betas: tuple[str, ...] = (), *, caller: _Fields | None = None
    ) -> bytes:
        """Return the block of headers; it is kept, as nearly all requests have the same one."""
        key = (credential.secret.reveal(), betas, caller)
        block = self._headers.get(key)
        if block is None:
            if len(self._headers) > _MOST_BLOCKS:
                self._headers.clear()
            workspace = self._workspace_id
            if caller is None:
                block = request_headers(credential, betas, workspace_id=workspace)
            else:
                block = forwarded_headers(credential, caller, workspace_id=workspace)
            self._headers[key] = block
        return block


def _is_stream(response: Response, *, expected: bool) -> bool:
    """Return what the answer says it is: some gateways always answer in one form, whatever was asked for."""
    kind = response.headers.get(b"content-type", b"")
    return b"event-stream" in kind or (expected and b"json" not in kind)


async def _message(response: Response, stats: CallStats, *, secret: Secret) -> messages.Message:
    stats.begun = True  # it was made, and is billed
    body = await response.read()
    if secret.needle is not None and secret.needle in body:
        body = mask_message(body, secret)
    try:
        return messages.decode_message(body)
    except UNREADABLE as error:
        raise rejected_after_all(body) or UpstreamBroke("The upstream's answer is not a Message.") from error


async def _rejection(response: Response, secret: Secret) -> UpstreamRejected:
    body = secret.mask(await response.read())
    return rejected(response.status, secret.mask_values(response.headers), body=body)
