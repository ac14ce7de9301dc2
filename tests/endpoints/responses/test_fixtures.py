"""Golden cases in four stages: client request -> Messages request, upstream reply -> client reply, whole and streamed.

They stand in `tests/fixtures/responses`. The Messages request is as translated, before it is adapted to a model. Of the
stream a case has the types of its events; that they say what the whole reply says is checked by the strict reader.
"""

import json
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from claude_code_proxy import messages
from tests.endpoints.responses.responses_replies import CONTEXT, decode, events, frames_of, kinds
from tests.endpoints.strict_responses import read_response_stream, read_whole_response

Case: TypeAlias = dict[str, Any]
FOLDER = Path(__file__).parents[2] / "fixtures" / "responses"
CASES: dict[str, Case] = {path.stem: json.loads(path.read_bytes()) for path in sorted(FOLDER.glob("*.json"))}


def reply(name: str) -> messages.Message:
    body = json.dumps(CASES[name]["upstream_reply"], ensure_ascii=False, separators=(",", ":"))
    return messages.decode_message(body.encode())


def test_there_are_cases() -> None:
    assert len(CASES) >= 12


@pytest.mark.parametrize("name", CASES)
def test_down(name: str) -> None:
    decoded = decode(**CASES[name]["client_request"])
    assert json.loads(messages.encode_request(decoded.request)) == CASES[name]["messages_request"]
    notes = [f"{note.path}={note.action} ({note.reason})" for note in decoded.adjustments]
    assert notes == CASES[name]["adjustments"]


@pytest.mark.parametrize("name", CASES)
def test_up(name: str) -> None:
    decoded = decode(**CASES[name]["client_request"])
    whole = read_whole_response(decoded.reply((reply(name),), CONTEXT))
    frames = frames_of(decoded, messages.as_events(reply(name)))
    assert read_response_stream(frames) == whole
    assert {key: whole[key] for key in CASES[name]["client_reply"]} == CASES[name]["client_reply"]
    assert kinds(events(frames)) == CASES[name]["client_stream"]
