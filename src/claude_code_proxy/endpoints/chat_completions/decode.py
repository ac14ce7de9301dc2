"""Bytes -> a `ChatRequest`, with the paths of fields that no one knows; or an `InvalidRequest` that names the field.

The quick way is one typed decode. Only a body that it refuses is looked at a second time: unknown fields and nulls are
taken out, small slips of real clients are mended, and everything that passes through stays as it was, byte for byte.
"""

import re

import msgspec
from msgspec import Raw, inspect

from claude_code_proxy.endpoints.chat_completions.schema import ChatRequest
from claude_code_proxy.endpoints.json_text import mend_surrogates
from claude_code_proxy.errors import InvalidRequest

_decoder: msgspec.json.Decoder[ChatRequest] = msgspec.json.Decoder(ChatRequest)
_object: msgspec.json.Decoder[dict[str, Raw]] = msgspec.json.Decoder(dict[str, Raw])
_list: msgspec.json.Decoder[list[Raw]] = msgspec.json.Decoder(list[Raw])
_REQUEST = inspect.type_info(ChatRequest)
_AT = re.compile(r" - at `\$\.?(.*)`$")
_BOM = b"\xef\xbb\xbf"


def decode_chat_request(body: bytes) -> tuple[ChatRequest, tuple[str, ...]]:
    """The request, and the paths of unknown fields in it, such as `messages[2].foo`."""
    try:
        body.decode()  # raw fields are passed on unread, so the whole body is checked here
        return _decoder.decode(body), ()
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"The request body is not valid UTF-8 (byte {error.start}).") from None
    except msgspec.ValidationError:
        return _decode_with_care(body)
    except msgspec.DecodeError as error:
        mended = mend_surrogates(body.removeprefix(_BOM))
        if mended == body:
            raise InvalidRequest(f"The request body is not valid JSON: {error}.") from None
    except RecursionError:
        raise InvalidRequest("The request body is nested too deeply.") from None
    return decode_chat_request(mended)


def _decode_with_care(body: bytes) -> tuple[ChatRequest, tuple[str, ...]]:
    unknown: list[str] = []
    tidied = _tidy(Raw(body.strip()), _REQUEST, "", unknown)
    try:
        return _decoder.decode(tidied), tuple(unknown)
    except msgspec.ValidationError as error:
        raise _named(str(error)) from None


def _named(text: str) -> InvalidRequest:
    """The decoder's words, with the path as OpenAI writes it: `messages[0].content[1].type`."""
    found = _AT.search(text)
    if found is None or not found[1]:
        return InvalidRequest(f"Invalid request: {text[: found.start()] if found else text}.")
    path = found[1].replace(".[", "[")
    return InvalidRequest(f"Invalid value for '{path}': {text[: found.start()]}.", param=path)


def _tidy(value: Raw, kind: inspect.Type, path: str, unknown: list[str]) -> Raw:
    """`value` without nulls and without the fields that `kind` does not have; those are added to `unknown`."""
    first = bytes(memoryview(value)[:1])
    if first == b"[":
        item = _list_item(kind)
        if item is None:
            return value
        values = _list.decode(value)
        return Raw(msgspec.json.encode([_tidy(v, item, f"{path}[{i}]", unknown) for i, v in enumerate(values)]))
    if first == b"{":
        fields = _object.decode(value)
        struct = _struct_for(fields, kind)
        return value if struct is None else Raw(msgspec.json.encode(_tidy_fields(fields, struct, path, unknown)))
    return _whole_number(value) if _wants_integer(kind) else value


def _tidy_fields(
    fields: dict[str, Raw], struct: inspect.StructType, path: str, unknown: list[str]
) -> dict[str, Raw | str]:
    known = {field.encode_name: field.type for field in struct.fields}
    kept: dict[str, Raw | str] = {}
    if struct.tag_field is not None:
        kept[struct.tag_field] = str(struct.tag)
    for name, value in fields.items():
        at = f"{path}.{name}" if path else name
        if name not in known:
            if name != struct.tag_field:
                unknown.append(at)
        elif bytes(value) != b"null":  # null means absent, also where the type has no null
            kept[name] = _tidy(value, known[name], at, unknown)
    return kept


def _options(kind: inspect.Type) -> tuple[inspect.Type, ...]:
    return kind.types if isinstance(kind, inspect.UnionType) else (kind,)


def _list_item(kind: inspect.Type) -> inspect.Type | None:
    return next((option.item_type for option in _options(kind) if isinstance(option, inspect.ListType)), None)


def _wants_integer(kind: inspect.Type) -> bool:
    return any(isinstance(option, inspect.IntType) for option in _options(kind))


def _whole_number(value: Raw) -> Raw:
    """`100.0` is an integer to JavaScript clients."""
    text = bytes(value)
    return Raw(text[:-2]) if text.endswith(b".0") else value


def _struct_for(fields: dict[str, Raw], kind: inspect.Type) -> inspect.StructType | None:
    """The struct that an object is meant to be. Where its `type` is left out, the first that has one of its fields."""
    structs = [option for option in _options(kind) if isinstance(option, inspect.StructType)]
    tag_field = structs[0].tag_field if structs else None
    if tag_field is None:
        return structs[0] if structs else None
    if tag_field in fields:
        tag = bytes(fields[tag_field])
        return next((struct for struct in structs if tag == msgspec.json.encode(struct.tag)), None)
    if tag_field == "role":
        return None
    return next((s for s in structs if not fields.keys().isdisjoint(f.encode_name for f in s.fields)), None)
