"""What becomes of each field of a Responses request. These tables drive the code, the documents and a test."""

from claude_code_proxy.endpoints.support import Fate, IgnoredFields, Support, Table

_MAPPED, _EMULATED, _IGNORED = Fate.MAPPED, Fate.EMULATED, Fate.IGNORED
_ZERO = (b"0", b"0.0")
INCLUDED = {  # what `include` may name
    "reasoning.encrypted_content",
    "web_search_call.action.sources",
    "code_interpreter_call.outputs",
}

REQUEST: dict[str, Support] = {
    "model": Support(_MAPPED, "Any Claude id, aliases from the settings; DEFAULT_MODEL when there is none."),
    "input": Support(_MAPPED, "A string, messages or items; see the table of items."),
    "instructions": Support(_MAPPED, "The system prompt of this request; never inherited from an earlier response."),
    "stream": Support(_MAPPED, "Named events, as they come."),
    "stream_options": Support(_MAPPED, "There is no padding to leave out."),
    "tools": Support(_MAPPED, "Functions, custom tools, namespaces, and OpenAI's own; see the table of tools."),
    "tool_choice": Support(_MAPPED, "none, auto, required, one tool, allowed_tools."),
    "parallel_tool_calls": Support(_MAPPED, "false becomes `disable_parallel_tool_use`."),
    "max_output_tokens": Support(_MAPPED, "Clamped to what the model can; none means the model's own maximum."),
    "temperature": Support(_MAPPED, "Up to 1, on models that take sampling parameters; left out on others."),
    "top_p": Support(_MAPPED, "On models that take sampling parameters, and only when there is no temperature."),
    "text": Support(_MAPPED, "`format` as in chat completions; `verbosity` is echoed, and ignored."),
    "reasoning": Support(_MAPPED, "`effort` is effort and thinking; any `summary` asks for a readable summary."),
    "include": Support(
        _MAPPED, "`reasoning.encrypted_content`, sources of searches, outputs of code; others are named."
    ),
    "generate": Support(_MAPPED, "On a WebSocket, false prepares a request without an answer."),
    "store": Support(_MAPPED, "Responses are kept unless it is false."),
    "previous_response_id": Support(_MAPPED, "The turns of that response stand before the input."),
    "metadata": Support(_MAPPED, "Returned as it is; at most 16 pairs, as at OpenAI."),
    "user": Support(_MAPPED, "Hashed into `metadata.user_id`."),
    "safety_identifier": Support(_MAPPED, "Hashed into `metadata.user_id`; wins over `user`."),
    "service_tier": Support(_MAPPED, "default is standard_only, fast is fast mode, any other is auto."),
    "prompt_cache_key": Support(_MAPPED, "Returned as it is; Claude finds cached prompts by their content."),
    "conversation": Support(_MAPPED, "Its items stand before the input; input and output are added to it."),
    "background": Support(_MAPPED, "Answered at once, made later: read, streamed and cancelled by its id."),
    "background_options": Support(_IGNORED, "A response in the background is made as soon as it can be."),
    "truncation": Support(
        _IGNORED, "A conversation that is too long is an error, never cut.", False, (b'"auto"', b'"disabled"')
    ),
    "max_tool_calls": Support(_IGNORED, "Claude has no limit for all hosted tools together.", True),
    "context_management": Support(_IGNORED, "The conversation is sent whole."),
    "prompt_cache_options": Support(_IGNORED, "Breakpoints are set by the proxy, or by `prompt_cache_breakpoint`."),
    "prompt_cache_retention": Support(_IGNORED, "Claude keeps an entry 5 minutes, or an hour by a breakpoint."),
    "top_logprobs": Support(_IGNORED, "Claude tells no token probabilities.", True, _ZERO),
    "prompt": Support(_IGNORED, "Prompt templates are kept at OpenAI.", True),
    "moderation": Support(_IGNORED, "Claude has its own safeguards; no moderation report is made."),
    "client_metadata": Support(_IGNORED, "Labels of the client's own; they are neither sent on nor logged."),
    "image": Support(_IGNORED, "Images are sent as they are."),
    "access_programs": Support(_IGNORED, "A programme of OpenAI's."),
    "frequency_penalty": Support(_IGNORED, "Claude has no penalties.", True, _ZERO),
    "presence_penalty": Support(_IGNORED, "Claude has no penalties.", True, _ZERO),
}

ITEMS: dict[str, Support] = {
    "message": Support(_MAPPED, "All roles; late system and developer messages stay where they stand."),
    "function_call": Support(_MAPPED, "A tool use."),
    "function_call_output": Support(_MAPPED, "A tool result: text, images and files."),
    "custom_tool_call": Support(_MAPPED, "A tool use with one text."),
    "custom_tool_call_output": Support(_MAPPED, "A tool result."),
    "reasoning": Support(
        _MAPPED, "The signed thinking in `encrypted_content`; without it, nothing can be handed back."
    ),
    "item_reference": Support(_MAPPED, "An item of a response that is kept."),
    "additional_tools": Support(_MAPPED, "Its tools join those of the request; of two with one name the later counts."),
    "tool_search_call": Support(_MAPPED, "A tool use."),
    "tool_search_output": Support(_MAPPED, "A tool result; its tools are offered from then on."),
    "local_shell_call": Support(_MAPPED, "A tool use, and its output a tool result."),
    "shell_call": Support(_MAPPED, "A tool use, and its output a tool result."),
    "apply_patch_call": Support(_MAPPED, "A tool use, and its output a tool result."),
    "configuration_update": Support(
        _MAPPED, "The last effort and format of the input count, beside the request's own."
    ),
    "web_search_call": Support(
        _IGNORED, "Its results travel in the reasoning item after it; without that, Claude reads the answer made of it."
    ),
    "code_interpreter_call": Support(
        _MAPPED, "The code and what it printed, beside the tool; exactly, by the reasoning item after it."
    ),
    "mcp_call": Support(
        _MAPPED, "The call and its result, beside its server; exactly, by the reasoning item after it."
    ),
    "mcp_list_tools": Support(_IGNORED, "The service asks the server for its tools again."),
    "mcp_approval_request": Support(_IGNORED, "The service calls the tools of an MCP server without asking."),
    "mcp_approval_response": Support(
        _IGNORED, "The service calls the tools of an MCP server without asking, so no call waits for it.", True
    ),
    "computer_call": Support(_MAPPED, "A call of a member of Claude's computer toolset, by its first action."),
    "computer_call_output": Support(_MAPPED, "A tool result with the screenshot."),
    "compaction": Support(_MAPPED, "What the proxy sealed becomes Claude's own summary again; another one is a 400."),
    "compaction_trigger": Support(_MAPPED, "Claude's own compaction where the model has it, else a summary."),
    "(any other)": Support(_IGNORED, "An item of a type that Claude has nothing for.", True),
}

PARTS: dict[str, Support] = {
    "input_text": Support(_MAPPED, "Text."),
    "input_image": Support(_MAPPED, "An https URL, a data URL or a file id."),
    "input_image.detail": Support(_IGNORED, "Claude has no level of detail."),
    "prompt_cache_breakpoint": Support(_MAPPED, "A cache breakpoint of an hour if it has a `ttl`, else of 5 minutes."),
    "input_file": Support(_MAPPED, "PDF, text and images: inline, by URL or by file id."),
    "input_file.detail": Support(_IGNORED, "Claude has no level of detail."),
    "output_text": Support(_MAPPED, "Text of the assistant; annotations and probabilities are left out."),
    "refusal": Support(_MAPPED, "Text of the assistant."),
    "input_audio": Support(Fate.REFUSED, "Claude hears no audio."),
}

TOOLS: dict[str, Support] = {
    "function": Support(_MAPPED, "A tool."),
    "custom": Support(_EMULATED, "A function with one text; a grammar is shown to the model."),
    "namespace": Support(_MAPPED, "Its tools, under joined names; calls come back with `name` and `namespace`."),
    "web_search": Support(_MAPPED, "The hosted web search; citations come back as annotations."),
    "tool_search": Support(_EMULATED, "With execution `client` a tool; otherwise all tools are offered at once."),
    "local_shell": Support(_EMULATED, "A function; its calls come back as `local_shell_call`."),
    "shell": Support(_EMULATED, "A function; its calls come back as `shell_call`."),
    "apply_patch": Support(_EMULATED, "A function; its calls come back as `apply_patch_call`."),
    "file_search": Support(_IGNORED, "Files are not indexed here; send them as `input_file`.", True),
    "code_interpreter": Support(
        _MAPPED, "Claude's code execution: a shell and an editor in a container, with the files of `file_ids`."
    ),
    "image_generation": Support(_IGNORED, "Claude makes no images.", True),
    "computer": Support(_MAPPED, "Claude's computer toolset, where the model has it; a call has one action."),
    "computer_use_preview": Support(_MAPPED, "As `computer`, with `action` in place of `actions`."),
    "programmatic_tool_calling": Support(_IGNORED, "OpenAI's own runtime; tools are called one by one.", True),
    "mcp": Support(_MAPPED, "Anthropic's MCP connector, for servers by URL. It asks for no approval."),
    "(any other)": Support(_IGNORED, "A tool of a type that Claude has nothing for.", True),
}

TABLES = (
    Table("Request fields", REQUEST),
    Table("Items of the input", ITEMS),
    Table("Content parts", PARTS),
    Table("Tools", TOOLS),
)

ignored_fields = IgnoredFields(REQUEST).adjustments
