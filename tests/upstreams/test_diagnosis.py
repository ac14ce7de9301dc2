"""What the service's error texts mean: each known text, and those that only look like one."""

import pytest

from claude_code_proxy.errors import (
    Diagnosis,
    DiagnosisKind,
    EffortLimit,
    EffortWithoutThinking,
    LacksFastMode,
    LacksFeature,
    LearnedLimit,
    OutputLimit,
    SamplingLimit,
    ThinkingLimit,
)
from claude_code_proxy.simulator.parsed_request import Caller
from claude_code_proxy.simulator.refusal import Refusal
from claude_code_proxy.simulator.validation import validate
from claude_code_proxy.upstreams.diagnosis import diagnose


def read(message: str, status: int = 400, kind: str = "invalid_request_error") -> Diagnosis:
    return diagnose(message, status=status, kind=kind)


REFUSALS: dict[str, LearnedLimit] = {
    "`temperature` and `top_p` cannot both be specified for this model. Please use only one.": SamplingLimit("one_of"),
    "`temperature` is deprecated for this model.": SamplingLimit("none"),
    "top_k is not supported for this model": SamplingLimit("none"),
    '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and "output_config.effort" '
    "to control thinking behavior.": ThinkingLimit("enabled", frozenset({"adaptive"})),
    '"thinking.type.disabled" is not supported for this model. Use "thinking.type.between_tools" for the lowest '
    'thinking setting, or "thinking.type.adaptive" and "output_config.effort" to': ThinkingLimit(
        "disabled", frozenset({"between_tools", "adaptive"})
    ),
    '"thinking.type.between_tools" is not supported for this model.': ThinkingLimit("between_tools"),
    "adaptive thinking is not supported on this model": ThinkingLimit("adaptive", frozenset({"enabled", "disabled"})),
    "This model does not support effort level 'xhigh'. Supported levels: high, low, max, medium.": EffortLimit((
        "low",
        "medium",
        "high",
        "max",
    )),
    "This model does not support the effort parameter.": EffortLimit(()),
    "output_config.effort 'max' is not supported when thinking is disabled on this model. Use effort 'high' or below, "
    "or enable thinking.": EffortWithoutThinking("high"),
    'tool_choice: type "tool" and "any" are not supported for this model.': LacksFeature("forced_tool_choice"),
    "tool_choice forces tool use is not compatible with this model": LacksFeature("forced_tool_choice"),
    "Thinking may not be enabled when tool_choice forces tool use.": LacksFeature("forced_with_adaptive"),
    "This model does not support assistant message prefill. The conversation": LacksFeature("prefill"),
    "role 'system' is not supported on this model": LacksFeature("mid_conversation_system"),
    "messages.2: role 'system' is not supported on this model": LacksFeature("mid_conversation_system"),
    "'claude-old' does not support output format.": LacksFeature("structured_outputs"),
    "This model does not support strict tools.": LacksFeature("strict_tools"),
    "inference_geo is not supported for this model": LacksFeature("inference_geo"),
    "tools.3.custom.strict: Extra inputs are not permitted": LacksFeature("strict_tools"),
    "tools.0.strict: Extra inputs are not permitted": LacksFeature("strict_tools"),
    "output_config.format: Extra inputs are not permitted": LacksFeature("structured_outputs"),
    "output_config.effort: Extra inputs are not permitted": EffortLimit(()),
    "speed is not supported for this model": LacksFastMode(),
    "speed: 'fast' is not supported for this model.": LacksFastMode(),
    "\"thinking.type.disabled\" is not supported with effort level 'max' for this model.": EffortWithoutThinking(
        "high"
    ),
    "max_tokens: 128000 > 64000, which is the maximum allowed number of output tokens for claude-x": OutputLimit(
        64_000
    ),
}


@pytest.mark.parametrize("message", REFUSALS)
def test_a_refusal_teaches(message: str) -> None:
    assert read(message).limit == REFUSALS[message]


@pytest.mark.parametrize(
    "message",
    [
        "messages: text content blocks must be non-empty",
        "inference_geo is not supported for this organization type.",
        "stop_sequences: each stop sequence must contain non-whitespace",
        "tools.0.name: 'x This model does not support the effort parameter' is not a name",
        '"thinking.type.sideways" is not supported for this model.',
        "output_config.effort 'max' is not supported when thinking is disabled on this model. Use effort 'tiny'.",
        "",
    ],
)
def test_other_refusals_teach_nothing(message: str) -> None:
    assert read(message).limit is None


TOOL = {"name": "a", "input_schema": {"type": "object"}}


@pytest.mark.parametrize(
    "body",
    [
        {"speed": "fast", "model": "claude-opus-4-7"},
        {"inference_geo": "us", "model": "claude-haiku-4-5"},
        {"temperature": 0.5, "top_p": 0.5, "model": "claude-haiku-4-5"},
        {"temperature": 0.5},
        {"thinking": {"type": "disabled"}, "model": "claude-fable-5"},
        {"thinking": {"type": "disabled"}, "output_config": {"effort": "max"}},
        {"thinking": {"type": "adaptive"}, "model": "claude-haiku-4-5"},
        {"thinking": {"type": "enabled", "budget_tokens": 1024}},
        {"output_config": {"effort": "low"}, "model": "claude-haiku-4-5"},
        {"output_config": {"effort": "xhigh"}, "model": "claude-sonnet-4-6"},
        {"tools": [TOOL], "tool_choice": {"type": "any"}, "model": "claude-fable-5-1"},
        {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]},
        {
            "messages": [{"role": "user", "content": "a"}, {"role": "system", "content": "b"}],
            "model": "claude-haiku-4-5",
        },
        {"max_tokens": 10_000_000},
    ],
    ids=str,
)
def test_what_the_simulation_refuses_of_a_model_is_understood(body: dict[str, object]) -> None:
    asked = {"model": "claude-opus-5", "max_tokens": 2000, "messages": [{"role": "user", "content": "a"}], **body}
    with pytest.raises(Refusal) as caught:
        validate(asked, Caller())
    assert read(caught.value.message).limit is not None


OVERFLOWS: dict[str, tuple[int | None, int | None]] = {
    "prompt is too long: 210000 tokens > 200000 maximum": (210_000, 200_000),
    "messages.1: Prompt is too long: 1 token > 0 maximum": (1, 0),
    "prompt is too long: 1,210,000 tokens > 1,000,000 maximum": (1_210_000, 1_000_000),
    "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000, decrease input length or "
    "`max_tokens` and try again": (210_000, 200_000),
    "Prompt is too long": (None, None),
    "Input is too long for requested model.": (None, None),
    "input length exceeds the model's maximum context window": (None, None),
    "Request size exceeds model context window": (None, None),
}


@pytest.mark.parametrize("status", [400, 413])
@pytest.mark.parametrize("message", OVERFLOWS)
def test_an_overflow_with_its_numbers_where_it_states_them(message: str, status: int) -> None:
    found = read(message, status)
    assert (found.kind, (found.tokens, found.window)) == (DiagnosisKind.CONTEXT_OVERFLOW, OVERFLOWS[message])


KINDS: list[tuple[str, int, DiagnosisKind]] = [
    ("messages.1.content.0: Invalid `signature` in `thinking` block", 400, DiagnosisKind.THINKING_REFUSED),
    ("messages.1.content.0.thinking.signature: Field required", 400, DiagnosisKind.THINKING_REFUSED),
    (
        "`thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified.",
        400,
        DiagnosisKind.THINKING_REFUSED,
    ),
    ("messages.1: The final block in an assistant message cannot be `thinking`.", 400, DiagnosisKind.THINKING_REFUSED),
    (
        "messages.1: When thinking is disabled, an `assistant` message in the final position cannot contain `thinking`",
        400,
        DiagnosisKind.THINKING_REFUSED,
    ),
    (
        "messages.1.content.0: Invalid `signature` in `thinking` block. The block is bound to a different conversation",
        400,
        DiagnosisKind.THINKING_BOUND,
    ),
    (
        "messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`.",
        400,
        DiagnosisKind.THINKING_MISSING,
    ),
    ("messages.1: the first block must be `thinking`", 400, DiagnosisKind.THINKING_MISSING),
    ("messages.1.content.2: Invalid `encrypted_content`", 400, DiagnosisKind.HOSTED_RESULTS_REFUSED),
    ("messages.1.content.2: Invalid `encrypted_index`", 400, DiagnosisKind.HOSTED_RESULTS_REFUSED),
    ("unexpected `web_search_tool_result` block", 400, DiagnosisKind.HOSTED_RESULTS_REFUSED),
    ("Too many strict tools (21)", 400, DiagnosisKind.GRAMMAR_TOO_COMPLEX),
    ("Schemas contains too many optional parameters (25)", 400, DiagnosisKind.GRAMMAR_TOO_COMPLEX),
    ("Schema contains too many parameters with union types", 400, DiagnosisKind.GRAMMAR_TOO_COMPLEX),
    ("Schema is too complex for compilation.", 400, DiagnosisKind.GRAMMAR_TOO_COMPLEX),
    ("The compiled grammar is too large, which would cause", 400, DiagnosisKind.GRAMMAR_TOO_COMPLEX),
    ("Grammar compilation timed out", 400, DiagnosisKind.GRAMMAR_TOO_COMPLEX),
    ("tools.0.custom: Circular reference", 400, DiagnosisKind.GRAMMAR_TOO_COMPLEX),
    ("output_config.format.schema: For 'object' type", 400, DiagnosisKind.GRAMMAR_TOO_COMPLEX),
    ("Request exceeds the maximum size", 413, DiagnosisKind.REQUEST_TOO_LARGE),
    ("Your credit balance is too low to access the Anthropic API.", 400, DiagnosisKind.OUT_OF_MONEY),
    ("You have reached your specified API usage limits.", 400, DiagnosisKind.OUT_OF_MONEY),
    ("You're out of extra usage. Add more at claude.ai/settings/usage", 400, DiagnosisKind.OUT_OF_MONEY),
    ("Extra usage is required for long context requests.", 429, DiagnosisKind.OUT_OF_MONEY),
    ("Usage credits are required for long context requests.", 429, DiagnosisKind.OUT_OF_MONEY),
    ("model: claude-sonet-4-5", 404, DiagnosisKind.UNKNOWN_MODEL),
    ("There's an issue with the selected model (claude-x). It may not exist", 404, DiagnosisKind.UNKNOWN_MODEL),
    ("Unexpected value(s) `a-1`, `b-2` for the `anthropic-beta` header. Please", 400, DiagnosisKind.UNKNOWN_BETA),
    ("tools.0.name: String should have at most 128 characters", 400, DiagnosisKind.REFUSED_FIELD),
    ("Output blocked by content filtering policy", 400, DiagnosisKind.CONTENT_FILTERED),
    ("invalid x-api-key", 401, DiagnosisKind.CREDENTIAL_REFUSED),
    ("OAuth authentication is currently not supported.", 401, DiagnosisKind.LOGIN_REFUSED),
    ("This credential is only authorized for use with Claude Code", 400, DiagnosisKind.LOGIN_REFUSED),
    ("Third-party apps now draw from your extra usage, not your plan limits.", 400, DiagnosisKind.LOGIN_REFUSED),
    ("Overloaded", 529, DiagnosisKind.OTHER),
    ("prompt is too long", 500, DiagnosisKind.OTHER),
    ("spend limit service is down", 500, DiagnosisKind.OTHER),
    ("This request would exceed your organization's rate limit of 30,000 input tokens", 429, DiagnosisKind.OTHER),
    ("messages.0.content.0.image.source.base64: the data is too long", 400, DiagnosisKind.REFUSED_FIELD),
]


@pytest.mark.parametrize(("message", "status", "kind"), KINDS)
def test_a_text_and_its_kind(message: str, status: int, kind: DiagnosisKind) -> None:
    assert read(message, status).kind is kind


@pytest.mark.parametrize(
    "message",
    [
        "The requested model was not found.",
        "The model `claude-x` does not exist or you do not have access to it.",
        "model 'claude x' not found",
        'model "claude-x" not found, try pulling it first',
        "Model claude-sonnet-9 is not available",
        "Model not found: claude-x",
        "Publisher Model `projects/a/locations/b/models/claude-x` was not found",
        "Unknown model: claude-x",
        "No such model",
        "Model ID claude-x is not supported",
    ],
)
def test_what_gateways_say_of_an_unknown_model(message: str) -> None:
    assert read(message, 404).kind is DiagnosisKind.UNKNOWN_MODEL
    assert read(message, 400).kind is not DiagnosisKind.UNKNOWN_MODEL


@pytest.mark.parametrize(
    "message",
    [
        "Not Found",
        "File not found: file_1",
        "File not found: model.txt",
        "Not found. The model documentation lists all addresses.",
        "The path /v1/model/messages was not found",
        "The Model Context Protocol server 'weather' was not found",
        "The list of the model endpoint was not found",
        "Batch not found; its model was claude-x",
    ],
)
def test_other_things_that_are_not_found(message: str) -> None:
    assert read(message, 404).kind is DiagnosisKind.OTHER


def test_every_kind_has_a_text() -> None:
    seen = {kind for _, _, kind in KINDS} | {DiagnosisKind.MODEL_LIMIT, DiagnosisKind.CONTEXT_OVERFLOW}
    without_text = {DiagnosisKind.NOT_THE_API}  # known by the form of the reply
    assert seen | without_text == set(DiagnosisKind)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("billing_error", None),
        ("rate_limit_error", "contract_spend_limit_reached"),
        ("rate_limit_error", "enforced_spend_limit_reached"),
        ("billing_error", "linked_organization_spend_limit_reached"),
    ],
)
def test_money_by_type_and_by_code(kind: str, code: str | None) -> None:
    found = diagnose("words", status=429, kind=kind, error_code=code)
    assert (found.kind, found.may_retry) == (DiagnosisKind.OUT_OF_MONEY, False)


def test_only_what_waiting_cannot_mend_is_not_worth_a_retry() -> None:
    assert not read("Extra usage is required for long context requests.", 429, "rate_limit_error").may_retry
    assert read("Slow down.", 429, "rate_limit_error").may_retry


def test_what_a_text_names() -> None:
    assert read("model: claude-sonet-4-5", 404, "not_found_error").model == "claude-sonet-4-5"
    assert read("Unexpected value(s) `a-1`, `b-2` for the `anthropic-beta` header.").betas == ("a-1", "b-2")


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ("temperature: range: 0..1", "temperature"),
        ("`temperature` and `top_p` cannot both be specified for this model.", "temperature"),
        ("messages.1.content.0: something", "messages[1].content[0]"),
        ("system: text content blocks must be non-empty", "system"),
        ('"thinking.type.enabled" is not supported for this model.', "thinking.type.enabled"),
        ("tools.3.custom.input_schema.type: Field required", "tools[3].custom.input_schema.type"),
        ("output_config.format.schema: Schema is too complex.", "output_config.format.schema"),
        ("system trouble", None),
        ("toolsmith: x", None),
        ("the temperature: x", None),
    ],
)
def test_the_field_that_a_text_begins_with(message: str, field: str | None) -> None:
    assert read(message).field == field
    assert read(message, 500, "api_error").field is None


@pytest.mark.parametrize(
    ("message", "block"),
    [
        ("messages.1.content.0: Invalid `signature` in `thinking` block", (1, 0)),
        ("messages.2.content.0.tool_result.content.4.image.source: bad", (2, 0, 4)),
        ("`messages.2.content.10.content.4.image.source`: bad", (2, 10, 4)),
        ("messages.2: bad", ()),
        ("tools.0: bad", ()),
    ],
)
def test_the_block_that_a_text_names(message: str, block: tuple[int, ...]) -> None:
    assert read(message).block == block
