"""The `anthropic-beta` values that the service knows, and which fields, blocks and tools each of them opens.

A field behind a closed beta is an unknown field, exactly as the service has it.
"""

GENERAL = frozenset({
    "advanced-tool-use-2025-11-20",
    "cache-diagnosis-2026-04-07",
    "code-execution-2025-05-22",
    "code-execution-2025-08-25",
    "computer-use-2025-01-24",
    "computer-use-2025-11-24",
    "context-1m-2025-08-07",
    "effort-2025-11-24",
    "extended-cache-ttl-2025-04-11",
    "fast-mode-2026-02-01",
    "files-api-2025-04-14",
    "fine-grained-tool-streaming-2025-05-14",
    "interleaved-thinking-2025-05-14",
    "message-batches-2024-09-24",
    "mid-conversation-output-config-2026-07-01",
    "oauth-2025-04-20",
    "output-300k-2026-03-24",
    "pdfs-2024-09-25",
    "prompt-caching-2024-07-31",
    "search-results-2025-06-09",
    "skills-2025-10-02",
    "structured-outputs-2025-11-13",
    "structured-outputs-2025-12-15",
    "thinking-token-count-2026-05-13",
    "token-counting-2024-11-01",
    "token-efficient-tools-2025-02-19",
    "tool-search-tool-2025-10-19",
    "user-profiles-billing-2026-10-01",
    "web-fetch-2025-09-10",
})

FIRST_MCP = "mcp-client-2025-04-04"
OPENS = {
    "advisor": frozenset({"advisor-tool-2026-03-01"}),
    "block_binding": frozenset({"thinking-binding-controls-2026-08-01"}),
    "claude_code": frozenset({"claude-code-20250219"}),
    "clear_at": frozenset({"mid-conversation-system-clear-at-2026-08-21"}),
    "compaction": frozenset({"compact-2026-01-12", "compact-2026-09-04"}),
    "summarize": frozenset({"compact-2026-09-04"}),
    "context_management": frozenset({"context-management-2025-06-27", "compact-2026-01-12"}),
    "display_updates": frozenset({"thinking-display-updates-2026-08-18"}),
    "fallbacks": frozenset({"server-side-fallback-2026-06-01", "server-side-fallback-2026-07-01"}),
    "fallback_credit": frozenset({"fallback-credit-2026-06-01", "fallback-credit-2026-07-01"}),
    "inline_tools": frozenset({"inline-tools-2026-09-15"}),
    "mcp": frozenset({FIRST_MCP, "mcp-client-2025-11-20", "mcp-client-2026-09-15"}),
    "per_turn_control": frozenset({"per-turn-control-2026-07-01"}),
    "task_budget": frozenset({"task-budgets-2026-03-13"}),
    "thread": frozenset({"message-threads-2026-08-12"}),
    "tool_changes": frozenset({"mid-conversation-tool-changes-2026-07-01"}),
}

KNOWN = GENERAL.union(*OPENS.values())
INTERLEAVED = "interleaved-thinking-2025-05-14"
OAUTH = "oauth-2025-04-20"


def features(betas: frozenset[str]) -> frozenset[str]:
    """Return the features that these beta values open."""
    return frozenset(feature for feature, names in OPENS.items() if names & betas)
