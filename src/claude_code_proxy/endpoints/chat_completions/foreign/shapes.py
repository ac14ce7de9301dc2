"""The body of a chat completion request in another API's shape -> the same in this API's shape.

Cursor sends Anthropic's tools, blocks and `system` to this address; others send the Responses API's `input` and flat
tools, the Model Context Protocol's parts, or a schema beside the place where it belongs. Only what the types of
`schema` refuse is looked at; everything else stays as it was, byte for byte. Each change is an adjustment.
"""

import re
from collections.abc import Callable, Iterable
from typing import TypeAlias

import msgspec
from msgspec import Raw

from claude_code_proxy.adjustment import Action, Adjustment
from claude_code_proxy.endpoints.chat_completions import schema as chat
from claude_code_proxy.endpoints.chat_completions.content import stand_in
from claude_code_proxy.endpoints.chat_completions.foreign.parts import to_chat_part
from claude_code_proxy.endpoints.openai.body import normalize_value
from claude_code_proxy.messages.json_text import is_given

Fields: TypeAlias = dict[str, Raw]

_decode_fields: Callable[[Raw | bytes], Fields] = msgspec.json.Decoder(Fields).decode
_decode_list: Callable[[Raw], list[Raw]] = msgspec.json.Decoder(list[Raw]).decode
_fits_part = msgspec.json.Decoder(chat.Part).decode
_fits_message = msgspec.json.Decoder(chat.ChatMessage).decode
_fits_tool = msgspec.json.Decoder(chat.Tool).decode
_fits_choice = msgspec.json.Decoder(chat.ToolChoice).decode
_fits_format = msgspec.json.Decoder(chat.ResponseFormat).decode
_decode_text = msgspec.json.Decoder(str).decode

_CHOICES = frozenset({"auto", "any", "none", "required"})
_SCHEMA_WORDS = frozenset({"type", "properties", "$ref", "anyOf", "oneOf", "allOf", "enum", "const", "items", "$defs"})
_WEB_SEARCHES = frozenset({
    "web_search",
    "web_search_preview",
    "web_search_preview_2025_03_11",
    "web_search_2025_08_26",
})
_SEARCH_FIELDS = ("user_location", "max_uses", "allowed_domains", "blocked_domains", "cache_control")
_is_server_tool = re.compile(r"\w+_\d{8}|mcp_toolset").fullmatch
_THINKING = frozenset({"thinking", "redacted_thinking"})
_CHAT_PARTS = frozenset({"text", "image_url", "file", "input_audio", "refusal", "tool_result"})
_LONGEST_UNKNOWN = 2000  # characters of a part that nobody knows; a longer one holds data, which says nothing as words


def reshape(body: bytes) -> tuple[bytes, tuple[Adjustment, ...]]:
    """Return the body in this API's shape. What is of no known shape stays, for the decoder to judge."""
    try:
        fields = _decode_fields(body)
    except msgspec.DecodeError:
        return body, ()
    shaper = _Shaper(fields)
    shaper.shape()
    return (_encode(shaper.fields), tuple(shaper.notes)) if shaper.notes else (body, ())


class _Shaper:
    """Rewrites `fields`, those of one body. `notes` has one adjustment for each change."""

    def __init__(self, fields: Fields) -> None:
        self.fields = fields
        self.notes: list[Adjustment] = []

    def shape(self) -> None:
        self._unpack_extra_body()
        self._use_input()
        self._each("messages", self._message, fits=_fits_message)
        self._each("tools", self._tool, fits=_fits_tool)
        if self._is_foreign("tool_choice", _fits_choice):
            self._tool_choice(_fields_of(self.fields["tool_choice"]))
        if self._is_foreign("response_format", _fits_format):
            self._response_format(_fields_of(self.fields["response_format"]))

    def _is_foreign(self, name: str, fits: Callable[[Raw], object]) -> bool:
        return name in self.fields and is_given(self.fields[name]) and not _fits(self.fields[name], fits)

    def _each(self, name: str, shape: Callable[[Fields, str], None], *, fits: Callable[[Raw], object]) -> None:
        """Rewrite each item of a list that does not fit."""
        items = _items_of(self.fields.get(name))
        for index, item in enumerate(items):
            if not _fits(item, fits) and (fields := _fields_of(item)):
                shape(fields, f"{name}[{index}]")
                items[index] = _raw(fields)
        if items:
            self.fields[name] = _raw(items)

    def _unpack_extra_body(self) -> None:
        """Spread `extra_body` over the body, as client libraries do; by hand it is easily nested."""
        extra = _fields_of(self.fields.get("extra_body"))
        if extra:
            del self.fields["extra_body"]
            self.fields = {**extra, **self.fields}
            self._note("extra_body", "its fields belong to the body itself")

    def _use_input(self) -> None:
        """Read the Responses API's `input` and `instructions`."""
        given = self.fields.get("input")
        if given is None or is_given(self.fields.get("messages", Raw(b""))):
            return
        text = _text_of(given)
        messages = [_raw({"role": "user", "content": text})] if text is not None else _messages_of(_items_of(given))
        instructions = _text_of(self.fields.pop("instructions", None))
        if instructions is not None:
            messages.insert(0, _raw({"role": "system", "content": instructions}))
        if messages:
            del self.fields["input"]
            self.fields["messages"] = _raw(messages)
            self._note("input", "read as `messages`")

    def _message(self, fields: Fields, at: str) -> None:
        role = _text_of(fields.get("role")) or ""
        if _text_of(fields.get("type")) == "message":
            del fields["type"]
        if role == "tool" and "tool_use_id" in fields:
            fields.setdefault("tool_call_id", fields.pop("tool_use_id"))
        content = fields.get("content")
        if content is None or not is_given(content) or _text_of(content) is not None:
            return
        parts = _Parts(role, fields, path=f"{at}.content", notes=self.notes)
        fields["content"] = parts.content(content)

    def _tool(self, fields: Fields, at: str) -> None:
        """Anthropic's tools, and those that are flat as in the Responses API."""
        kind = _text_of(fields.get("type")) or "function"
        if "function" in fields:
            function = _fields_of(fields["function"])
            if "input_schema" in function:
                function.setdefault("parameters", function.pop("input_schema"))
                fields["function"] = _raw(function)
                self._note(at, "`input_schema` is `parameters` here")
            return
        if kind not in {"function", "custom", "mcp"}:
            self._server_tool(fields, kind, at=at)
            return
        if "name" not in fields or "custom" in fields:
            return
        inner: Fields = {name: fields.pop(name) for name in ("name", "description", "strict") if name in fields}
        schema = fields.pop("input_schema", None) or fields.pop("parameters", None)
        if kind == "custom" and schema is None:
            inner |= {"format": fields.pop("format")} if "format" in fields else {}
            fields |= {"type": _raw("custom"), "custom": _raw(inner)}
        else:
            inner |= {"parameters": schema} if schema is not None else {}
            fields |= {"type": _raw("function"), "function": _raw(inner)}
        self._note(at, "a flat tool, read as one of this API")

    def _server_tool(self, fields: Fields, kind: str, *, at: str) -> None:
        """Frame a tool of Anthropic's own, and OpenAI's name for web search."""
        if kind in _WEB_SEARCHES:
            known = {name: fields[name] for name in _SEARCH_FIELDS if name in fields}
            known |= _fields_of(fields.get("filters"))
            fields.clear()
            fields |= {**known, "type": _raw("web_search_20250305"), "name": _raw("web_search")}
        elif not _is_server_tool(kind):
            return
        tool = _raw(fields)
        fields.clear()
        fields |= {"type": _raw("server_tool"), "tool": tool}
        self._note(at, "a tool of Anthropic's own, passed on as it is")

    def _tool_choice(self, choice: Fields) -> None:
        kind, name = _text_of(choice.get("type")) or "", _text_of(choice.get("name"))
        if kind in _CHOICES:
            self.fields["tool_choice"] = _raw(kind)
        elif kind in {"tool", "function", "custom"} and name is not None:
            kind = "custom" if kind == "custom" else "function"
            self.fields["tool_choice"] = _raw({"type": kind, kind: {"name": name}})
        elif kind in _WEB_SEARCHES:
            self.fields["tool_choice"] = _raw({"type": "function", "function": {"name": "web_search"}})
        else:
            return
        if bytes(choice.get("disable_parallel_tool_use", Raw(b""))) == b"true":
            self.fields.setdefault("parallel_tool_calls", Raw(b"false"))
        self._note("tool_choice", "read as one of this API")

    def _response_format(self, format: Fields) -> None:
        """Read a schema beside its place: in `json_object`, in place of `json_schema`, or beside `type`."""
        kind = _text_of(format.get("type"))
        if kind not in {"json_object", "json_schema"}:
            return
        described = _fields_of(format.get("json_schema"))
        if is_given(format.get("schema", Raw(b""))):
            described = {name: format[name] for name in ("name", "description", "strict", "schema") if name in format}
        elif described and not is_given(described.get("schema", Raw(b""))) and not _SCHEMA_WORDS.isdisjoint(described):
            described = _as_schema(described)
        elif not (kind == "json_object" and "schema" in described):
            return
        self.fields["response_format"] = _raw({"type": "json_schema", "json_schema": described})
        self._note("response_format", "its schema belongs into `json_schema.schema`, and is held as if it stood there")

    def _note(self, path: str, reason: str) -> None:
        self.notes.append(Adjustment(path, Action.MAPPED, reason))


class _Parts:
    """The content of one message. What a part is that belongs beside the content is added to `fields`."""

    def __init__(self, role: str, fields: Fields, *, path: str, notes: list[Adjustment]) -> None:
        self._fields = fields
        self._path = path
        self._notes = notes
        self._is_history = role in {"assistant", "tool", "function"}  # what a client can no longer mend
        self._is_assistant = role == "assistant"

    def content(self, content: Raw) -> Raw:
        first = bytes(memoryview(content)[:1])
        if _text_of(content) is not None:
            return content
        if first == b"[":
            parts = (self._part(part, f"{self._path}[{index}]") for index, part in enumerate(_decode_list(content)))
            return _raw([part for part in parts if part is not None])
        if first == b"{" and _text_of(_fields_of(content).get("type")) is not None:
            self._note(self._path, "one part, read as a list of it")
            part = self._part(content, self._path)
            return _raw([part] if part is not None else [])
        if not self._is_history:
            return content
        self._note(self._path, "a JSON value, read as its text")
        return _raw(bytes(content).decode())

    def _part(self, part: Raw, at: str) -> Raw | None:
        """Return the part to keep; None for one that stands elsewhere now, or that says nothing."""
        if _fits(part, _fits_part):
            return part
        if (text := _text_of(part)) is not None:
            self._note(at, "a string, read as a text part")
            return _raw({"type": "text", "text": text})
        fields = _fields_of(part)
        kind = _text_of(fields.get("type")) or ""
        if self._is_assistant and kind in {"tool_use", *_THINKING, "reasoning"}:
            self._move(fields, kind, at=at)
            return None
        if kind == "tool_result" and is_given(fields.get("content", Raw(b""))):
            inner = _Parts("tool", fields, path=f"{at}.content", notes=self._notes)
            fields["content"] = inner.content(fields["content"])
            return _raw(fields)
        if kind in _CHAT_PARTS and _fits(normalize_value(part, chat.Part), _fits_part):
            return part  # but for fields that the decoder takes out and names
        found = to_chat_part(part)
        if found is not None:
            self._note(at, f"a part of the type {kind or 'data'}, read as one of this API")
            return _raw(found)
        return self._unknown(part, kind, at=at) if self._is_history else part

    def _move(self, fields: Fields, kind: str, *, at: str) -> None:
        """Move a call or thinking from the content to the field beside it that this API has."""
        if kind == "reasoning":
            reason = "reasoning without its signature cannot be replayed"
            self._notes.append(Adjustment(at, Action.IGNORED, reason))
            return
        self._note(at, f"a {kind} block, read as what this API has for it")
        if kind in _THINKING:
            self._append("thinking_blocks", _raw(fields))
            return
        function = {"name": fields.get("name", _raw("")), "arguments": fields.get("input", Raw(b"{}"))}
        call = {"id": fields.get("id", _raw("")), "type": "function", "function": function}
        self._append("tool_calls", _raw(call))

    def _append(self, name: str, item: Raw) -> None:
        self._fields[name] = _raw([*_items_of(self._fields.get(name)), item])

    def _unknown(self, part: Raw, kind: str, *, at: str) -> Raw | None:
        """Return text that says what a part was. The client keeps it, so an error would come back with every turn."""
        if kind == "text":
            self._note(at, "a text part without text is left out")
            return None
        text = bytes(part).decode()
        if len(text) > _LONGEST_UNKNOWN:
            text = f"(a part of the type {kind or 'unknown'}, which cannot be read here)"
        if kind in {"image", "image_url"}:
            text = stand_in(chat.ImagePart(""))
        reason = "text stands in place of a part that is of no known form"
        self._notes.append(Adjustment(at, Action.DROPPED, reason, changes_meaning=True))
        return _raw({"type": "text", "text": text})

    def _note(self, path: str, reason: str) -> None:
        self._notes.append(Adjustment(path, Action.MAPPED, reason))


def _messages_of(items: Iterable[Raw]) -> list[Raw]:
    """Return the Responses API's items as chat messages; those that are neither message nor call are left out."""
    found = []
    for item in items:
        fields = _fields_of(item)
        match _text_of(fields.get("type")) or "message":
            case "message" if "role" in fields:
                message = {name: fields[name] for name in ("role", "content", "name") if name in fields}
                found.append(_raw(message))
            case "function_call":
                function = {"name": fields.get("name"), "arguments": fields.get("arguments")}
                call = {"id": fields.get("call_id"), "type": "function", "function": function}
                found.append(_raw({"role": "assistant", "tool_calls": [call]}))
            case "function_call_output":
                result = {"tool_call_id": fields.get("call_id"), "content": fields.get("output")}
                found.append(_raw({"role": "tool", **result}))
            case _:
                pass
    return found


def _as_schema(described: Fields) -> Fields:
    """Return a schema that stands in place of its description as that description's schema."""
    schema = {name: value for name, value in described.items() if name not in {"name", "strict", "schema"}}
    rest: Fields = {name: described[name] for name in ("name", "strict") if name in described}
    return {**rest, "schema": _raw(schema)}


def _fits(raw: Raw, decode: Callable[[Raw], object]) -> bool:
    try:
        decode(raw)
    except msgspec.DecodeError:
        return False
    return True


def _fields_of(raw: Raw | None) -> Fields:
    """Return the fields of an object; none for anything else."""
    try:
        return _decode_fields(raw) if raw is not None else {}
    except msgspec.DecodeError:
        return {}


def _items_of(raw: Raw | None) -> list[Raw]:
    try:
        return _decode_list(raw) if raw is not None else []
    except msgspec.DecodeError:
        return []


def _text_of(raw: Raw | None) -> str | None:
    try:
        return _decode_text(raw) if raw is not None else None
    except msgspec.DecodeError:
        return None


def _encode(value: object) -> bytes:
    return msgspec.json.encode(value)


def _raw(value: object) -> Raw:
    return Raw(_encode(value))
