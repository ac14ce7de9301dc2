"""A sample of each field of a Messages request, for the tests that follow every field to an upstream."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from msgspec import Raw, Struct
from msgspec.structs import replace

from claude_code_proxy import messages

CACHED = messages.CacheControl("1h")
TOOL = messages.Tool("look", Raw(b'{"type":"object"}'))
PLAIN = messages.MessagesRequest(
    "claude-sonnet-4-6", (messages.InputMessage("user", (messages.Text("Hello."),)),), max_tokens=1000, tools=(TOOL,)
)
SAMPLES: Mapping[type[Struct], Mapping[str, Any]] = {
    messages.MessagesRequest: {
        "model": "claude-haiku-4-5",
        "messages": (messages.InputMessage("user", (messages.Text("Hello again."),)),),
        "max_tokens": 77,
        "system": (messages.Text("Be brief."),),
        "stop_sequences": ("END",),
        "temperature": 0.5,
        "top_p": 0.5,
        "top_k": 5,
        "tools": (messages.Tool("find", Raw(b'{"type":"object"}')),),
        "tool_choice": messages.ChooseTool("look"),
        "thinking": messages.Disabled(),
        "output_config": messages.OutputConfig("low"),
        "metadata": messages.Metadata("u-1"),
        "service_tier": "standard_only",
        "speed": "fast",
        "inference_geo": "us",
        "compaction": messages.Summarize(),
        "cache_control": CACHED,
        "container": Raw(b'"container_1"'),
        "context_management": Raw(b'{"edits":[{"type":"clear_tool_uses_20250919"}]}'),
        "fallbacks": Raw(b'"default"'),
        "mcp_servers": Raw(b'[{"type":"url","url":"https://example.com","name":"x"}]'),
        "stream": True,
    },
    messages.Tool: {
        "name": "find",
        "input_schema": Raw(b'{"type":"object","properties":{"at":{"type":"string"}}}'),
        "description": "Look around.",
        "strict": True,
        "input_examples": Raw(b'[{"at":"here"}]'),
        "eager_input_streaming": True,
        "defer_loading": True,
        "cache_control": CACHED,
    },
    messages.HostedTool: {
        "type": "web_search_20250305",
        "name": "web_search",
        "max_uses": 3,
        "allowed_domains": ("example.com",),
        "blocked_domains": ("example.org",),
        "user_location": messages.UserLocation("Kyoto", "Kyoto", "JP", "Asia/Tokyo"),
        "cache_control": CACHED,
    },
    messages.OutputConfig: {
        "effort": "low",
        "format": messages.JsonSchema(Raw(b'{"type":"object","additionalProperties":false}')),
    },
    messages.Metadata: {"user_id": "u-1"},
}


class Sample(NamedTuple):
    """`request` is `PLAIN` but for one field of one of its structs."""

    owner: type[Struct]
    field: str
    request: messages.MessagesRequest

    @property
    def value(self) -> Any:
        return SAMPLES[self.owner][self.field]

    @property
    def name(self) -> str:
        return f"{self.owner.__name__}.{self.field}"


def missing() -> set[str]:
    """Return the fields of the hub that have no sample."""
    fields = {f"{owner.__name__}.{field}" for owner in SAMPLES for field in owner.__struct_fields__}
    return fields - {sample.name for sample in samples()}


def samples() -> Iterator[Sample]:
    for owner, values in SAMPLES.items():
        for field, value in values.items():
            yield Sample(owner, field, _with(owner, field, value))


def _with(owner: type[Struct], field: str, value: Any) -> messages.MessagesRequest:
    if owner is messages.MessagesRequest:
        return replace(PLAIN, **{field: value})
    if owner is messages.Tool:
        return replace(PLAIN, tools=(replace(TOOL, **{field: value}),))
    if owner is messages.HostedTool:
        return replace(PLAIN, tools=(TOOL, replace(messages.HostedTool("web_search_20260209", "x"), **{field: value})))
    inner = replace(owner(), **{field: value})
    return replace(PLAIN, **{"metadata" if owner is messages.Metadata else "output_config": inner})
