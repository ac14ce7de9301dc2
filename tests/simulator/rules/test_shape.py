"""Field by field: the words of the validator, and where it says a fault is."""

from typing import Any

import pytest

from tests.simulator.requests import PLAIN, WEATHER, accept, call, image, make_request, refusal_message, text, user

BLOCK_TAGS = (
    "'text', 'image', 'document', 'search_result', 'thinking', 'redacted_thinking', 'tool_use', 'tool_result', "
    "'server_tool_use', 'web_search_tool_result', 'web_fetch_tool_result', 'code_execution_tool_result', "
    "'bash_code_execution_tool_result', 'text_editor_code_execution_tool_result', 'tool_search_tool_result', "
    "'container_upload'"
)


def block(**fields: Any) -> dict[str, Any]:
    return make_request(user(fields))


def without(name: str) -> dict[str, Any]:
    return {field: value for field, value in make_request().items() if field != name}


CASES = [
    (without("model"), "model: Field required"),
    (without("messages"), "messages: Field required"),
    (without("max_tokens"), "max_tokens: Field required"),
    ([], "Input should be an object"),
    (make_request(foo=1), "foo: Extra inputs are not permitted"),
    (make_request(n=1), "n: Extra inputs are not permitted"),
    (make_request(max_tokens="9"), "max_tokens: Input should be a valid integer"),
    (make_request(max_tokens=-1), "max_tokens: Input should be greater than or equal to 0"),
    (make_request(stream="yes"), "stream: Input should be a valid boolean"),
    (make_request(system=None), "system: Input should be a valid list"),
    (
        make_request(system=[{"type": "image"}]),
        "system.0: Input tag 'image' found using 'type' does not match any of the expected tags: 'text'",
    ),
    (make_request(tools=None), "tools: Input should be a valid list"),
    (make_request(stop_sequences="a"), "stop_sequences: Input should be a valid list"),
    (make_request(temperature=None), "temperature: Input should be a valid number"),
    (make_request(temperature=1.5), "temperature: range: 0..1"),
    (make_request(top_p=-1), "top_p: range: 0..1"),
    (make_request(metadata={"user_id": "u", "trace": 1}), "metadata.trace: Extra inputs are not permitted"),
    (make_request(service_tier="flex"), "service_tier: Input should be 'auto' or 'standard_only'"),
    (make_request(speed="slow"), "speed: Input should be 'standard' or 'fast'"),
    (
        make_request(thinking={"type": "on"}),
        (
            "thinking: Input tag 'on' found using 'type' does not match any of the expected tags: 'enabled', "
            "'adaptive', 'between_tools', 'disabled'"
        ),
    ),
    (make_request(thinking={"type": "enabled"}), "thinking.enabled.budget_tokens: Field required"),
    (
        make_request(thinking={"type": "enabled", "budget_tokens": 1000}),
        "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024",
    ),
    (
        make_request(thinking={"type": "disabled", "display": "omitted"}),
        "thinking.disabled.display: Extra inputs are not permitted",
    ),
    (
        make_request(thinking={"type": "adaptive", "block_binding": {}}),
        "thinking.adaptive.block_binding: Extra inputs are not permitted",
    ),
    (
        make_request(output_config={"effort": "minimal"}),
        "output_config.effort: Input should be 'low', 'medium', 'high', 'xhigh' or 'max'",
    ),
    (
        make_request(output_config={"format": {"type": "json_object"}}),
        (
            "output_config.format: Input tag 'json_object' found using 'type' does not match any of the expected "
            "tags: 'json_schema'"
        ),
    ),
    (make_request(context_management={"edits": []}), "context_management: Extra inputs are not permitted"),
    (make_request({"role": "user"}), "messages.0.content: Field required"),
    (make_request({"content": "a"}), "messages.0.role: Field required"),
    (make_request({"role": "user", "content": "a", "name": "bob"}), "messages.0.name: Extra inputs are not permitted"),
    (make_request({"role": "user", "content": None}), "messages.0.content: Input should be a valid list"),
    (block(text="a"), "messages.0.content.0.type: Field required"),
    (
        block(type="input_text"),
        (
            "messages.0.content.0: Input tag 'input_text' found using 'type' does not match any of the expected "
            f"tags: {BLOCK_TAGS}"
        ),
    ),
    (block(type="text"), "messages.0.content.0.text.text: Field required"),
    (block(type="text", text=1), "messages.0.content.0.text.text: Input should be a valid string"),
    (block(type="text", text="a", id="x"), "messages.0.content.0.text.id: Extra inputs are not permitted"),
    (
        block(type="compaction", content="a"),
        (
            "messages.0.content.0: Input tag 'compaction' found using 'type' does not match any of the expected "
            f"tags: {BLOCK_TAGS}"
        ),
    ),
    (
        make_request(user(image(media_type="image/jpg"))),
        (
            "messages.0.content.0.image.source.base64.media_type: Input should be 'image/jpeg', 'image/png', "
            "'image/gif' or 'image/webp'"
        ),
    ),
    (
        make_request("a", {"role": "assistant", "content": [{**call(), "input": "{}"}]}),
        "messages.1.content.0.tool_use.input: Input should be a valid dictionary",
    ),
    (
        make_request("a", {"role": "assistant", "content": [call("functions.x:0")]}),
        "messages.1.content.0.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'",
    ),
    (
        make_request("a", {"role": "assistant", "content": [{"type": "thinking", "thinking": "hm"}]}),
        "messages.1.content.0.thinking.signature: Field required",
    ),
    (
        make_request(
            "a", {"role": "assistant", "content": [{"type": "thinking", "thinking": "hm", "signature": None}]}
        ),
        "messages.1.content.0.thinking.signature: Input should be a valid string",
    ),
    (
        make_request(
            "a",
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "hm", "signature": "s", "cache_control": {"type": "ephemeral"}}
                ],
            },
        ),
        "messages.1.content.0.thinking.cache_control: Extra inputs are not permitted",
    ),
    (
        make_request(user({"type": "tool_result", "content": "a"})),
        "messages.0.content.0.tool_result.tool_use_id: Field required",
    ),
    (
        make_request(user({"type": "tool_result", "tool_use_id": "t", "content": [{"type": "video"}]})),
        (
            "messages.0.content.0.tool_result.content.0: Input tag 'video' found using 'type' does not match any of "
            "the expected tags: 'text', 'image', 'document', 'search_result', 'tool_reference'"
        ),
    ),
    (make_request(tools=[{**WEATHER, "function": {}}]), "tools.0.custom.function: Extra inputs are not permitted"),
    (make_request(tools=[{"name": "a"}]), "tools.0.custom.input_schema: Field required"),
    (make_request(tools=[{"input_schema": {}}]), "tools.0.custom.name: Field required"),
    (make_request(tools=[WEATHER], tool_choice="auto"), "tool_choice: Input should be an object"),
    (make_request(tools=[WEATHER], tool_choice={"type": "tool"}), "tool_choice.tool.name: Field required"),
    (
        make_request(tools=[WEATHER], tool_choice={"type": "required"}),
        (
            "tool_choice: Input tag 'required' found using 'type' does not match any of the expected tags: 'auto', "
            "'any', 'tool', 'none'"
        ),
    ),
    (
        make_request(tools=[WEATHER], tool_choice={"type": "none", "disable_parallel_tool_use": True}),
        "tool_choice.none.disable_parallel_tool_use: Extra inputs are not permitted",
    ),
    (
        make_request(user(text("a", cache_control={"type": "ephemeral", "ttl": "1d"}))),
        "messages.0.content.0.text.cache_control.ephemeral.ttl: Input should be '5m' or '1h'",
    ),
]


@pytest.mark.parametrize(("body", "words"), CASES, ids=lambda case: str(case)[:70])
def test_words(body: Any, words: str) -> None:
    assert refusal_message(body) == words


def test_the_first_fault_in_the_order_of_the_fields_counts() -> None:
    assert refusal_message({"foo": 1, "max_tokens": "a"}) == "model: Field required"


@pytest.mark.parametrize(
    "fields",
    [
        {"cache_control": None},
        {"container": None},
        {"inference_geo": None},
        {"output_config": {"effort": None, "format": None}},
        {"metadata": {"user_id": None}},
        {"speed": None},
    ],
    ids=str,
)
def test_what_may_be_null(fields: dict[str, Any]) -> None:
    accept(make_request(**fields))


def test_a_field_behind_a_beta_is_known_once_the_beta_is_sent() -> None:
    body = make_request(context_management={"edits": [{"type": "clear_tool_uses_20250919"}]})
    accept(body, "context-management-2025-06-27")


def test_the_newer_version_has_no_sampling_at_all() -> None:
    assert (
        refusal_message(make_request(temperature=1), version="2026-10-21")
        == "temperature: Extra inputs are not permitted"
    )


def test_counting_takes_only_what_makes_up_a_prompt() -> None:
    body = {"model": PLAIN, "messages": [user("a")]}
    accept(body, counting=True)
    assert refusal_message({**body, "max_tokens": 5}, counting=True) == "max_tokens: Extra inputs are not permitted"
    assert refusal_message({**body, "stream": True}, counting=True) == "stream: Extra inputs are not permitted"
