"""Recorded traffic by what it is: exchanges with the Messages API that went well or did not, and what clients send."""

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


def _of_messages() -> dict[str, Recording]:
    path = "POST /v1/messages"
    exchanges = load("anthropic").items()
    return {name: each for name, each in exchanges if each["endpoint"].removesuffix("?beta=true") == path}


def _broken(recording: Recording) -> bool:
    return "event: error" in (recording["response"].get("sse") or "")
