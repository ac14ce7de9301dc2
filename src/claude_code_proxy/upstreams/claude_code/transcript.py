"""A past conversation -> the rows of a transcript that Claude Code resumes. Pure: time and ids are given.

The form of the rows is Claude Code's own affair and may change with any version; so the version is pinned, and the real
one reads them in the tests.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid5

from claude_code_proxy import messages
from claude_code_proxy.upstreams.claude_code.conversation import blocks
from claude_code_proxy.upstreams.claude_code.launch import seen


def rows(
    past: Sequence[messages.InputMessage], *, session: UUID, model: str, timestamp: str, cwd: str, version: str
) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    parent = None
    for index, turn in enumerate(past):
        identity = str(uuid5(session, str(index)))
        made.append({
            "parentUuid": parent,
            "isSidechain": False,
            "userType": "external",
            "cwd": cwd,
            "sessionId": str(session),
            "version": version,
            "type": turn.role,
            "message": _message(turn, index, model=model),
            "uuid": identity,
            "timestamp": timestamp,
        })
        parent = identity
    return made


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
    return {**block, "name": seen(block["name"])} if block["type"] == "tool_use" else block
