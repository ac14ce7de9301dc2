"""What becomes of each field of a chat completion request. This table drives the code, the docs and a test."""

from claude_code_proxy.adjustment import Adjustment
from claude_code_proxy.endpoints.chat_completions import schema as chat
from claude_code_proxy.endpoints.json_text import is_given
from claude_code_proxy.endpoints.support import Fate, Support

_MAPPED, _EMULATED, _IGNORED, _REFUSED = Fate.MAPPED, Fate.EMULATED, Fate.IGNORED, Fate.REFUSED
_ZERO = (b"0", b"0.0")

REQUEST: dict[str, Support] = {
    "messages": Support(_MAPPED, "All roles; late system messages stay where they stand."),
    "model": Support(_MAPPED, "Any Claude id, aliases from the settings; DEFAULT_MODEL when there is none."),
    "stream": Support(_MAPPED, "Server-sent chunks, as they come."),
    "stream_options": Support(_MAPPED, "`include_usage` adds the usage chunk; there is no padding to leave out."),
    "max_tokens": Support(_MAPPED, "Clamped to what the model can; none or 0 means the model's own maximum."),
    "max_completion_tokens": Support(_MAPPED, "The same as `max_tokens`, and wins over it."),
    "temperature": Support(_MAPPED, "Up to 1, on models that take sampling parameters; left out on others."),
    "top_p": Support(_MAPPED, "On models that take sampling parameters, and only when there is no temperature."),
    "top_k": Support(_MAPPED, "An extra: passed on where the model takes it."),
    "stop": Support(_MAPPED, "Sequences that Claude refuses (white space only) are cut by the proxy."),
    "n": Support(_EMULATED, "One upstream request for each choice; usage is the sum."),
    "tools": Support(_MAPPED, "Functions; a custom tool is offered as a function with one string."),
    "tool_choice": Support(_MAPPED, "none, auto, required, a named tool, allowed_tools."),
    "parallel_tool_calls": Support(_MAPPED, "false becomes `disable_parallel_tool_use`."),
    "functions": Support(_MAPPED, "The legacy form of `tools`; calls come back as `function_call`."),
    "function_call": Support(_MAPPED, "The legacy form of `tool_choice`."),
    "response_format": Support(_MAPPED, "json_schema natively; json_object by instruction, checked."),
    "reasoning_effort": Support(_MAPPED, "Effort and thinking, as the model takes them."),
    "reasoning": Support(_MAPPED, "An extra (OpenRouter's object): effort, max_tokens, enabled, exclude."),
    "include_reasoning": Support(_MAPPED, "An extra: true asks for a readable summary of the thinking."),
    "thinking": Support(_MAPPED, "An extra: Anthropic's own object, passed on as far as the model takes it."),
    "web_search_options": Support(_MAPPED, "The hosted web search tool; citations come back as annotations."),
    "user": Support(_MAPPED, "Hashed into `metadata.user_id`."),
    "safety_identifier": Support(_MAPPED, "Hashed into `metadata.user_id`; wins over `user`."),
    "service_tier": Support(_MAPPED, "default is standard_only, auto and priority are auto, fast is fast mode."),
    "speed": Support(_MAPPED, "An extra: Anthropic's own field."),
    "inference_geo": Support(_MAPPED, "An extra: Anthropic's own field."),
    "cache_control": Support(_MAPPED, "An extra, here and on messages, parts and tools: a cache breakpoint."),
    "modalities": Support(_IGNORED, "Claude answers in text only.", True, (b'["text"]',)),
    "audio": Support(_IGNORED, "Claude answers in text only.", True),
    "logprobs": Support(_IGNORED, "Claude tells no token probabilities.", True, (b"false",)),
    "top_logprobs": Support(_IGNORED, "Claude tells no token probabilities.", True, _ZERO),
    "logit_bias": Support(_IGNORED, "Claude has no token biases.", True, (b"{}",)),
    "frequency_penalty": Support(_IGNORED, "Claude has no penalties.", True, _ZERO),
    "presence_penalty": Support(_IGNORED, "Claude has no penalties.", True, _ZERO),
    "seed": Support(_IGNORED, "Claude cannot be seeded; equal requests may be answered differently."),
    "prediction": Support(_IGNORED, "Only a matter of speed; the answer is the same."),
    "metadata": Support(_IGNORED, "Labels for stored completions; nothing is stored.", False, (b"{}",)),
    "store": Support(_IGNORED, "Nothing is stored.", False, (b"false",)),
    "moderation": Support(_IGNORED, "Claude has its own safeguards; no moderation report is made."),
    "prompt_cache_key": Support(_IGNORED, "Claude finds cached prompts by their content.", False, (b'""',)),
    "prompt_cache_options": Support(_IGNORED, "Breakpoints are set by the proxy, or by `cache_control`."),
    "prompt_cache_retention": Support(_IGNORED, "Claude keeps an entry 5 minutes, or an hour by `cache_control`."),
    "verbosity": Support(_IGNORED, "Claude has no such setting; say it in the prompt.", False, (b'"medium"',)),
}

PARTS: dict[str, Support] = {
    "text": Support(_MAPPED, "A text block."),
    "image_url": Support(_MAPPED, "https and data URLs; `detail` has no counterpart. Nothing is fetched by the proxy."),
    "file": Support(_MAPPED, "PDF, text and image files, inline or by an id of the upstream's Files API."),
    "refusal": Support(_MAPPED, "Text of the assistant."),
    "input_audio": Support(_REFUSED, "Claude takes no audio input."),
}

_RAW_FIELDS = tuple(
    name for name, support in REQUEST.items() if support.fate is _IGNORED and name not in ("modalities", "logprobs")
)


def ignored_fields(request: chat.ChatRequest) -> list[Adjustment]:
    """One adjustment for each ignored field that asks for something."""
    given = [name for name in _RAW_FIELDS if _asks(name, request)]
    if request.modalities is not None and request.modalities != ["text"]:
        given.append("modalities")
    if request.logprobs:
        given.append("logprobs")
    return [_ignored(name) for name in given]


def _asks(name: str, request: chat.ChatRequest) -> bool:
    value = getattr(request, name)
    return value is not chat.NO_JSON and is_given(value) and bytes(value) not in REQUEST[name].harmless


def _ignored(name: str) -> Adjustment:
    support = REQUEST[name]
    return Adjustment(name, "ignored", support.reason.rstrip("."), support.changes_meaning)
