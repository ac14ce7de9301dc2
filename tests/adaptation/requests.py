"""Messages requests for tests: short to write, and as strange as clients make them."""

import json
from typing import Any

from hypothesis import strategies as st
from msgspec import Raw

from claude_code_proxy import messages
from claude_code_proxy.adaptation.adapt import Adapted, AdaptOptions, adapt
from claude_code_proxy.models.catalogue import BUILT_IN
from claude_code_proxy.simulator.parsed_request import Caller, ParsedRequest
from claude_code_proxy.simulator.validation import validate
from tests.adaptation import odd_schemas

PLAIN = "claude-sonnet-4-6"  # takes sampling, adaptive thinking, budgets and forced tools; no prefill
NEWEST = "claude-opus-5-5"  # takes no sampling, always thinks, refuses forced tools; has late system messages
OLD = "claude-haiku-4-5"  # thinks by budget, takes prefill
MODELS = (
    "claude-opus-5",
    "claude-sonnet-5-5",
    "claude-sonnet-5",
    "claude-haiku-5-5",
    "claude-opus-4-8",
    "claude-opus-4-5",
    "claude-fable-5",
    PLAIN,
    NEWEST,
    OLD,
)

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def user(*content: messages.Block | str) -> messages.InputMessage:
    return messages.InputMessage("user", _blocks(content))


def assistant(*content: messages.Block | str) -> messages.InputMessage:
    return messages.InputMessage("assistant", _blocks(content))


def late_system(*content: messages.Block | str) -> messages.InputMessage:
    return messages.InputMessage("system", _blocks(content))


def _blocks(content: tuple[messages.Block | str, ...]) -> tuple[messages.Block, ...]:
    return tuple(messages.Text(block) if isinstance(block, str) else block for block in content)


def call(id: str = "call_1", name: str = "look", arguments: str = "{}") -> messages.ToolUse:
    return messages.ToolUse(id, name, Raw(arguments.encode()))


def result(id: str = "call_1", *texts: str, is_error: bool = False) -> messages.ToolResult:
    return messages.ToolResult(id, tuple(map(messages.Text, texts)), is_error=is_error)


def tool(name: str = "look", schema: Any = None, **fields: Any) -> messages.Tool:
    schema = {"type": "object", "properties": {"at": {"type": "string"}}} if schema is None else schema
    return messages.Tool(name, Raw(json.dumps(schema).encode()), **fields)


def request(*conversation: messages.InputMessage, model: str = PLAIN, **fields: Any) -> messages.MessagesRequest:
    return messages.MessagesRequest(model, conversation or (user("Hello."),), **fields)


def adapted(asked: messages.MessagesRequest, **options: Any) -> Adapted:
    return adapt(asked, BUILT_IN.find(asked.model), options=AdaptOptions(**options))


def accepted(sent: Adapted) -> ParsedRequest:
    """Return what the strict simulator makes of a request. Raise its refusal."""
    body = json.loads(messages.encode_request(sent.request))
    return validate(body, Caller(betas=frozenset(sent.betas)))


def told(sent: Adapted) -> list[str]:
    """Return the adjustments as `param=action`."""
    return [f"{one.path}={one.action}" for one in sent.adjustments]


# Strategies

texts = st.sampled_from(["hi", "", " ", "\n\n", "Go on.  ", "sehr schön ✓", "<system>\nx\n</system>", "{}"])
ids = st.sampled_from(["a", "b", "call_1", "a.b", "functions.look:0", "", "a_b"])
names = st.sampled_from(["look", "find", "a.b", "a_b", "x/y z", "n" * 140, "", "überall"])
arguments = st.sampled_from([
    "{}",
    "",
    "null",
    "[]",
    '"x"',
    '{"at": "x"}',
    '{"at": ',
    '{"$top": 1, "a b": 2}',
    "1,2",
    '{"value": {}}',
])
controls = st.sampled_from([
    None,
    None,
    None,
    messages.CacheControl(),
    messages.CacheControl("1h"),
    messages.CacheControl("5m"),
])

text_blocks = st.builds(messages.Text, texts, cache_control=controls)
images = st.builds(
    messages.Image,
    st.sampled_from([
        messages.Base64Source("image/png", PNG),
        messages.Base64Source("image/jpg", PNG),
        messages.UrlSource("https://example.com/a.png"),
    ]),
    cache_control=controls,
)
calls = st.builds(
    lambda id, name, text, control: messages.ToolUse(id, name, Raw(text.encode()), control),
    ids,
    names,
    arguments,
    controls,
)
results = st.builds(
    messages.ToolResult,
    ids,
    st.lists(text_blocks | images, max_size=2).map(tuple),
    is_error=st.booleans(),
    cache_control=controls,
)
unsigned = st.just(messages.Thinking("Let me see.", ""))
blocks = text_blocks | calls | results | images | unsigned
conversations = st.lists(
    st.one_of(
        st.builds(
            messages.InputMessage, st.just("user"), st.lists(text_blocks | results | images, max_size=3).map(tuple)
        ),
        st.builds(messages.InputMessage, st.just("assistant"), st.lists(text_blocks | calls, max_size=3).map(tuple)),
        st.builds(messages.InputMessage, st.just("system"), st.lists(text_blocks, max_size=2).map(tuple)),
        st.builds(
            messages.InputMessage, st.sampled_from(["user", "assistant"]), st.lists(blocks, max_size=4).map(tuple)
        ),
    ),
    min_size=1,
    max_size=10,
).map(tuple)

SCHEMAS: tuple[Any, ...] = (
    {"type": "object", "properties": {"at": {"type": "string"}}, "required": ["at"]},
    {},
    None,
    ["nonsense"],
    {"properties": None, "type": "object"},
    {"type": "string"},
    {"type": ["object", "null"], "properties": {"n": {"type": "integer", "minimum": 1}}},
    {
        "anyOf": [
            {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
            {"type": "object", "properties": {"b": {}}},
        ]
    },
    {"oneOf": [{"type": "object", "properties": {"a": {"const": 1}}}, {"type": "null"}]},
    {
        "allOf": [{"properties": {"a": {"type": "string"}}}, {"$ref": "#/$defs/B"}],
        "$defs": {"B": {"type": "object", "properties": {"b": {"$ref": "#/$defs/C"}}}, "C": {"enum": [1, "x"]}},
    },
    {
        "$ref": "#/definitions/Node",
        "definitions": {"Node": {"type": "object", "properties": {"next": {"$ref": "#/definitions/Node"}}}},
    },
    {
        "type": "object",
        "properties": {"$top": {"type": "integer"}, "_top": {}, "filter[x]": {}, "k" * 70: {}},
        "required": ["$top"],
    },
    {
        "type": "object",
        "properties": {
            "n": {"type": "number", "minimum": 1, "exclusiveMinimum": True},
            "t": {"type": "array", "items": [{"type": "string"}]},
        },
    },
    {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "properties": {"x": {"type": "any", "required": True}},
    },
    {"type": "object", "additionalProperties": True},
    {
        "type": "object",
        "properties": {
            "s": {"type": "string", "minLength": 2, "format": "phone", "pattern": "^(?=a)"},
            "l": {"type": "array", "items": {"type": "string"}, "minItems": 3, "uniqueItems": True},
        },
    },
    {"type": "object", "properties": {f"p{i}": {"type": ["string", "null"]} for i in range(9)}},
)
schemas = st.sampled_from(SCHEMAS)
tools = st.lists(
    st.builds(
        lambda name, schema, strict, control: (
            tool(name, schema, strict=strict, cache_control=control)
            if schema is not None
            else messages.Tool(name, Raw(b""), strict=strict)
        ),
        names,
        schemas,
        st.booleans(),
        controls,
    )
    | st.just(messages.HostedTool("web_search_20250305", "web_search")),
    max_size=5,
).map(tuple)
choices = st.sampled_from([
    None,
    messages.ChooseAuto(),
    messages.ChooseAuto(disable_parallel_tool_use=True),
    messages.ChooseAny(),
    messages.ChooseNone(),
])
thinkings = st.sampled_from([
    None,
    messages.Adaptive(),
    messages.Adaptive("summarized"),
    messages.Enabled(500),
    messages.Enabled(10_000),
    messages.Enabled(200_000),
    messages.Disabled(),
    messages.BetweenTools(),
])
formats = st.sampled_from([
    None,
    None,
    messages.JsonObject(),
    *(messages.JsonSchema(Raw(json.dumps(one).encode())) for one in SCHEMAS if isinstance(one, dict)),
])
efforts = st.sampled_from([None, "none", "minimal", "low", "medium", "high", "xhigh", "max"])
configs = st.none() | st.builds(messages.OutputConfig, efforts, formats)


@st.composite
def requests(draw: st.DrawFn) -> messages.MessagesRequest:
    declared = draw(tools)
    own = [one.name for one in declared if isinstance(one, messages.Tool)]
    choice = draw(choices | (st.builds(messages.ChooseTool, st.sampled_from(own), st.booleans()) if own else st.none()))
    return messages.MessagesRequest(
        draw(st.sampled_from(MODELS)),
        draw(conversations),
        max_tokens=draw(st.sampled_from([0, 1, 1000, 2000, 10_000, 10_000_000])),
        system=draw(st.lists(text_blocks, max_size=3).map(tuple)),
        stop_sequences=draw(st.lists(st.sampled_from(["END", "\n", " ", "\n\nHuman:"]), max_size=3).map(tuple)),
        temperature=draw(st.sampled_from([None, 0.0, 0.7, 1.0, 1.7])),
        top_p=draw(st.sampled_from([None, 0.5, 1.0])),
        top_k=draw(st.sampled_from([None, 40])),
        tools=declared,
        tool_choice=choice,
        thinking=draw(thinkings),
        output_config=draw(configs),
        speed=draw(st.sampled_from([None, "standard", "fast"])),
        inference_geo=draw(st.sampled_from([None, "us"])),
    )


def calm_requests() -> st.SearchStrategy[messages.MessagesRequest]:
    """Each with one oddity alone, so that nothing else is there to be told."""

    def asking(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[messages.MessagesRequest]:
        fields = {"messages": st.just((user("Hello."),)), **fields}
        return st.builds(messages.MessagesRequest, st.sampled_from(MODELS), **fields)

    shapes = odd_schemas.schemas.map(lambda schema: messages.JsonSchema(Raw(json.dumps(schema).encode())))
    said = conversations.filter(lambda conversation: all(message.content for message in conversation))
    declared = st.builds(tool, names, odd_schemas.schemas, strict=st.booleans())
    return st.one_of(
        asking(output_config=st.builds(messages.OutputConfig, format=shapes)),
        asking(tools=st.tuples(declared)),
        asking(messages=said, tools=st.just((tool(),))),
        asking(thinking=thinkings, max_tokens=st.sampled_from([0, 1, 1500, 5000])),
        asking(
            thinking=thinkings,
            output_config=st.builds(messages.OutputConfig, efforts.filter(lambda effort: effort != "none")),
        ),
    )
