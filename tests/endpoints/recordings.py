"""Recorded traffic by what it is: exchanges with the Messages API that went well or did not, and what clients send."""

import json

from claude_code_proxy import messages
from tests.endpoints.replies import accumulated, decoded
from tests.recordings import Recording, load


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


def responses_requests() -> dict[str, Recording]:
    """Return requests to `/v1/responses` of real clients, also those that were recorded with their reply."""
    requests = {**load("client_requests"), **load("openai")}.items()
    return {name: each for name, each in requests if _is_responses(each) and each["request"]}


def responses_replies() -> dict[str, Recording]:
    """Return exchanges with `/v1/responses` that went well, and what clients are made to read, in the same form."""
    exchanges = {name: each for name, each in load("openai").items() if _is_responses(each)}
    fixtures = {
        name: {**each, "response": {"status": 200, **each["response_fixture"]}}
        for name, each in load("client_requests").items()
        if _is_responses(each) and "response_fixture" in each
    }
    return {name: each for name, each in (exchanges | fixtures).items() if each["response"]["status"] == 200}


def events_of(recording: Recording) -> list[messages.Event]:
    """Return the events of a stream of the Messages API."""
    return decoded([recording["response"]["sse"].encode()])


def message_of(recording: Recording) -> messages.Message:
    """Return the reply of the Messages API, also of a stream."""
    if recording["response"].get("sse"):
        return accumulated(events_of(recording))
    return messages.decode_message(json.dumps(recording["response"]["body"]).encode())


def _is_responses(recording: Recording) -> bool:
    endpoint: str = recording["endpoint"]
    return endpoint.endswith("/v1/responses")


def _of_messages() -> dict[str, Recording]:
    path = "POST /v1/messages"
    exchanges = load("anthropic").items()
    return {name: each for name, each in exchanges if each["endpoint"].removesuffix("?beta=true") == path}


def _broken(recording: Recording) -> bool:
    return "event: error" in (recording["response"].get("sse") or "")
