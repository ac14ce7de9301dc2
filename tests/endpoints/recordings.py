"""Real traffic beside the project: exchanges with the Messages API, and what clients send. Absent, it is skipped."""

import json
from pathlib import Path
from typing import Any, TypeAlias

import pytest

Recording: TypeAlias = dict[str, Any]
RECORDINGS = Path(__file__).parents[3] / "shared" / "recordings"
needed = pytest.mark.skipif(not RECORDINGS.is_dir(), reason=f"there are no recordings in {RECORDINGS}")


def load(folder: str) -> dict[str, Recording]:
    return {path.stem: json.loads(path.read_bytes()) for path in sorted((RECORDINGS / folder).glob("*.json"))}


def messages_replies() -> dict[str, Recording]:
    """Exchanges with `/v1/messages` that ended well."""
    return {
        name: each for name, each in _of_messages().items() if each["response"]["status"] == 200 and not _broken(each)
    }


def messages_errors() -> dict[str, Recording]:
    return {name: each for name, each in _of_messages().items() if each["response"]["status"] != 200}


def broken_streams() -> dict[str, Recording]:
    return {name: each for name, each in _of_messages().items() if _broken(each)}


def chat_requests() -> dict[str, Recording]:
    requests = load("client_requests").items()
    return {name: each for name, each in requests if each["endpoint"].endswith("/v1/chat/completions")}


def _of_messages() -> dict[str, Recording]:
    path = "POST /v1/messages"
    exchanges = load("anthropic").items()
    return {name: each for name, each in exchanges if each["endpoint"].removesuffix("?beta=true") == path}


def _broken(recording: Recording) -> bool:
    return "event: error" in (recording["response"].get("sse") or "")
