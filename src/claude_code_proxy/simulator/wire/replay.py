"""Fixed replies: a recorded exchange, given bytes, or a Message to be sent whole or streamed."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from claude_code_proxy.simulator.wire.faults import NONE, Faults

_STREAM = "text/event-stream; charset=utf-8"
_JSON = "application/json"


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A fixed reply: `message` is sent whole or streamed by the request; else `body` as it is, a stream event by event.

    With `validated` the rules are applied to the request first, as they are to every other request.
    """

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    message: dict[str, Any] | None = None
    faults: Faults = NONE
    validated: bool = True

    @property
    def streams(self) -> bool:
        return dict(self.headers).get("content-type", "").startswith("text/event-stream")


def json_reply(body: Any, status: int = 200, *, headers: dict[str, str] | None = None) -> Reply:
    named = {"content-type": _JSON, **(headers or {})}
    return Reply(status=status, headers=tuple(named.items()), body=json.dumps(body, ensure_ascii=False).encode())


def stream_reply(sse: str | bytes, *, faults: Faults = NONE) -> Reply:
    body = sse.encode() if isinstance(sse, str) else sse
    return Reply(headers=(("content-type", _STREAM),), body=body, faults=faults)


def recorded(recording: dict[str, Any]) -> Reply:
    """Return the response of a recording, unchanged; the rules are not applied to the request."""
    response = recording["response"]
    named = {name.lower(): str(value) for name, value in response.get("headers", {}).items()}
    if response.get("sse") is not None:
        body = response["sse"].encode()
        named.setdefault("content-type", _STREAM)
    else:
        body = json.dumps(response.get("body"), ensure_ascii=False).encode()
        named.setdefault("content-type", _JSON)
    return Reply(status=response["status"], headers=tuple(named.items()), body=body, validated=False)


def load(path: Path) -> Reply:
    recording: dict[str, Any] = json.loads(path.read_bytes())
    return recorded(recording)
