"""A caller's `anthropic-beta` header -> the betas that go along upstream, and what becomes of the others.

The service refuses a request for a single beta that it does not know, so none is passed on that is not in this list.
"""

from collections.abc import Iterable

from claude_code_proxy.adjustment import Action, Adjustment

HEADER = "anthropic-beta"

# What may go along: each opens a feature, or did so before that was open to all.
KNOWN = frozenset({
    "advisor-tool-2026-03-01",
    "cache-diagnosis-2026-04-07",
    "compact-2026-01-12",
    "compact-2026-09-04",
    "context-management-2025-06-27",
    "effort-2025-11-24",
    "extended-cache-ttl-2025-04-11",
    "fallback-credit-2026-06-01",
    "fallback-credit-2026-07-01",
    "fast-mode-2026-02-01",
    "files-api-2025-04-14",
    "fine-grained-tool-streaming-2025-05-14",
    "inline-tools-2026-09-15",
    "interleaved-thinking-2025-05-14",
    "mcp-client-2025-11-20",
    "mcp-client-2026-09-15",
    "message-batches-2024-09-24",
    "message-threads-2026-08-12",
    "mid-conversation-output-config-2026-07-01",
    "mid-conversation-system-clear-at-2026-08-21",
    "mid-conversation-tool-changes-2026-07-01",
    "output-300k-2026-03-24",
    "pdfs-2024-09-25",
    "prompt-caching-2024-07-31",
    "server-side-fallback-2026-06-01",
    "server-side-fallback-2026-07-01",
    "skills-2025-10-02",
    "structured-outputs-2025-11-13",
    "structured-outputs-2025-12-15",
    "task-budgets-2026-03-13",
    "thinking-binding-controls-2026-08-01",
    "thinking-display-updates-2026-08-18",
    "thinking-token-count-2026-05-13",
    "token-counting-2024-11-01",
    "token-efficient-tools-2025-02-19",
})
_OUT_OF_PLACE = {
    "context-1m-2025-08-07": "it has ended; models with a large window need no beta for it",
    "oauth-2025-04-20": "it belongs to the proxy's own credential",
}
_LONGEST = 64


def normalize_betas(header: str, *, is_supported: bool) -> tuple[tuple[str, ...], tuple[Adjustment, ...]]:
    """Split the header's value; `is_supported` says whether betas of a caller can go upstream at all."""
    names = dict.fromkeys(name for part in header.split(",") if (name := part.strip()))
    kept = tuple(sorted(name for name in names if name in KNOWN)) if is_supported else ()
    return kept, tuple(_ignored((name for name in names if name not in kept), is_supported=is_supported))


def _ignored(names: Iterable[str], *, is_supported: bool) -> Iterable[Adjustment]:
    for name in names:
        reason = _OUT_OF_PLACE.get(name) or (
            "not a beta that the proxy knows" if is_supported else "the upstream sends its own"
        )
        short_name = name if len(name) <= _LONGEST else f"{name[:_LONGEST]}..."
        yield Adjustment(HEADER, Action.IGNORED, f"{short_name}: {reason}")
