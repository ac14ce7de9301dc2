"""What the Messages API supports of a request, as data. What each model takes is in `models.table`."""

from claude_code_proxy.upstreams.upstream import Capability, UpstreamProfile

CAPABILITIES = (
    Capability("text", "yes", "as it is"),
    Capability("streaming", "yes", "events pass on as they come"),
    Capability("system_prompt", "yes", "as it is"),
    Capability("images", "yes", "as they are; one of more than 10 MB is a 400"),
    Capability("tools", "yes", "names and schemas as the service takes them, undone in the reply"),
    Capability("parallel_tool_calls", "yes", "as they are"),
    Capability("tool_choice", "yes", "where the model takes it, else by an instruction"),
    Capability("thinking", "yes", "of the kind that the model has"),
    Capability("effort", "yes", "of the levels that the model has"),
    Capability("max_tokens", "yes", "up to the model's own limit"),
    Capability("stop_sequences", "yes", "those of white space alone by cutting the answer"),
    Capability("sampling", "yes", "where the model takes it"),
    Capability("n", "emulated", "by one request for each choice"),
    Capability("response_format", "yes", "natively where model and schema allow it, else by an instruction"),
    Capability("strict_tools", "yes", "where the model has it"),
    Capability("late_system_messages", "yes", "where the model has them, else as user text"),
    Capability("prefill", "yes", "where the model takes it"),
    Capability("hosted_tools", "yes", "all of the service's own types, as they are"),
    Capability("mcp_servers", "yes", "as they are, with their toolsets"),
    Capability("compaction", "yes", "natively where the model has it, else by a request for a summary"),
    Capability("context_management", "yes", "the edits that the model has"),
    Capability("container", "yes", "together with code execution"),
    Capability("fallbacks", "yes", "as they are"),
    Capability("prompt_cache_breakpoints", "yes", "as they are, or set by the proxy"),
    Capability("betas", "yes", "those that a request needs, and those of the caller that the proxy knows"),
    Capability("user_id", "yes", "as it is"),
    Capability("speed", "yes", "where the model has it"),
    Capability("inference_geo", "yes", "where the model has a choice"),
    Capability("request_id", "yes", "in the header `request-id`"),
)
PROFILE = UpstreamProfile(capabilities=CAPABILITIES)
