"""The body of a request -> a typed value, with what was left out of it or mended; or an `InvalidRequest`.

The quick way is one typed decode. Only a body that it refuses is looked at a second time: unknown fields and nulls are
taken out, small slips of real clients are mended, and everything that passes through stays as it was, byte for byte.
"""

import types
from collections.abc import Callable
from functools import cache
from typing import Generic, TypeAlias, TypeGuard, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec import Raw, Struct, inspect, structs

from claude_code_proxy.adjustment import Action, Adjustment
from claude_code_proxy.endpoints.openai.invalid_request import to_invalid_request
from claude_code_proxy.endpoints.support import unknown_fields
from claude_code_proxy.errors import InvalidRequest
from claude_code_proxy.messages.json_text import check_utf8, replace_surrogates

_T = TypeVar("_T")
_BOM = b"\xef\xbb\xbf"
_NORMALIZED = Adjustment("body", Action.MAPPED, "half a surrogate pair, which is no character, became U+FFFD")
_object: msgspec.json.Decoder[dict[str, Raw]] = msgspec.json.Decoder(dict[str, Raw])
_list: msgspec.json.Decoder[list[Raw]] = msgspec.json.Decoder(list[Raw])


Reshape: TypeAlias = Callable[[bytes], tuple[bytes, tuple[Adjustment, ...]]]
"""Reads a body that the types refuse as one of another shape."""


class BodyDecoder(Generic[_T]):
    """Decodes requests of one struct type, in which every struct forbids unknown fields.

    `reshape` gets a body that the types refuse before anything is taken out of it.
    """

    def __init__(self, struct: type[_T], reshape: Reshape = lambda body: (body, ())) -> None:
        self._reshape = reshape
        self._decode: msgspec.json.Decoder[_T] = msgspec.json.Decoder(struct)
        self._struct = struct

    def decode(self, body: bytes) -> tuple[_T, tuple[Adjustment, ...]]:
        """Return the request, and adjustments such as one that names the unknown field `messages[2].foo`."""
        if not body:
            raise InvalidRequest("The request body is empty; it must be a JSON object.")
        try:
            return self._decoded(body)
        except UnicodeDecodeError as error:
            raise InvalidRequest(f"The request body is not valid UTF-8 (byte {error.start}).") from None
        except msgspec.ValidationError as error:
            raise to_invalid_request(error, inspect.type_info(self._struct)) from None
        except msgspec.DecodeError as error:
            normalized = replace_surrogates(body.removeprefix(_BOM))
            if normalized == body:
                raise InvalidRequest(f"The request body is not valid JSON: {error}.") from None
        except RecursionError:
            raise InvalidRequest("The request body is nested too deeply.") from None
        request, adjustments = self.decode(normalized)
        return request, (*adjustments, _NORMALIZED) if normalized != body.removeprefix(_BOM) else adjustments

    def _decoded(self, body: bytes) -> tuple[_T, tuple[Adjustment, ...]]:
        if not body.isascii():
            check_utf8(body)  # all of it, since raw fields are passed on unread
        try:
            return self._decode.decode(body), ()
        except msgspec.ValidationError:
            reshaped, adjustments = self._reshape(body)
            normalizer = _BodyNormalizer()
            normalized = normalizer.split(Raw(reshaped.strip()), self._struct, path="")
            return self._decode.decode(normalized), adjustments + unknown_fields(normalizer.unknown)


class UnionDecoder(Generic[_T]):
    """Decodes one object of a union of structs with tags, for lists whose items are decoded one by one."""

    def __init__(self, union: object) -> None:
        self._decode: msgspec.json.Decoder[_T] = msgspec.json.Decoder(union)
        self._by_tag = {str(one.__struct_config__.tag): one for one in _options(union) if _is_struct(one)}

    def decode(
        self, raw: Raw, at: str, *, note_unknown: Callable[[str], None], untyped: Callable[[Raw], type[Struct]]
    ) -> _T | None:
        """Return the value, or None for a `type` that the union lacks. Raise `InvalidRequest`.

        `untyped` returns the struct for an object without a type. `note_unknown` gets the path of each field that was
        left out, such as `input[3].foo`; `at` is the path of the object.
        """
        try:
            return self._decode.decode(raw)
        except msgspec.ValidationError:
            pass
        try:
            fields = _object.decode(raw)
        except msgspec.ValidationError as error:
            raise to_invalid_request(error, inspect.type_info(dict), at=at) from None
        _check_tag(fields.get("type"), f"{at}.type")
        struct = self._struct(fields, raw, untyped=untyped)
        if struct is None:
            return None
        normalizer = _BodyNormalizer()
        normalized = msgspec.json.encode(normalizer.known(fields, struct, path=at))
        try:
            value: _T = _decoder_of(struct).decode(normalized)  # type: ignore[assignment]
        except msgspec.ValidationError as error:
            raise to_invalid_request(error, inspect.type_info(struct), at=at) from None
        for path in normalizer.unknown:
            note_unknown(path)
        return value

    def _struct(
        self, fields: dict[str, Raw], raw: Raw, *, untyped: Callable[[Raw], type[Struct]]
    ) -> type[Struct] | None:
        tag = fields.get("type")
        if tag is None or _is_null(tag):
            return untyped(raw)
        return next((one for name, one in self._by_tag.items() if bytes(tag) == msgspec.json.encode(name)), None)


def _check_tag(tag: Raw | None, at: str) -> None:
    if tag is not None and not _is_null(tag) and bytes(tag)[:1] != b'"':
        raise InvalidRequest(f"Invalid type for '{at}': expected a string.", param=at, code="invalid_type")


def normalize_value(value: Raw, kind: object) -> Raw:
    """Return a value without what its type has no place for."""
    return _BodyNormalizer().normalized(value, kind, path="")


class _BodyNormalizer:
    """Takes out what the types have no place for. `unknown` has the path of every field that was taken out.

    A `kind` is a type as the structs declare it. Only what does not decode as its kind is taken apart.
    """

    def __init__(self) -> None:
        self.unknown: list[str] = []

    def normalized(self, value: Raw, kind: object, *, path: str) -> Raw:
        return value if _fits(value, kind) else self.split(value, kind, path=path)

    def split(self, value: Raw, kind: object, *, path: str) -> Raw:
        first = bytes(memoryview(value)[:1])
        if first == b"[":
            return self._list(value, kind, path=path)
        if first == b"{":
            return self._object(value, kind, path=path)
        return _whole_number(value) if int in _options(kind) else value

    def _list(self, value: Raw, kind: object, *, path: str) -> Raw:
        item = next((get_args(option)[0] for option in _options(kind) if get_origin(option) is list), None)
        if item is None:
            return value
        items = enumerate(_list.decode(value))
        return Raw(msgspec.json.encode([self.normalized(one, item, path=f"{path}[{index}]") for index, one in items]))

    def _object(self, value: Raw, kind: object, *, path: str) -> Raw:
        fields = _object.decode(value)
        struct = _struct_for(fields, kind)
        return value if struct is None else Raw(msgspec.json.encode(self.known(fields, struct, path=path)))

    def known(self, fields: dict[str, Raw], struct: type[Struct], *, path: str) -> dict[str, Raw | str]:
        """Return the fields of an object that its struct has a place for."""
        kinds, tag_field = _kinds_of(struct), struct.__struct_config__.tag_field
        kept: dict[str, Raw | str] = {}
        if tag_field is not None:
            kept[tag_field] = str(struct.__struct_config__.tag)
        for name, value in fields.items():
            at = f"{path}.{name}" if path else name
            if name in kinds:
                if not _is_null(value):  # null means absent, also where the type has no null
                    kept[name] = self.normalized(value, kinds[name], path=at)
            elif name != tag_field and not _is_null(value):
                self.unknown.append(at)
        return kept


def _options(kind: object) -> tuple[object, ...]:
    """Return the members of a union, or the type itself if it is not a union."""
    return get_args(kind) if get_origin(kind) in {Union, types.UnionType} else (kind,)


def _is_struct(kind: object) -> TypeGuard[type[Struct]]:
    return isinstance(kind, type) and issubclass(kind, Struct)


@cache
def _decoder_of(kind: object) -> msgspec.json.Decoder[object]:
    return msgspec.json.Decoder(kind)


@cache
def _kinds_of(struct: type[Struct]) -> dict[str, object]:
    return {field.encode_name: field.type for field in structs.fields(struct)}


def _fits(value: Raw, kind: object) -> bool:
    try:
        _decoder_of(kind).decode(value)
    except msgspec.ValidationError:
        return False
    return True


def _is_null(value: Raw) -> bool:
    return bytes(memoryview(value)[:4]) == b"null"


def _whole_number(value: Raw) -> Raw:
    """JavaScript clients may write an integer as `100.0`."""
    return Raw(bytes(value).removesuffix(b".0"))


def _struct_for(fields: dict[str, Raw], kind: object) -> type[Struct] | None:
    """Return the struct for an object. Where its `type` is left out, take the first that has one of its fields."""
    found = [option for option in _options(kind) if _is_struct(option)]
    tag_field = found[0].__struct_config__.tag_field if found else None
    if tag_field is None:
        return found[0] if found else None
    tag = fields.get(tag_field)
    if tag is not None and not _is_null(tag):
        return next((one for one in found if bytes(tag) == msgspec.json.encode(one.__struct_config__.tag)), None)
    if tag_field == "role":
        return None
    return next((one for one in found if not fields.keys().isdisjoint(_kinds_of(one))), None)
