"""The simulated service: routes a request, validates it, answers it and records it. One instance is one account.

The rules stand in `rules`, the content of answers in `answers`, the bytes in `wire`; this module has only their order.
"""

import asyncio
import hashlib
import itertools
import json
import secrets
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from claude_code_proxy.http1.server.request import Request
from claude_code_proxy.http1.server.responder import Headers, Responder
from claude_code_proxy.simulator import catalogue, tokens
from claude_code_proxy.simulator.answers import answer, envelope
from claude_code_proxy.simulator.answers.intent import read_intent
from claude_code_proxy.simulator.answers.prompt_cache import PromptCache
from claude_code_proxy.simulator.parsed_request import Caller, ParsedRequest
from claude_code_proxy.simulator.refusal import Refusal
from claude_code_proxy.simulator.rules import body as request_body
from claude_code_proxy.simulator.rules import headers as request_headers
from claude_code_proxy.simulator.threads import Threads
from claude_code_proxy.simulator.validation import validate
from claude_code_proxy.simulator.wire import events, replay, transmission
from claude_code_proxy.simulator.wire.faults import Faults
from claude_code_proxy.simulator.wire.replay import Reply

_ORGANIZATION = "00000000-0000-4000-8000-000000000000"
_LIMITS = (("requests", 4000), ("input-tokens", 2_000_000), ("output-tokens", 400_000), ("tokens", 2_400_000))
_ERROR_MESSAGES = {
    401: "invalid x-api-key",
    402: "Your credit balance is too low to access the Anthropic API.",
    403: "Permission denied",
    413: "Request exceeds the maximum size",
    429: "This request would exceed your organization's rate limit of 30,000 input tokens per minute.",
    500: "Internal server error",
    504: "Request timed out",
    529: "Overloaded",
}
_HTML = "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<center><h1>{0}</h1></center>\r\n</body>\r\n</html>\r\n"


@dataclass(frozen=True, kw_only=True)
class SimulatorOptions:
    """`pace` is in words a second, 0 sends at once; `api_keys` None accepts any key; `replay` answers all with a file.

    `keep_requests` is how many of the latest requests are kept for tests. `enforces_binding`: refuse thinking after a
    changed prefix, as the service does for accounts created since the end of August 2026.
    """

    pace: float = 0
    api_keys: frozenset[str] | None = None
    enforces_binding: bool = True
    secret: bytes = b"simulated"
    seed: str | None = None
    replay: Path | None = None
    keep_requests: int = 1000


@dataclass
class Received:
    """One request as received; `status` is that of the reply, `disconnected` is set if the client left early."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    raw: bytes
    body: Any = None
    status: int | None = None
    disconnected: bool = False
    done: asyncio.Event = field(default_factory=asyncio.Event)


class Simulation:
    def __init__(self, options: SimulatorOptions | None = None, *, clock: Callable[[], float] = time.time) -> None:
        self.options = options or SimulatorOptions()
        self.requests: deque[Received] = deque(maxlen=self.options.keep_requests)
        self._queue: deque[Reply | Faults] = deque()
        self._fixed_reply = replay.load(self.options.replay) if self.options.replay else None
        self._cache = PromptCache()
        self._threads = Threads()
        self._fault_counts: dict[str, int] = {}
        self._clock = clock
        self._seed = self.options.seed or secrets.token_hex(8)
        self._numbers = itertools.count(1)
        self._request_count = self._token_count = 0  # requests and tokens so far

    def enqueue(self, *replies: Reply | Faults) -> None:
        """Answer the next messages requests with these, in order: fixed replies, or answers with faults."""
        self._queue.extend(replies)

    def new_id(self, prefix: str) -> str:
        """Return an id as the service makes them: a prefix and 22 hexadecimal digits, reproducible with a seed."""
        digest = hashlib.sha256(f"{self._seed}:{next(self._numbers)}".encode()).hexdigest()
        return f"{prefix}{digest[:22]}"

    async def handle(self, request: Request, responder: Responder) -> None:
        received = _received(request)
        self.requests.append(received)
        self._request_count += 1
        request_id = self.new_id("req_011")
        try:
            await self._route(received, responder, request_id=request_id)
        except Refusal as refusal:
            received.status = refusal.status
            headers = self._headers(request_id, json_body=True, should_retry=_retriable(refusal.status))
            responder.send(refusal.status, headers, json.dumps(refusal.body(request_id), ensure_ascii=False).encode())
        except asyncio.CancelledError:
            received.disconnected = True
            raise
        finally:
            received.done.set()

    async def _route(self, received: Received, responder: Responder, *, request_id: str) -> None:
        path = received.path.rstrip("/")
        match (received.method, path):
            case ("POST", "/v1/messages"):
                await self._messages(received, responder, request_id=request_id)
            case ("POST", "/v1/messages/count_tokens"):
                count = _token_count(self._validated(received, counting=True))
                self._send_json(received, responder, body=count, request_id=request_id)
            case ("GET", "/v1/models"):
                self._caller(received)
                page = catalogue.page(parse_qs(received.query))
                self._send_json(received, responder, body=page, request_id=request_id)
            case ("GET", _) if path.startswith("/v1/models/"):
                self._caller(received)
                model = catalogue.one(path.removeprefix("/v1/models/"))
                self._send_json(received, responder, body=model, request_id=request_id)
            case (_, "/v1/messages" | "/v1/messages/count_tokens" | "/v1/models"):
                raise Refusal("Method Not Allowed", 405)
            case _:
                raise Refusal("Not Found", 404)

    def _caller(self, received: Received, *, counting: bool = False) -> Caller:
        request_headers.check_key(received.headers, self.options.api_keys)
        return Caller(
            version=request_headers.check_version(received.headers),
            betas=request_headers.check_betas(received.headers),
            counting=counting,
            enforces_binding=self.options.enforces_binding,
            secret=self.options.secret,
        )

    def _validated(self, received: Received, *, counting: bool = False) -> ParsedRequest:
        caller = self._caller(received, counting=counting)
        received.body = request_body.decode(received.raw)
        whole = self._threads.expand(received.body) if "thread" in caller.features else received.body
        return validate(whole, caller)

    async def _messages(self, received: Received, responder: Responder, *, request_id: str) -> None:
        queued = self._queue.popleft() if self._queue else self._fixed_reply
        if isinstance(queued, Reply):
            if queued.validated:
                self._validated(received)
            else:
                received.body = _decode_or_none(received.raw)
            await self._send_fixed(queued, received, responder=responder, request_id=request_id)
            return
        request = self._validated(received)
        intent = read_intent(request)
        intent = replace(intent, faults=queued or self._active_faults(intent.directive, intent.faults))
        if intent.faults.fails:
            await self._send_failure(intent.faults, received, responder=responder, request_id=request_id)
            return
        composed = answer.compose(request, intent, new_id=self.new_id)
        cached = self._cache.use(request, self._clock())
        message = envelope.message(request, composed, cached=cached, message_id=self.new_id("msg_01"))
        self._threads.keep(request.body, message, done=received.done)
        self._token_count += message["usage"]["input_tokens"] + message["usage"]["output_tokens"]
        frames = None
        if request.body.get("stream"):
            frames = events.frames(message, cut_json=composed.cut_json, unknown=composed.unknown)
        await self._send_message(
            message, frames, received=received, responder=responder, request_id=request_id, faults=intent.faults
        )

    def _active_faults(self, directive: str, faults: Faults) -> Faults:
        """Return the faults of this request: with `times=N` a directive holds for N requests."""
        if faults.times is None:
            return faults
        done = self._fault_counts.get(directive, 0)
        self._fault_counts[directive] = done + 1
        return faults if done < faults.times else faults.answer_only()

    async def _send_failure(self, faults: Faults, received: Received, *, responder: Responder, request_id: str) -> None:
        status = faults.status or 502
        message = faults.message or _ERROR_MESSAGES.get(status, "The simulated service failed.")
        refusal = Refusal(message, status)
        retriable = faults.should_retry or _retriable(status)
        headers = self._headers(request_id, json_body=not faults.html, should_retry=retriable)
        if faults.retry_after is not None:
            headers = [*headers, (b"retry-after", faults.retry_after.encode())]
        body = json.dumps(refusal.body(request_id)).encode()
        if faults.html:
            body = _HTML.format(f"{status} {message}").encode()
        received.status = status
        await transmission.send_whole(responder, faults, status=status, headers=headers, body=body)

    async def _send_fixed(self, reply: Reply, received: Received, *, responder: Responder, request_id: str) -> None:
        received.status = reply.status
        if reply.message is not None:
            streams = bool((received.body or {}).get("stream"))
            frames = events.frames(reply.message) if streams else None
            await self._send_message(
                reply.message,
                frames,
                received=received,
                responder=responder,
                request_id=request_id,
                faults=reply.faults,
            )
            return
        headers = [(name.encode(), value.encode()) for name, value in reply.headers]
        if not any(name == b"request-id" for name, _ in headers):
            headers.append((b"request-id", request_id.encode()))
        if reply.streams and reply.status == 200:
            parts = [events.Frame(part + b"\n\n") for part in reply.body.split(b"\n\n") if part.strip()]
            frames = transmission.with_error(parts, reply.faults, request_id=request_id)
            await transmission.send_stream(
                responder, frames, headers=headers, faults=reply.faults, pace=self._pace(reply.faults)
            )
        else:
            await transmission.send_whole(
                responder, reply.faults, status=reply.status, headers=headers, body=reply.body
            )

    async def _send_message(
        self,
        message: dict[str, Any],
        frames: list[events.Frame] | None,
        *,
        received: Received,
        responder: Responder,
        request_id: str,
        faults: Faults,
    ) -> None:
        received.status = 200
        headers = [*self._headers(request_id, json_body=frames is None), *self._rate_limits()]
        if frames is None:
            body = json.dumps(message, ensure_ascii=False).encode()
            await transmission.send_whole(responder, faults, status=200, headers=headers, body=body)
            return
        frames = transmission.with_error(transmission.with_pings(frames, faults.pings), faults, request_id=request_id)
        await transmission.send_stream(responder, frames, headers=headers, faults=faults, pace=self._pace(faults))

    def _pace(self, faults: Faults) -> float:
        return self.options.pace if faults.pace is None else faults.pace

    def _send_json(self, received: Received, responder: Responder, *, body: Any, request_id: str) -> None:
        received.status = 200
        responder.send(200, self._headers(request_id, json_body=True), json.dumps(body, ensure_ascii=False).encode())

    def _headers(self, request_id: str, *, json_body: bool, should_retry: str | None = None) -> Headers:
        kind = b"application/json" if json_body else b"text/event-stream; charset=utf-8"
        headers = [
            (b"content-type", kind),
            (b"request-id", request_id.encode()),
            (b"anthropic-organization-id", _ORGANIZATION.encode()),
        ]
        return [*headers, (b"x-should-retry", should_retry.encode())] if should_retry else headers

    def _rate_limits(self) -> Headers:
        """Return the limit, remainder and reset time of each rate limit."""
        reset = datetime.fromtimestamp(self._clock(), UTC) + timedelta(seconds=1)
        composed: list[tuple[bytes, bytes]] = []
        for name, most in _LIMITS:
            used = self._request_count if name == "requests" else self._token_count
            disconnected = max(most - used, 0)
            shown = disconnected if name == "requests" else round(disconnected, -3)
            for word, value in (("limit", most), ("remaining", shown), ("reset", f"{reset:%Y-%m-%dT%H:%M:%SZ}")):
                composed.append((f"anthropic-ratelimit-{name}-{word}".encode(), str(value).encode()))
        return composed


def _received(request: Request) -> Received:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers.items()}
    return Received(request.method, request.path, request.query, headers, request.body)


def _token_count(request: ParsedRequest) -> dict[str, Any]:
    count = tokens.count_prompt(request)
    if not request.body.get("context_management"):
        return {"input_tokens": count}
    return {"input_tokens": count, "context_management": {"original_input_tokens": count}}


def _retriable(status: int) -> str:
    return "true" if status == 429 or status >= 500 else "false"


def _decode_or_none(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return None
