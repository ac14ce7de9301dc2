"""Field by field: the words of the validator, and where it says a fault is."""

from typing import Any

import pytest

from tests.simulator.asking import PLAIN, WEATHER, accepted, asking, call, image, text, user, words_of_refusal

BLOCK_TAGS = (
    "'text', 'image', 'document', 'search_result', 'thinking', 'redacted_thinking', 'tool_use', 'tool_result', "
    "'server_tool_use', 'web_search_tool_result', 'web_fetch_tool_result', 'code_execution_tool_result', "
    "'bash_code_execution_tool_result', 'text_editor_code_execution_tool_result', 'tool_search_tool_result', "
    "'container_upload'"
)


def block(**fields: Any) -> dict[str, Any]:
    return asking(user(fields))


def without(name: str) -> dict[str, Any]:
    return {field: value for field, value in asking().items() if field != name}


CASES = [
    (without("model"), "model: Field required"),
    (without("messages"), "messages: Field required"),
    (without("max_tokens"), "max_tokens: Field required"),
    ([], "Input should be an object"),
    (asking(foo=1), "foo: Extra inputs are not permitted"),
    (asking(n=1), "n: Extra inputs are not permitted"),
    (asking(max_tokens="9"), "max_tokens: Input should be a valid integer"),
    (asking(max_tokens=-1), "max_tokens: Input should be greater than or equal to 0"),
    (asking(stream="yes"), "stream: Input should be a valid boolean"),
    (asking(system=None), "system: Input should be a valid list"),
    (
        asking(system=[{"type": "image"}]),
        "system.0: Input tag 'image' found using 'type' does not match any of the expected tags: 'text'",
    ),
    (asking(tools=None), "tools: Input should be a valid list"),
    (asking(stop_sequences="a"), "stop_sequences: Input should be a valid list"),
    (asking(temperature=None), "temperature: Input should be a valid number"),
    (asking(temperature=1.5), "temperature: range: 0..1"),
    (asking(top_p=-1), "top_p: range: 0..1"),
    (asking(metadata={"user_id": "u", "trace": 1}), "metadata.trace: Extra inputs are not permitted"),
    (asking(service_tier="flex"), "service_tier: Input should be 'auto' or 'standard_only'"),
    (asking(speed="slow"), "speed: Input should be 'standard' or 'fast'"),
    (
        asking(thinking={"type": "on"}),
        (
            "thinking: Input tag 'on' found using 'type' does not match any of the expected tags: 'enabled', "
            "'adaptive', 'between_tools', 'disabled'"
        ),
    ),
    (asking(thinking={"type": "enabled"}), "thinking.enabled.budget_tokens: Field required"),
    (
        asking(thinking={"type": "enabled", "budget_tokens": 1000}),
        "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024",
    ),
    (
        asking(thinking={"type": "disabled", "display": "omitted"}),
        "thinking.disabled.display: Extra inputs are not permitted",
    ),
    (
        asking(thinking={"type": "adaptive", "block_binding": {}}),
        "thinking.adaptive.block_binding: Extra inputs are not permitted",
    ),
    (
        asking(output_config={"effort": "minimal"}),
        "output_config.effort: Input should be 'low', 'medium', 'high', 'xhigh' or 'max'",
    ),
    (
        asking(output_config={"format": {"type": "json_object"}}),
        (
            "output_config.format: Input tag 'json_object' found using 'type' does not match any of the expected "
            "tags: 'json_schema'"
        ),
    ),
    (asking(context_management={"edits": []}), "context_management: Extra inputs are not permitted"),
    (asking({"role": "user"}), "messages.0.content: Field required"),
    (asking({"content": "a"}), "messages.0.role: Field required"),
    (asking({"role": "user", "content": "a", "name": "bob"}), "messages.0.name: Extra inputs are not permitted"),
    (asking({"role": "user", "content": None}), "messages.0.content: Input should be a valid list"),
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
        asking(user(image(media_type="image/jpg"))),
        (
            "messages.0.content.0.image.source.base64.media_type: Input should be 'image/jpeg', 'image/png', "
            "'image/gif' or 'image/webp'"
        ),
    ),
    (
        asking("a", {"role": "assistant", "content": [{**call(), "input": "{}"}]}),
        "messages.1.content.0.tool_use.input: Input should be a valid dictionary",
    ),
    (
        asking("a", {"role": "assistant", "content": [call("functions.x:0")]}),
        "messages.1.content.0.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'",
    ),
    (
        asking("a", {"role": "assistant", "content": [{"type": "thinking", "thinking": "hm"}]}),
        "messages.1.content.0.thinking.signature: Field required",
    ),
    (
        asking("a", {"role": "assistant", "content": [{"type": "thinking", "thinking": "hm", "signature": None}]}),
        "messages.1.content.0.thinking.signature: Input should be a valid string",
    ),
    (
        asking(
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
        asking(user({"type": "tool_result", "content": "a"})),
        "messages.0.content.0.tool_result.tool_use_id: Field required",
    ),
    (
        asking(user({"type": "tool_result", "tool_use_id": "t", "content": [{"type": "video"}]})),
        (
            "messages.0.content.0.tool_result.content.0: Input tag 'video' found using 'type' does not match any of "
            "the expected tags: 'text', 'image', 'document', 'search_result', 'tool_reference'"
        ),
    ),
    (asking(tools=[{**WEATHER, "function": {}}]), "tools.0.custom.function: Extra inputs are not permitted"),
    (asking(tools=[{"name": "a"}]), "tools.0.custom.input_schema: Field required"),
    (asking(tools=[{"input_schema": {}}]), "tools.0.custom.name: Field required"),
    (asking(tools=[WEATHER], tool_choice="auto"), "tool_choice: Input should be an object"),
    (asking(tools=[WEATHER], tool_choice={"type": "tool"}), "tool_choice.tool.name: Field required"),
    (
        asking(tools=[WEATHER], tool_choice={"type": "required"}),
        (
            "tool_choice: Input tag 'required' found using 'type' does not match any of the expected tags: 'auto', "
            "'any', 'tool', 'none'"
        ),
    ),
    (
        asking(tools=[WEATHER], tool_choice={"type": "none", "disable_parallel_tool_use": True}),
        "tool_choice.none.disable_parallel_tool_use: Extra inputs are not permitted",
    ),
    (
        asking(user(text("a", cache_control={"type": "ephemeral", "ttl": "1d"}))),
        "messages.0.content.0.text.cache_control.ephemeral.ttl: Input should be '5m' or '1h'",
    ),
]


@pytest.mark.parametrize(("body", "words"), CASES, ids=lambda case: str(case)[:70])
def test_words(body: Any, words: str) -> None:
    assert words_of_refusal(body) == words


def test_the_first_fault_in_the_order_of_the_fields_counts() -> None:
    assert words_of_refusal({"foo": 1, "max_tokens": "a"}) == "model: Field required"


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
    accepted(asking(**fields))


def test_a_field_behind_a_beta_is_known_once_the_beta_is_sent() -> None:
    body = asking(context_management={"edits": [{"type": "clear_tool_uses_20250919"}]})
    accepted(body, "context-management-2025-06-27")


def test_the_newer_version_has_no_sampling_at_all() -> None:
    assert (
        words_of_refusal(asking(temperature=1), version="2026-10-21") == "temperature: Extra inputs are not permitted"
    )


def test_counting_takes_only_what_makes_up_a_prompt() -> None:
    body = {"model": PLAIN, "messages": [user("a")]}
    accepted(body, counting=True)
    assert words_of_refusal({**body, "max_tokens": 5}, counting=True) == "max_tokens: Extra inputs are not permitted"
    assert words_of_refusal({**body, "stream": True}, counting=True) == "stream: Extra inputs are not permitted"
