"""The whole way down: what clients send, translated and adapted, is what the strict simulated service takes."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_code_proxy import messages
from claude_code_proxy.adaptation.adapt import AdaptOptions, adapt
from claude_code_proxy.endpoints.chat_completions import CHAT_COMPLETIONS
from claude_code_proxy.models.catalogue import BUILT_IN
from claude_code_proxy.simulator.parsed_request import Caller
from claude_code_proxy.simulator.validation import validate
from tests.endpoints import recordings
from tests.endpoints.typed_requests import chat_requests

# Each of another kind: no forced tools; sampling; budgets and prefill; `between_tools`; late system messages.
MODELS = ["claude-opus-5-5", "claude-sonnet-4-6", "claude-haiku-4-5", "claude-sonnet-5-5", "claude-opus-5"]
AUDIO = {"envoy-chat-audio-to-text", "pydanticai-openai-audio-url-input-s1"}
REQUESTS = {name: each["request"] for name, each in recordings.chat_requests().items() if name not in AUDIO}


def is_taken(request: dict[str, Any], model: str) -> None:
    """Translate, adapt and validate one request; raise the refusal of the simulated service."""
    decoded = CHAT_COMPLETIONS.decode(json.dumps(request | {"model": model}).encode(), "claude-default")
    adapted = adapt(decoded.request, BUILT_IN.find(model), options=AdaptOptions())
    validate(json.loads(messages.encode_request(adapted.request)), Caller(betas=frozenset(adapted.betas)))


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", REQUESTS)
def test_a_recorded_request_is_taken(name: str, model: str) -> None:
    is_taken(REQUESTS[name], model)


@given(chat_requests(), st.sampled_from(MODELS))
def test_a_valid_request_is_taken(request: dict[str, Any], model: str) -> None:
    is_taken(request, model)
