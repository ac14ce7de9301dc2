"""The simulated service: routes, judges, answers, and remembers what it received. One instance is one account.

Rules stand in `rules`, answers in `answer`, bytes in `sending`; here is only the order in which they come.
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
from claude_code_proxy.simulator.answers.intent import read
from claude_code_proxy.simulator.answers.prompt_cache import PromptCache
from claude_code_proxy.simulator.parsed_request import Caller, ParsedRequest
from claude_code_proxy.simulator.refusal import Refusal
from claude_code_proxy.simulator.rules import body as request_body
from claude_code_proxy.simulator.rules import headers as request_headers
from claude_code_proxy.simulator.validation import judge
from claude_code_proxy.simulator.wire import events, replay, transmission
from claude_code_proxy.simulator.wire.faults import Faults
from claude_code_proxy.simulator.wire.replay import Reply

_ORGANIZATION = "00000000-0000-4000-8000-000000000000"
_LIMITS = (("requests", 4000), ("input-tokens", 2_000_000), ("output-tokens", 400_000), ("tokens", 2_400_000))
_WORDS = {
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
    """`pace` is in words a second, 0 is no pace; `api_keys` None takes any key; `replay` answers all with a file.

    `keep_requests`: how many of the latest requests to keep for tests. `enforces_binding`: refuse thinking after a
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
    """One request as it came; `status` is what was answered, `left` that the client went before the end."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    raw: bytes
    body: Any = None
    status: int | None = None
    left: bool = False
    done: asyncio.Event = field(default_factory=asyncio.Event)


class Simulation:
    def __init__(self, options: SimulatorOptions | None = None, *, clock: Callable[[], float] = time.time) -> None:
        self.options = options or SimulatorOptions()
        self.requests: deque[Received] = deque(maxlen=self.options.keep_requests)
        self._queue: deque[Reply | Faults] = deque()
        self._always = replay.load(self.options.replay) if self.options.replay else None
        self._cache = PromptCache()
        self._done: dict[str, int] = {}
        self._clock = clock
        self._seed = self.options.seed or secrets.token_hex(8)
        self._numbers = itertools.count(1)
        self._asked = self._spent = 0  # requests and tokens so far

    def enqueue(self, *replies: Reply | Faults) -> None:
        """The next messages requests get these, in order: a fixed reply, or an answer that is tampered with."""
        self._queue.extend(replies)

    def new_id(self, prefix: str) -> str:
        """Like the service's: a prefix and 22 letters and digits. The same again for the same seed."""
        digest = hashlib.sha256(f"{self._seed}:{next(self._numbers)}".encode()).hexdigest()
        return f"{prefix}{digest[:22]}"

    async def handle(self, request: Request, responder: Responder) -> None:
        received = _received(request)
        self.requests.append(received)
        self._asked += 1
        request_id = self.new_id("req_011")
        try:
            await self._route(received, responder, request_id=request_id)
        except Refusal as refusal:
            received.status = refusal.status
            headers = self._headers(request_id, json_body=True, should_retry=_retriable(refusal.status))
            responder.send(refusal.status, headers, json.dumps(refusal.body(request_id), ensure_ascii=False).encode())
        except asyncio.CancelledError:
            received.left = True
            raise
        finally:
            received.done.set()

    async def _route(self, received: Received, responder: Responder, *, request_id: str) -> None:
        path = received.path.rstrip("/")
        match (received.method, path):
            case ("POST", "/v1/messages"):
                await self._messages(received, responder, request_id=request_id)
            case ("POST", "/v1/messages/count_tokens"):
                asked = self._judged(received, counting=True)
                self._send_json(
                    received, responder, body={"input_tokens": tokens.of_prompt(asked)}, request_id=request_id
                )
            case ("GET", "/v1/models"):
                self._admit(received)
                page = catalogue.page(parse_qs(received.query))
                self._send_json(received, responder, body=page, request_id=request_id)
            case ("GET", _) if path.startswith("/v1/models/"):
                self._admit(received)
                model = catalogue.one(path.removeprefix("/v1/models/"))
                self._send_json(received, responder, body=model, request_id=request_id)
            case (_, "/v1/messages" | "/v1/messages/count_tokens" | "/v1/models"):
                raise Refusal("Method Not Allowed", 405)
            case _:
                raise Refusal("Not Found", 404)

    def _admit(self, received: Received, *, counting: bool = False) -> Caller:
        request_headers.check_key(received.headers, self.options.api_keys)
        return Caller(
            version=request_headers.check_version(received.headers),
            betas=request_headers.check_betas(received.headers),
            counting=counting,
            enforces_binding=self.options.enforces_binding,
            secret=self.options.secret,
        )

    def _judged(self, received: Received, *, counting: bool = False) -> ParsedRequest:
        caller = self._admit(received, counting=counting)
        received.body = request_body.decode(received.raw)
        return judge(received.body, caller)

    async def _messages(self, received: Received, responder: Responder, *, request_id: str) -> None:
        queued = self._queue.popleft() if self._queue else self._always
        if isinstance(queued, Reply):
            if queued.judged:
                self._judged(received)
            else:
                received.body = _lenient(received.raw)
            await self._play(queued, received, responder=responder, request_id=request_id)
            return
        asked = self._judged(received)
        intent = read(asked)
        intent = replace(intent, faults=queued or self._due(intent.directive, intent.faults))
        if intent.faults.fails:
            await self._fail(intent.faults, received, responder=responder, request_id=request_id)
            return
        made = answer.compose(asked, intent, new_id=self.new_id)
        cached = self._cache.use(asked, self._clock())
        message = envelope.message(asked, made, cached=cached, message_id=self.new_id("msg_01"))
        self._spent += message["usage"]["input_tokens"] + message["usage"]["output_tokens"]
        frames = None
        if asked.body.get("stream"):
            frames = events.frames(message, cut_json=made.cut_json, unknown=made.unknown)
        await self._answer(
            message, frames, received=received, responder=responder, request_id=request_id, wanted=intent.faults
        )

    def _due(self, directive: str, wanted: Faults) -> Faults:
        """With `times=N`, the same directive holds for N requests."""
        if wanted.times is None:
            return wanted
        done = self._done.get(directive, 0)
        self._done[directive] = done + 1
        return wanted if done < wanted.times else wanted.forgiven()

    async def _fail(self, wanted: Faults, received: Received, *, responder: Responder, request_id: str) -> None:
        status = wanted.status or 502
        words = wanted.message or _WORDS.get(status, "The simulated service failed.")
        refusal = Refusal(words, status)
        retriable = wanted.should_retry or _retriable(status)
        headers = self._headers(request_id, json_body=not wanted.html, should_retry=retriable)
        if wanted.retry_after is not None:
            headers = [*headers, (b"retry-after", wanted.retry_after.encode())]
        body = json.dumps(refusal.body(request_id)).encode()
        if wanted.html:
            body = _HTML.format(f"{status} {words}").encode()
        received.status = status
        await transmission.send_whole(responder, wanted, status=status, headers=headers, body=body)

    async def _play(self, fixed: Reply, received: Received, *, responder: Responder, request_id: str) -> None:
        received.status = fixed.status
        if fixed.message is not None:
            streams = bool((received.body or {}).get("stream"))
            frames = events.frames(fixed.message) if streams else None
            await self._answer(
                fixed.message,
                frames,
                received=received,
                responder=responder,
                request_id=request_id,
                wanted=fixed.faults,
            )
            return
        headers = [(name.encode(), value.encode()) for name, value in fixed.headers]
        if not any(name == b"request-id" for name, _ in headers):
            headers.append((b"request-id", request_id.encode()))
        if fixed.streams and fixed.status == 200:
            parts = [events.Frame(part + b"\n\n") for part in fixed.body.split(b"\n\n") if part.strip()]
            frames = transmission.with_error(parts, fixed.faults, request_id=request_id)
            await transmission.send_stream(
                responder, frames, headers=headers, wanted=fixed.faults, pace=self._pace(fixed.faults)
            )
        else:
            await transmission.send_whole(
                responder, fixed.faults, status=fixed.status, headers=headers, body=fixed.body
            )

    async def _answer(
        self,
        message: dict[str, Any],
        frames: list[events.Frame] | None,
        *,
        received: Received,
        responder: Responder,
        request_id: str,
        wanted: Faults,
    ) -> None:
        received.status = 200
        headers = [*self._headers(request_id, json_body=frames is None), *self._rate_limits()]
        if frames is None:
            body = json.dumps(message, ensure_ascii=False).encode()
            await transmission.send_whole(responder, wanted, status=200, headers=headers, body=body)
            return
        frames = transmission.with_error(transmission.with_pings(frames, wanted.pings), wanted, request_id=request_id)
        await transmission.send_stream(responder, frames, headers=headers, wanted=wanted, pace=self._pace(wanted))

    def _pace(self, wanted: Faults) -> float:
        return self.options.pace if wanted.pace is None else wanted.pace

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
        """What is left of each allowance, and when it is whole again."""
        reset = datetime.fromtimestamp(self._clock(), UTC) + timedelta(seconds=1)
        made: list[tuple[bytes, bytes]] = []
        for name, most in _LIMITS:
            used = self._asked if name == "requests" else self._spent
            left = max(most - used, 0)
            shown = left if name == "requests" else round(left, -3)
            for word, value in (("limit", most), ("remaining", shown), ("reset", f"{reset:%Y-%m-%dT%H:%M:%SZ}")):
                made.append((f"anthropic-ratelimit-{name}-{word}".encode(), str(value).encode()))
        return made


def _received(request: Request) -> Received:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers.items()}
    return Received(request.method, request.path, request.query, headers, request.body)


def _retriable(status: int) -> str:
    return "true" if status == 429 or status >= 500 else "false"


def _lenient(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return None
