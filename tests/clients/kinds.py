"""The five kinds of use, which scenarios show each, and the tables of docs/clients.md made from them."""

from collections.abc import Collection, Mapping

from tests.clients.responses import RESPONSES
from tests.clients.scenarios import CLIENTS

KINDS: dict[str, Collection[str]] = {
    "plain answer": {"plain"},
    "stream": {"streamed", "streamed with usage", "a stream of partial objects"},
    "tool loop": {"tool call and its result", "tools run by the library", "tool runner", "function loop whole"},
    "structured answer": {"parse helper", "structured output", "by JSON Schema", "typed answer"},
    "error": {"wrong key", "upstream's 401"},
}
NAMES = {
    "openai_python": "OpenAI's SDK for Python",
    "openai_node": "OpenAI's SDK for Node",
    "openai_go": "OpenAI's SDK for Go",
    "openai_java": "OpenAI's SDK for Java",
    "async_openai": "async-openai (Rust)",
    "anthropic_python": "Anthropic's SDK for Python",
    "anthropic_node": "Anthropic's SDK for Node",
    "langchain": "LangChain",
    "litellm": "LiteLLM",
    "vercel_ai": "Vercel AI SDK",
    "pydantic_ai": "Pydantic AI",
    "openai_agents": "OpenAI's Agents SDK",
    "smolagents": "smolagents",
    "instructor": "Instructor",
    "llm": "llm",
    "aider": "aider",
    "claude_code": "Claude Code",
    "dotnet": ".NET",
}
# Two have no program in `CLIENTS`: what test_claude_code.py and test_dotnet.py have tests of.
OTHERS: dict[str, set[str]] = {
    "claude_code": {"plain", "streamed", "tool runner", "structured output", "wrong key"},
    "dotnet": {"plain", "streamed", "function loop whole", "typed answer", "upstream's 401"},
}


def kinds_of(scenarios: Collection[str]) -> list[str]:
    """Return the kinds that scenarios show; a client of several providers says which before a colon."""
    names = {name.rpartition(": ")[2] for name in scenarios}
    return [kind for kind, shown_by in KINDS.items() if not names.isdisjoint(shown_by)]


def table() -> str:
    """Return the table of all clients."""
    return _table({client: OTHERS[client] if client in OTHERS else CLIENTS[client].keys() for client in NAMES})


def responses_table() -> str:
    """Return the table of those that were run on the Responses API, .NET by its own program."""
    return _table({
        client: OTHERS[client] if client == "dotnet" else RESPONSES[client].keys()
        for client in NAMES
        if client in RESPONSES or client == "dotnet"
    })


def _table(scenarios: Mapping[str, Collection[str]]) -> str:
    lines = ["| client | " + " | ".join(KINDS) + " |", "|---" * (len(KINDS) + 1) + "|"]
    for client, names in scenarios.items():
        shown = kinds_of(names)
        lines.append(f"| {NAMES[client]} | " + " | ".join("yes" if kind in shown else "no" for kind in KINDS) + " |")
    return "\n".join(lines) + "\n"
