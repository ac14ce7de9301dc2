"""The limits of single fields."""

import pytest

from claude_code_proxy.simulator.models import MODELS
from tests.simulator.requests import NEW, OLD, WEATHER, Json, accept, get_refusal, make_request, refusal_message

SCHEMA = {"type": "object", "properties": {}, "additionalProperties": False}


def test_an_unknown_or_retired_model_is_not_found() -> None:
    for name in ("claude-3-opus-20240229", "gpt-4o", "claude-mythos-preview"):
        refusal = get_refusal(make_request(model=name))
        assert (refusal.status, refusal.kind, refusal.message) == (404, "not_found_error", f"model: {name}")


@pytest.mark.parametrize("model", [name for one in MODELS for name in (one.id, *one.aliases)])
def test_every_model_answers_to_its_names(model: str) -> None:
    accept(make_request(model=model))


def test_no_message_is_one_too_few() -> None:
    assert refusal_message({**make_request(), "messages": []}) == "messages: at least one message is required"


def test_max_tokens_over_the_models_own() -> None:
    assert refusal_message(make_request(model=OLD, max_tokens=64001)) == (
        "max_tokens: 64001 > 64000, which is the maximum allowed number of output tokens for claude-sonnet-4-5-20250929"
    )
    accept(make_request(model=OLD, max_tokens=64000))


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"stream": True}, "stream"),
        ({"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}}, "output_config.format"),
        ({"tools": [WEATHER], "tool_choice": {"type": "any"}}, "a forced tool_choice"),
    ],
)
def test_no_tokens_only_warm_the_cache(fields: Json, what: str) -> None:
    accept(make_request(max_tokens=0))
    assert refusal_message(make_request(max_tokens=0, **fields)) == f"max_tokens: 0 is not allowed with {what}"


@pytest.mark.parametrize("sequences", [[""], ["\n"], [" \t"], ["END", "  "]])
def test_stop_sequences_need_more_than_whitespace(sequences: list[str]) -> None:
    words = "stop_sequences: each stop sequence must contain non-whitespace"
    assert refusal_message(make_request(stop_sequences=sequences)) == words


def test_a_stop_sequence_may_hold_whitespace() -> None:
    accept(make_request(stop_sequences=["\nObservation:", "END"]))


@pytest.mark.parametrize("user_id", ["u-1", "0123456789", "5f8d" * 16, "user_2x4"])
def test_opaque_user_ids(user_id: str) -> None:
    accept(make_request(metadata={"user_id": user_id}))


def test_user_ids_that_are_persons() -> None:
    assert refusal_message(make_request(metadata={"user_id": "jo@example.com"})) == (
        "metadata.user_id: user_id appears to contain an email address"
    )
    assert refusal_message(make_request(metadata={"user_id": "+1 555 010 9999"})) == (
        "metadata.user_id: user_id appears to contain a phone number"
    )
    assert refusal_message(make_request(metadata={"user_id": "u" * 257})) == (
        "metadata.user_id: String should have at most 256 characters"
    )


def test_a_container_needs_a_tool_that_runs_code() -> None:
    tool = {"type": "code_execution_20260120", "name": "code_execution"}
    accept(make_request(container="container_1", tools=[tool]))
    assert refusal_message(make_request(container="container_1")) == (
        "container: container can only be provided when a code execution tool is enabled"
    )


def test_speed_and_place_by_model() -> None:
    accept(make_request(model=NEW, speed="fast", inference_geo="us"))
    accept(make_request(model="claude-opus-4-6", speed="fast"))
    assert refusal_message(make_request(model="claude-opus-4-7", speed="fast")) == (
        "speed: 'fast' is not supported for this model."
    )
    assert refusal_message(make_request(model=OLD, inference_geo="us")) == (
        "inference_geo: inference_geo is not supported for this model."
    )


@pytest.mark.parametrize(("model", "compacts"), [("claude-opus-4-6", True), ("claude-opus-4-5", False)])
def test_old_models_do_not_compact(model: str, compacts: bool) -> None:
    body = make_request(model=model, context_management={"edits": [{"type": "compact_20260112"}]})
    if compacts:
        accept(body, "compact-2026-01-12")
    else:
        assert "compact_20260112" in refusal_message(body, "compact-2026-01-12")
