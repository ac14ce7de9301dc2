"""The Message around an answer: usage that adds up, and what betas add."""

from typing import Any

from claude_code_proxy.simulator import tokens
from claude_code_proxy.simulator.answers import envelope
from claude_code_proxy.simulator.answers.prompt_cache import Cached
from tests.simulator.asking import NEW, OLD, SEARCH, Json, accepted, answered, asking


def message(body: Json, *beta: str, cached: Cached | None = None) -> dict[str, Any]:
    return envelope.message(accepted(body, *beta), answered(body, *beta), cached=cached or Cached(), message_id="msg_1")


def test_input_is_what_the_cache_left() -> None:
    body = asking("Hello " * 100)
    whole = tokens.of_prompt(accepted(body))
    usage = message(body, cached=Cached(read=50, short=20, long=10))["usage"]
    assert usage["input_tokens"] == whole - 80
    assert (usage["cache_read_input_tokens"], usage["cache_creation_input_tokens"]) == (50, 30)
    assert usage["cache_creation"] == {"ephemeral_5m_input_tokens": 20, "ephemeral_1h_input_tokens": 10}


def test_thinking_and_searches_are_counted_where_there_are_any() -> None:
    plain = message(asking("Hello"))["usage"]
    assert not {"output_tokens_details", "server_tool_use"} & set(plain)
    thought = message(asking("Hello", model=NEW))["usage"]
    assert 0 < thought["output_tokens_details"]["thinking_tokens"] < thought["output_tokens"]
    searched = message(asking("search the web", tools=[SEARCH]))["usage"]
    assert searched["server_tool_use"] == {"web_search_requests": 1, "web_fetch_requests": 0}


def test_where_and_how_fast() -> None:
    assert message(asking(model=OLD))["usage"]["inference_geo"] == "not_available"
    assert message(asking(model=NEW))["usage"]["inference_geo"] == "global"
    assert (
        message(asking(model=NEW, inference_geo="us", speed="fast"))["usage"]
        | {
            "inference_geo": "us",
            "speed": "fast",
        }
        == message(asking(model=NEW, inference_geo="us", speed="fast"))["usage"]
    )
    assert message(asking(model="claude-opus-4-6", speed="fast"))["usage"]["speed"] == "standard"


def test_what_betas_add() -> None:
    assert "input_transformations" not in message(asking())
    assert message(asking(), "thinking-binding-controls-2026-08-01")["input_transformations"] == []
    edits = asking(context_management={"edits": []})
    assert message(edits, "context-management-2025-06-27")["context_management"] == {"applied_edits": []}
