"""Conversations that the service keeps (beta `message-threads-2026-08-12`), each continued by its last answer.

A request that continues a thread has only the new messages; system prompt and tools are those the thread began with.
Each answer can be continued once. The error codes are the service's own, their messages are not known.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from claude_code_proxy.simulator.refusal import Refusal

_MAX_KEPT = 1000
_FIXED = ("system", "tools")
_UNSUPPORTED = ("context_management", "fallbacks", "thinking")


@dataclass
class _Thread:
    """The conversation up to one answer; `continuation` is set once the request that continues it is done."""

    body: dict[str, Any]
    continuation: asyncio.Event | None = None


class Threads:
    """The threads of one account, by the id of their last answer."""

    def __init__(self) -> None:
        self._threads: OrderedDict[str, _Thread] = OrderedDict()

    def expand(self, body: Any) -> Any:
        """Return the body with the whole conversation; raise a `Refusal` if its thread cannot be used."""
        thread = body.get("thread") if isinstance(body, dict) else None
        if not isinstance(thread, dict):
            return body
        unsupported = _unsupported(body)
        if unsupported:
            _refuse(
                "thread_unsupported_request", f"not supported with {', '.join(unsupported)}", unsupported=unsupported
            )
        previous = thread.get("previous_message_id")
        if thread.get("type") != "continue" or not isinstance(previous, str):
            return body
        kept = self._open(previous)
        if any(name in body and body[name] != kept.body.get(name) for name in _FIXED):
            _refuse("thread_fingerprint_mismatch", "system and tools must be those that the thread was created with")
        fixed = {name: kept.body[name] for name in _FIXED if name in kept.body}
        return {**body, **fixed, "messages": [*kept.body["messages"], *(body.get("messages") or [])]}

    def _open(self, previous: str) -> _Thread:
        kept = self._threads.get(previous)
        if kept is None:
            _refuse("thread_not_found", f"no thread ends in {previous}", status=404)
        if kept.continuation is not None:
            in_flight = not kept.continuation.is_set()
            code = "thread_continue_in_flight" if in_flight else "thread_already_continued"
            _refuse(code, f"{previous} {'is being' if in_flight else 'has been'} continued")
        return kept

    def keep(self, body: dict[str, Any], message: dict[str, Any], *, done: asyncio.Event) -> None:
        """Keep the answer of a request with a thread; `done` is set when the answer has been sent."""
        thread = body.get("thread")
        if not thread or message["stop_reason"] == "refusal":
            return
        if thread["type"] == "continue":
            self._open(thread["previous_message_id"]).continuation = done
        answer = {"role": "assistant", "content": message["content"]}
        self._threads[message["id"]] = _Thread({**body, "messages": [*body["messages"], answer]})
        while len(self._threads) > _MAX_KEPT:
            self._threads.popitem(last=False)


def _unsupported(body: dict[str, Any]) -> list[str]:
    found = [name for name in _UNSUPPORTED if body.get(name)]
    return ["cache_control", *found] if any(_marked(body)) else found


def _marked(body: dict[str, Any]) -> Iterator[bool]:
    yield bool(body.get("cache_control"))
    messages = [one for one in body.get("messages") or () if isinstance(one, dict)]
    for content in (body.get("system"), body.get("tools"), *(one.get("content") for one in messages)):
        blocks: list[Any] = content if isinstance(content, list) else []
        yield any(isinstance(block, dict) and block.get("cache_control") for block in blocks)


def _refuse(code: str, words: str, *, status: int = 400, **details: Any) -> NoReturn:
    raise Refusal(f"thread: {words}", status, details={"error_code": code, **details})
