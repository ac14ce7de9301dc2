"""The Message around an answer: usage that adds up, and what betas add."""

from typing import Any

from claude_code_proxy.simulator import tokens
from claude_code_proxy.simulator.answers import envelope
from claude_code_proxy.simulator.answers.prompt_cache import CacheUsage
from tests.simulator.requests import NEW, OLD, SEARCH, Json, accept, answer_to, make_request


def message(body: Json, *beta: str, cached: CacheUsage | None = None) -> dict[str, Any]:
    return envelope.message(
        accept(body, *beta), answer_to(body, *beta), cached=cached or CacheUsage(), message_id="msg_1"
    )


def test_input_is_what_the_cache_left() -> None:
    body = make_request("Hello " * 100)
    whole = tokens.count_prompt(accept(body))
    usage = message(body, cached=CacheUsage(read=50, short=20, long=10))["usage"]
    assert usage["input_tokens"] == whole - 80
    assert (usage["cache_read_input_tokens"], usage["cache_creation_input_tokens"]) == (50, 30)
    assert usage["cache_creation"] == {"ephemeral_5m_input_tokens": 20, "ephemeral_1h_input_tokens": 10}


def test_thinking_and_searches_are_counted_where_there_are_any() -> None:
    plain = message(make_request("Hello"))["usage"]
    assert not {"output_tokens_details", "server_tool_use"} & set(plain)
    thinking_tokens = message(make_request("Hello", model=NEW))["usage"]
    assert 0 < thinking_tokens["output_tokens_details"]["thinking_tokens"] < thinking_tokens["output_tokens"]
    searched = message(make_request("search the web", tools=[SEARCH]))["usage"]
    assert searched["server_tool_use"] == {"web_search_requests": 1, "web_fetch_requests": 0}


def test_where_and_how_fast() -> None:
    assert message(make_request(model=OLD))["usage"]["inference_geo"] == "not_available"
    assert message(make_request(model=NEW))["usage"]["inference_geo"] == "global"
    assert (
        message(make_request(model=NEW, inference_geo="us", speed="fast"))["usage"]
        | {
            "inference_geo": "us",
            "speed": "fast",
        }
        == message(make_request(model=NEW, inference_geo="us", speed="fast"))["usage"]
    )
    assert message(make_request(model="claude-opus-4-6", speed="fast"))["usage"]["speed"] == "standard"


def test_what_betas_add() -> None:
    assert "input_transformations" not in message(make_request())
    assert message(make_request(), "thinking-binding-controls-2026-08-01")["input_transformations"] == []
    edits = make_request(context_management={"edits": []})
    assert message(edits, "context-management-2025-06-27")["context_management"] == {"applied_edits": []}
