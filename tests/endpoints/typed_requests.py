"""Requests made from the `openai` package's own parameter types: whatever they allow, within what Claude can take."""

import typing
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import typing_extensions
from hypothesis import strategies as st
from openai.types.chat import completion_create_params
from openai.types.responses import response_create_params

Json: TypeAlias = dict[str, Any]
TEXT = st.text(max_size=12)
NAME = st.from_regex(r"[a-zA-Z0-9_-]{1,12}", fullmatch=True)
PNG = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAACklEQVR4nGMAAQAABQABDQottAAAAABJRU5ErkJggg=="
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-10, 10) | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=5,
)
# What the types leave open, but the API does not.
FIELDS: Mapping[str, st.SearchStrategy[Any]] = {
    "n": st.integers(1, 128),
    "temperature": st.floats(0, 2),
    "top_p": st.floats(0, 1),
    "max_tokens": st.integers(0, 2**31),
    "max_output_tokens": st.integers(0, 2**31),
    "max_completion_tokens": st.integers(0, 2**31),
    "url": st.sampled_from([PNG, "https://example.com/a.png"]),
    "file_data": st.sampled_from(["data:application/pdf;base64,JVBERi0x", "JVBERi0x", "data:text/plain,hello"]),
    "file_id": NAME,
    "name": NAME,
    "arguments": TEXT | JSON.map(str),
    "parameters": st.dictionaries(TEXT, JSON, max_size=3),
    "schema": st.dictionaries(TEXT, JSON, max_size=3),
}
# Parts that Claude cannot take, or that may not stand where the types would let them.
LEFT_OUT = {"ChatCompletionContentPartInputAudioParam"}
AT_LEAST_ONE = {"messages"}


def chat_requests() -> st.SearchStrategy[Json]:
    return _of_typed_dict(completion_create_params.CompletionCreateParamsNonStreaming).map(_sensible)


def responses_requests() -> st.SearchStrategy[Json]:
    return _of_typed_dict(response_create_params.ResponseCreateParamsNonStreaming).map(_sensible_response)


def _of(kind: Any, name: str) -> st.SearchStrategy[Any]:
    """Values of one annotation, as JSON."""
    if name in FIELDS and kind is not type(None):
        return FIELDS[name]
    origin: Any = getattr(kind, "__origin__", None)
    arguments = typing.get_args(kind)
    if origin in {typing.Required, typing.NotRequired, typing.Annotated}:
        return _of(arguments[0], name)
    if origin is typing.Literal:
        return st.sampled_from(arguments)
    if origin is typing.Union:
        inner = [_of(one, name) for one in arguments if getattr(one, "__name__", "") not in LEFT_OUT]
        return st.one_of(inner)
    if typing.is_typeddict(kind) or typing_extensions.is_typeddict(kind):
        return st.deferred(lambda: _of_typed_dict(kind))
    if origin is dict:
        return st.dictionaries(TEXT, _of(arguments[1], ""), max_size=2)
    if arguments:
        return st.lists(_of(arguments[0], ""), min_size=int(name in AT_LEAST_ONE), max_size=3)
    return _PLAIN[kind]


_PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXT,
    int: st.integers(-(2**31), 2**31),
    float: st.floats(-2, 2),
    bool: st.booleans(),
    object: JSON,
    type(None): st.none(),
}


def _of_typed_dict(kind: Any) -> st.SearchStrategy[Json]:
    hints = typing_extensions.get_type_hints(kind, include_extras=True)
    needed = {
        name for name, hint in hints.items() if kind.__total__ or getattr(hint, "__origin__", None) is typing.Required
    }
    fields = {name: _of(hint, name) for name, hint in hints.items()}
    return st.fixed_dictionaries(
        {name: fields[name] for name in hints if name in needed},
        optional={name: fields[name] for name in hints if name not in needed},
    )


def _sensible(request: Json) -> Json:
    """Without what the types allow and no service takes: empty files, tools chosen that are not there, no question."""
    each_object(request, _with_a_file)
    tools = [tool[tool["type"]]["name"] for tool in request.get("tools") or ()]
    functions = [function["name"] for function in request.get("functions") or ()]
    if isinstance(request.get("tool_choice"), dict):
        named = {"type": "function", "function": {"name": tools[0]}} if tools else "auto"
        request["tool_choice"] = named
    if isinstance(request.get("function_call"), dict):
        request["function_call"] = {"name": functions[0]} if functions else "auto"
    if all(message["role"] in {"system", "developer"} for message in request["messages"]):
        request["messages"].append({"role": "user", "content": "Hello."})
    return request


def _sensible_response(request: Json) -> Json:
    """Without what the types allow and no service takes: empty images, and things that are kept and are not here."""
    each_object(request, _with_content)
    for kept in ("previous_response_id", "conversation", "background"):
        request.pop(kept, None)
    if not isinstance(request.get("input"), str):
        items = [item for item in request.get("input") or () if item.get("type") not in NOT_ITEMS]
        request["input"] = [*items, {"role": "user", "content": "Hello."}]
    else:
        request["input"] += "."
    if isinstance(request.get("tool_choice"), dict):
        request["tool_choice"] = "auto"
    each_object(request, _without_servers)
    return request


def _without_servers(value: Json, _: str) -> None:
    """Leave MCP servers out: each needs a label of its own."""
    if isinstance(value.get("tools"), list):
        value["tools"] = [tool for tool in value["tools"] if tool.get("type") != "mcp"]


# What is kept, or a reference without a type; and calls that the service ran, whose ids are the service's own.
NOT_ITEMS = {"item_reference", None, "web_search_call", "code_interpreter_call", "mcp_call"}


def _with_content(value: Json, _: str) -> None:
    match value.get("type"):
        case "input_image" | "computer_screenshot":
            value["image_url"] = PNG
        case "input_file":
            value.pop("file_url", None)
            value["file_data"] = "data:application/pdf;base64,JVBERi0x"
        case "function_call_output":
            value["call_id"] = value.get("call_id") or "call_1"
        case "code_interpreter":
            value["container"] = {"type": "auto"}
        case _:
            pass


def _with_a_file(value: Json, _: str) -> None:
    if value.get("type") == "file" and not value["file"].keys() & {"file_data", "file_id"}:
        value["file"] = {"file_data": "JVBERi0x"}


def each_object(value: Any, do: Callable[[Json, str], None], path: str = "") -> None:
    """Call `do` with every object and its path, from the outside in."""
    if isinstance(value, dict):
        do(value, path)
        for name, inner in list(value.items()):
            each_object(inner, do, f"{path}.{name}".lstrip("."))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            each_object(inner, do, f"{path}[{index}]")
