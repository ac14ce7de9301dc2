"""What becomes of each field of a chat completion request. These tables drive the code, the documents and a test."""

from claude_code_proxy.endpoints.support import Fate, IgnoredFields, Support, Table

_MAPPED, _EMULATED, _IGNORED, _REFUSED = Fate.MAPPED, Fate.EMULATED, Fate.IGNORED, Fate.REFUSED
_ZERO = (b"0", b"0.0")

REQUEST: dict[str, Support] = {
    "messages": Support(_MAPPED, "All roles; late system messages stay where they stand."),
    "model": Support(_MAPPED, "Any Claude id, aliases from the settings; DEFAULT_MODEL when there is none."),
    "stream": Support(_MAPPED, "Server-sent chunks, as they come."),
    "stream_options": Support(_MAPPED, "`include_usage` adds the usage chunk; there is no padding to leave out."),
    "max_tokens": Support(_MAPPED, "Clamped to what the model can; none, 0 or -1 means the model's own maximum."),
    "max_completion_tokens": Support(_MAPPED, "The same as `max_tokens`, and wins over it."),
    "temperature": Support(_MAPPED, "Up to 1, on models that take sampling parameters; left out on others."),
    "top_p": Support(_MAPPED, "On models that take sampling parameters, and only when there is no temperature."),
    "top_k": Support(_MAPPED, "An extra: passed on where the model takes it."),
    "stop": Support(_MAPPED, "Any number; sequences that Claude refuses (white space only) are cut by the proxy."),
    "n": Support(_EMULATED, "One upstream request for each choice; usage is the sum."),
    "tools": Support(
        _MAPPED, "Functions, MCP servers and tools of Anthropic's own; a custom tool is a function with one string."
    ),
    "tool_choice": Support(_MAPPED, "none, auto, required, a named tool, allowed_tools."),
    "parallel_tool_calls": Support(_MAPPED, "false becomes `disable_parallel_tool_use`."),
    "functions": Support(_MAPPED, "The legacy form of `tools`; one call at a time comes back as `function_call`."),
    "function_call": Support(_MAPPED, "The legacy form of `tool_choice`."),
    "response_format": Support(_MAPPED, "json_schema natively; json_object by instruction, checked."),
    "reasoning_effort": Support(_MAPPED, "Effort and thinking, as the model takes them."),
    "reasoning": Support(
        _MAPPED,
        "An extra (OpenRouter's object): effort, max_tokens and enabled switch thinking, exclude hides it; wins over "
        "`reasoning_effort`.",
    ),
    "include_reasoning": Support(
        _MAPPED, "An extra: true asks for a readable summary of the thinking, false leaves all of it out."
    ),
    "thinking": Support(
        _MAPPED, "An extra: Anthropic's own object, passed on as far as the model takes it; wins over both others."
    ),
    "verbosity": Support(
        _EMULATED, "The effort where nothing else sets it, else an instruction; medium is no request."
    ),
    "output_config": Support(_MAPPED, "An extra: Anthropic's own object, whose effort wins over the other fields."),
    "context_management": Support(_MAPPED, "An extra: Anthropic's own field; edits that the model lacks are left out."),
    "container": Support(_MAPPED, "An extra: Anthropic's own field, beside a tool that runs code."),
    "mcp_servers": Support(_MAPPED, "An extra: Anthropic's own field; each server gets the toolset that it needs."),
    "fallbacks": Support(_MAPPED, "An extra: Anthropic's own field."),
    "system": Support(_MAPPED, "An extra: Anthropic's own field, which stands before all system messages."),
    "web_search_options": Support(_MAPPED, "The hosted web search tool; citations come back as annotations."),
    "user": Support(_MAPPED, "Hashed into `metadata.user_id`."),
    "safety_identifier": Support(_MAPPED, "Hashed into `metadata.user_id`; wins over `user`."),
    "service_tier": Support(_MAPPED, "default is standard_only, fast is fast mode, any other is auto."),
    "speed": Support(_MAPPED, "An extra: Anthropic's own field."),
    "inference_geo": Support(_MAPPED, "An extra: Anthropic's own field."),
    "cache_control": Support(_MAPPED, "An extra, here and on messages, parts and tools: a cache breakpoint."),
    "modalities": Support(_IGNORED, "Claude answers in text only.", True, (b'["text"]', b"[]")),
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
}

MESSAGE: dict[str, Support] = {
    "content": Support(_MAPPED, "Text or parts; system and assistant messages hold text only."),
    "name": Support(
        _IGNORED, "Claude knows roles, not names; names stand before the text where several speakers share a role."
    ),
    "refusal": Support(_MAPPED, "Text of the assistant, where there is no other."),
    "tool_calls": Support(_MAPPED, "Tool uses; arguments that are no JSON object are wrapped into one."),
    "function_call": Support(_MAPPED, "The legacy form of `tool_calls`; an id is made up."),
    "tool_call_id": Support(_MAPPED, "The call that a tool message answers."),
    "audio": Support(_IGNORED, "Earlier audio answers are not known here.", True),
    "annotations": Support(_IGNORED, "What the service cited before is no input to it.", False, (b"[]",)),
    "is_error": Support(_MAPPED, "An extra on tool messages: the call failed."),
    "cache_control": Support(_MAPPED, "An extra: a cache breakpoint on the last block of the message."),
    "thinking_blocks": Support(_MAPPED, "An extra: signed thinking goes back as it came; unsigned cannot."),
    "reasoning_details": Support(_MAPPED, "An extra: signed thinking of Claude goes back as it came; other cannot."),
    "reasoning_content": Support(_IGNORED, "Reasoning without its signature cannot be replayed.", False, (b'""',)),
    "reasoning": Support(_IGNORED, "Reasoning without its signature cannot be replayed.", False, (b'""',)),
}

PARTS: dict[str, Support] = {
    "text": Support(_MAPPED, "A text block."),
    "image_url": Support(_MAPPED, "https and data URLs, also in tool messages; nothing is fetched by the proxy."),
    "image_url.detail": Support(_IGNORED, "Claude scales images by rules of its own."),
    "file": Support(
        _MAPPED, "PDF, text and image files: inline, by https URL or by an id of the upstream's Files API."
    ),
    "refusal": Support(_MAPPED, "Text of the assistant."),
    "tool_result": Support(_MAPPED, "An extra: Anthropic's own block, in a user message."),
    "input_audio": Support(_REFUSED, "Claude takes no audio input; send a transcript as text."),
    "cache_control": Support(_MAPPED, "An extra: a cache breakpoint."),
    "prompt_cache_breakpoint": Support(_MAPPED, "A cache breakpoint of an hour if it has a `ttl`, else of 5 minutes."),
}

TOOLS: dict[str, Support] = {
    "function": Support(_MAPPED, "Name, description, parameters and `strict`."),
    "custom": Support(_EMULATED, "A function with one string; a grammar is shown to the model, not enforced."),
    "mcp": Support(_MAPPED, "A server of Anthropic's MCP connector, whose tools are called without approval."),
    "tool": Support(_MAPPED, "An extra: a tool of Anthropic's own by its type, passed on as it is."),
    "defer_loading": Support(_MAPPED, "An extra: Anthropic's own field, for tool search."),
    "input_examples": Support(_MAPPED, "An extra: Anthropic's own field."),
    "cache_control": Support(_MAPPED, "An extra: a cache breakpoint."),
}

REPLY: dict[str, Support] = {
    "content": Support(_MAPPED, "All text, joined with nothing between; null only beside calls."),
    "refusal": Support(_MAPPED, "The words of a refusal; in `content` as well where that would be empty."),
    "annotations": Support(
        _MAPPED, "Citations of pages and of documents, with character offsets into `content`; streamed as well."
    ),
    "tool_calls": Support(_MAPPED, "Tool uses, counted from 0; what the service calls itself is none of them."),
    "server_tool_blocks": Support(
        _MAPPED, "An extra: the blocks of server tools but web search, such as the output of code, as they came."
    ),
    "function_call": Support(_MAPPED, "The legacy form, for requests with `functions`."),
    "reasoning_content": Support(_MAPPED, "An extra: the readable thinking."),
    "thinking_blocks": Support(_MAPPED, "An extra: signed thinking, to be sent back as it is."),
    "reasoning_details": Support(_MAPPED, "An extra: the same in OpenRouter's form."),
    "finish_reason": Support(_MAPPED, "stop, length, tool_calls, function_call or content_filter."),
    "logprobs": Support(_IGNORED, "Always null."),
    "usage": Support(_MAPPED, "Cached tokens are part of `prompt_tokens`; extras: their counts, and `cost` in USD."),
    "service_tier": Support(_MAPPED, "The tier that was used: default, priority, flex or fast; in each chunk as well."),
    "system_fingerprint": Support(_IGNORED, "Left out: Claude has none."),
}

TABLES = (
    Table("Request fields", REQUEST),
    Table("Message fields", MESSAGE),
    Table("Content parts", PARTS),
    Table("Tools", TOOLS),
    Table("Reply", REPLY),
)

ignored_fields = IgnoredFields(REQUEST).adjustments
