"""Requests and replies of the Responses endpoint, as the exchange puts them together."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from claude_code_proxy import messages
from claude_code_proxy.endpoints.endpoint import ReplyContext
from claude_code_proxy.endpoints.responses.endpoint import DecodedResponsesRequest, responses_endpoint
from claude_code_proxy.state.sealing import Sealer

SEALER = Sealer([b"a made-up key"])
ENDPOINT = responses_endpoint(SEALER)
CONTEXT = ReplyContext("resp_123", 1_800_000_000, "claude-sonnet-4-6", lambda _: 0.25, lambda: 1_800_000_009)
ENCRYPTED = ["reasoning.encrypted_content"]


def decode(**fields: Any) -> DecodedResponsesRequest:
    body = json.dumps({"input": "Hello."} | fields).encode()
    assert ENDPOINT.begin is not None
    decoded = ENDPOINT.begin(body, "claude-default").resume({})
    assert isinstance(decoded, DecodedResponsesRequest)
    return decoded


def translated(**fields: Any) -> Any:
    """Return the Messages request as plain JSON."""
    return json.loads(messages.encode_request(decode(**fields).request))


def turns(*items: object, **fields: Any) -> list[tuple[str, list[Any]]]:
    """Return role and content of each message that items make."""
    made = translated(input=list(items), **fields)["messages"]
    return [(message["role"], message["content"]) for message in made]


def events(frames: bytes) -> list[dict[str, Any]]:
    """Return the events of a stream. Their names are those in the data, and their numbers count from 0."""
    found = []
    for frame in frames.decode().split("\n\n")[:-1]:
        name, data = frame.split("\n")
        event = json.loads(data.removeprefix("data: "))
        assert name == f"event: {event['type']}"
        found.append(event)
    assert [event["sequence_number"] for event in found] == list(range(len(found)))
    return found


def frames_of(request: DecodedResponsesRequest, made: Iterable[messages.Event]) -> bytes:
    (translator,) = request.translators(CONTEXT)
    return b"".join([translator.feed(event) for event in made]) + translator.close()


def streamed(request: DecodedResponsesRequest, made: Iterable[messages.Event]) -> list[dict[str, Any]]:
    return events(frames_of(request, made))


def whole(request: DecodedResponsesRequest, message: messages.Message) -> dict[str, Any]:
    reply: dict[str, Any] = json.loads(request.reply((message,), CONTEXT))
    return reply


def message(*content: messages.Block, stop_reason: str = "end_turn", **fields: Any) -> messages.Message:
    usage = fields.pop("usage", messages.Usage(input_tokens=10, output_tokens=5))
    return messages.Message("msg_1", "claude-x", content, stop_reason=stop_reason, usage=usage, **fields)


def kinds(made: Sequence[dict[str, Any]]) -> list[str]:
    """Return the types of events without their common beginning."""
    return [event["type"].removeprefix("response.") for event in made]


def adjusted(request: DecodedResponsesRequest) -> dict[str, str]:
    return {adjustment.path: str(adjustment.action) for adjustment in request.adjustments}
