"""The recorded exchanges as the tests use them: who asked, and the same request as a living model would get it."""

import copy
from collections.abc import Iterator

from claude_code_proxy.simulator import betas, models, signature
from claude_code_proxy.simulator.parsed_request import Caller, ParsedRequest, merge
from tests.recordings import load
from tests.simulator.requests import Json

# Models that have been retired since, and the living one whose rules are nearest.
RETIRED = {
    "claude-2.1": "claude-haiku-4-5",
    "claude-3-5-haiku-20241022": "claude-haiku-4-5",
    "claude-3-5-sonnet-20240620": "claude-sonnet-4-5",
    "claude-3-5-sonnet-latest": "claude-sonnet-4-5",
    "claude-3-haiku-20240307": "claude-haiku-4-5",
    "claude-3-opus-20240229": "claude-opus-4-5",
    "claude-sonnet-4-0": "claude-sonnet-4-5",
    "claude-sonnet-4-20250514": "claude-sonnet-4-5",
}


def recordings() -> list[tuple[str, Json]]:
    """Every recorded exchange of the Messages API that holds its request."""
    paths = {"POST /v1/messages", "POST /v1/messages/count_tokens"}
    found = load("anthropic").items()
    return [(name, one) for name, one in found if one["request"] and one["endpoint"].split("?")[0] in paths]


def caller_of(recording: Json) -> Caller:
    """Who asked. Where `?beta=true` says that there were betas but not which, all are taken as given."""
    names = recording.get("anthropic_beta")
    if names:
        features = frozenset(value.strip() for value in names.split(","))
    else:
        features = betas.KNOWN if "beta=true" in recording["endpoint"] else frozenset[str]()
    return Caller(betas=features, counting="count_tokens" in recording["endpoint"])


def modernize(request: Json) -> Json:
    """Return the request for a current model, with thinking and search results sealed by the simulator."""
    request = copy.deepcopy(request)
    request["model"] = RETIRED.get(request["model"], request["model"])
    for block, prefix in thinking_of(request):
        sealed = signature.seal(prefix, b"simulated")
        block["signature" if block["type"] == "thinking" else "data"] = sealed
    for found in results_of(request):
        found["encrypted_content"] = signature.seal_text(found["title"], b"simulated")
    return request


def results_of(request: Json) -> Iterator[Json]:
    blocks = (one for message in request["messages"] if isinstance(message, dict) for one in message["content"])
    for block in blocks:
        if isinstance(block, dict) and block["type"] == "web_search_tool_result":
            yield from block["content"]


def thinking_of(request: Json) -> Iterator[tuple[Json, signature.SignedThinking]]:
    model = models.find(request["model"])
    if model is None or not all(isinstance(message, dict) for message in request["messages"]):
        return
    parsed = ParsedRequest(request, model, caller_of({"endpoint": ""}))
    for turn in merge(request["messages"]):
        for _, block in turn.of_type(*signature.THINKING):
            text = signature.fingerprint(block.get("thinking", ""))
            yield block, signature.SignedThinking(parsed.model.id, "rsp_1", text, "", "")
