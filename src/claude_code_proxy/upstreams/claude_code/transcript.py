"""A past conversation -> the rows of a transcript that Claude Code resumes. Pure: time and ids are passed in.

The format of the rows is internal to Claude Code and may change with any version. So its version is pinned, and tests
feed the rows to the real program.
"""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID, uuid5

from msgspec import Struct

from claude_code_proxy import messages
from claude_code_proxy.upstreams.claude_code.conversation import blocks
from claude_code_proxy.upstreams.claude_code.launch import visible_name

_LEARNT = ("environment", "model", "session_context")


class TranscriptOrigin(Struct, frozen=True):
    """What all rows of one transcript share: session, model, time, directory and the version that wrote it."""

    session: UUID
    model: str
    timestamp: str
    cwd: str
    version: str


def rows(
    past: Sequence[messages.InputMessage], origin: TranscriptOrigin, *, context: Sequence[dict[str, Any]] = ()
) -> list[dict[str, Any]]:
    """Return the rows. `context` are the attachments in which Claude Code describes its environment.

    Without them it would add its own at the end, and neither a cached prefix nor thinking bound to one would be valid.
    """
    contents: list[dict[str, Any]] = []
    for index, turn in enumerate(past):
        contents.append({"type": turn.role, "message": _message(turn, index, model=origin.model)})
        if index == 0:
            contents += [{"type": "attachment", **attachment} for attachment in context]
    return list(_chained(contents, origin))


def _chained(contents: Sequence[dict[str, Any]], origin: TranscriptOrigin) -> Iterator[dict[str, Any]]:
    parent = None
    for index, content in enumerate(contents):
        identity = str(uuid5(origin.session, str(index)))
        yield {
            "parentUuid": parent,
            "isSidechain": False,
            "userType": "external",
            "cwd": origin.cwd,
            "sessionId": str(origin.session),
            "version": origin.version,
            "uuid": identity,
            "timestamp": origin.timestamp,
            **content,
        }
        parent = identity


class Context:
    """The attachments for each model: those that Claude Code has written; until there are any, built-in ones."""

    def __init__(self, environment: dict[str, Any]) -> None:
        self._environment = environment
        self._seen: dict[str, dict[str, dict[str, Any]]] = {}

    def learn(self, model: str, entries: Sequence[dict[str, Any]]) -> None:
        for entry in entries:
            attachment = entry.get("attachment") or {}
            if entry.get("type") == "attachment" and attachment.get("type") in _LEARNT:
                kept: dict[str, Any] = {
                    name: entry[name] for name in ("attachment", "rendered", "renderedRole") if name in entry
                }
                self._seen.setdefault(model, {})[attachment["type"]] = kept

    def attachments(self, model: str, today: str) -> list[dict[str, Any]]:
        seen_here = {"environment": {"attachment": self._environment}, **self._seen.get(model, {})}
        known = [seen_here[name] for name in _LEARNT if name in seen_here]
        return [*known, {"attachment": {"type": "date", "date": today}}]


def _message(turn: messages.InputMessage, index: int, *, model: str) -> dict[str, Any]:
    content = [_renamed(block) for block in blocks(turn.content)]
    if turn.role != "assistant":
        return {"role": turn.role, "content": content}
    calls = any(block["type"] == "tool_use" for block in content)
    return {
        "id": f"msg_{index}",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": content,
        "stop_reason": "tool_use" if calls else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 0, "output_tokens": 0},
    }


def _renamed(block: dict[str, Any]) -> dict[str, Any]:
    return {**block, "name": visible_name(block["name"])} if block["type"] == "tool_use" else block
