"""Golden cases in four stages: client request -> Messages request, upstream reply -> client reply, whole and streamed.

They stand in `tests/fixtures/chat_completions`. The Messages request is as translated, before it is adapted to a model.
`upstream_stream` is there where the pieces matter; else the reply is spelt out with one delta for each block. A chunk
of `client_stream` is its delta, its finish reason or its usage: what is the same in all chunks is left out.
"""

import json
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from claude_code_proxy import messages
from claude_code_proxy.endpoints.chat_completions import CHAT_COMPLETIONS
from claude_code_proxy.endpoints.endpoint import DecodedRequest
from claude_code_proxy.endpoints.openai.errors import to_openai_error
from claude_code_proxy.errors import InvalidRequest
from claude_code_proxy.server.exchange.error_location import client_field
from tests.endpoints import replies
from tests.endpoints.replies import CONTEXT, accumulated, streamed
from tests.endpoints.strict_reader import read_error, read_stream, read_whole
from tests.rejections import rejected

Case: TypeAlias = dict[str, Any]
FOLDER = Path(__file__).parents[2] / "fixtures" / "chat_completions"
CASES: dict[str, Case] = {path.stem: json.loads(path.read_bytes()) for path in sorted(FOLDER.glob("*.json"))}
STAGES = {
    "about",
    "client_request",
    "messages_request",
    "adjustments",
    "upstream_reply",
    "upstream_stream",
    "client_reply",
    "client_stream",
    "upstream_error",
    "client_error",
}
TRANSLATED = [name for name, case in CASES.items() if "messages_request" in case]
ANSWERED = [name for name, case in CASES.items() if "client_reply" in case]
REFUSED = [name for name, case in CASES.items() if "client_error" in case and "client_request" in case]
FAILED = [name for name, case in CASES.items() if "upstream_error" in case]


def asked(name: str) -> DecodedRequest:
    return CHAT_COMPLETIONS.decode(json.dumps(CASES[name]["client_request"]).encode(), "claude-default")


def reply(name: str) -> messages.Message:
    if "upstream_reply" not in CASES[name]:
        return accumulated(events(name))
    body = json.dumps(CASES[name]["upstream_reply"], ensure_ascii=False, separators=(",", ":"))
    return messages.decode_message(body.encode())


def events(name: str) -> list[messages.Event]:
    stream = CASES[name].get("upstream_stream")
    if stream is None:
        return list(messages.as_events(reply(name)))
    return [messages.decode_event(json.dumps(event).encode()) for event in stream]


def test_every_case_is_told_and_used() -> None:
    for name, case in CASES.items():
        assert case["about"], name
        assert case.keys() <= STAGES, name
    assert CASES.keys() == {*TRANSLATED, *REFUSED, *FAILED}


@pytest.mark.parametrize("name", TRANSLATED)
def test_down(name: str) -> None:
    asking = asked(name)
    assert json.loads(messages.encode_request(asking.request)) == CASES[name]["messages_request"]
    notes = [f"{note.path}={note.action} ({note.reason})" for note in asking.adjustments]
    assert notes == CASES[name].get("adjustments", [])


@pytest.mark.parametrize("name", ANSWERED)
def test_up_whole(name: str) -> None:
    body = asked(name).reply((reply(name),), CONTEXT)
    assert json.loads(body) == CASES[name]["client_reply"]
    read_whole(body)


@pytest.mark.parametrize("name", ANSWERED)
def test_up_streamed(name: str) -> None:
    frames = streamed(asked(name), events(name))
    chunks = [json.loads(frame.removeprefix("data: ")) for frame in frames.decode().split("\n\n")[:-2]]
    assert [told_by(chunk) for chunk in chunks] == CASES[name]["client_stream"]


@pytest.mark.parametrize("name", ANSWERED)
def test_whole_and_streamed_say_the_same(name: str) -> None:
    options = CASES[name]["client_request"].get("stream_options") or {}
    include_usage = bool(options.get("include_usage"))
    whole = read_whole(asked(name).reply((reply(name),), CONTEXT))
    chunks = read_stream(streamed(asked(name), events(name)), include_usage=include_usage)
    assert chunks.choices == whole.choices
    assert chunks.usage == (whole.usage if include_usage else None)
    assert chunks.service_tier == whole.service_tier


@pytest.mark.parametrize("name", [name for name in ANSWERED if "upstream_stream" in CASES[name]])
def test_the_stream_of_the_case_is_its_reply(name: str) -> None:
    assert read_whole(asked(name).reply((accumulated(events(name)),), CONTEXT)) == read_whole(
        asked(name).reply((reply(name),), CONTEXT)
    )


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        asked(name)
    expected = CASES[name]["client_error"]
    assert caught.value.status == expected["status"]
    assert read_error(CHAT_COMPLETIONS.envelope.render_error(caught.value, "id").body) == expected["error"]


@pytest.mark.parametrize("name", FAILED)
def test_failed_upstream(name: str) -> None:
    reported, expected = CASES[name]["upstream_error"], CASES[name]["client_error"]
    code = reported["error"].get("details", {}).get("error_code")
    error = rejected(reported["error"]["message"], reported["status"], reported["error"]["type"], error_code=code)
    nothing = messages.MessagesRequest("m", ())
    param = client_field(error, nothing, sent=nothing, field_name=replies.decode_chat().field_name)
    rendered = to_openai_error(error, param)
    assert (rendered.status, rendered.should_retry) == (expected["status"], expected["should_retry"])
    assert read_error(CHAT_COMPLETIONS.envelope.render_error(error, "id", param=param).body) == expected["error"]


def told_by(chunk: Case) -> Case:
    assert not chunk.keys() - {"id", "object", "created", "model", "service_tier", "choices", "usage"}
    if not chunk["choices"]:
        return {"usage": chunk["usage"]}
    (choice,) = chunk["choices"]
    if choice["finish_reason"] is None:
        reported: Case = choice["delta"]
        return reported
    assert choice["delta"] == {}
    return {"finish_reason": choice["finish_reason"]}
