"""The body of a request -> a typed value, with the paths of fields that no one knows; or an `InvalidRequest`.

The quick way is one typed decode. Only a body that it refuses is looked at a second time: unknown fields and nulls are
taken out, small slips of real clients are mended, and everything that passes through stays as it was, byte for byte.
"""

from functools import cache
from typing import Generic, TypeVar

import msgspec
from msgspec import Raw, Struct, inspect

from claude_code_proxy.endpoints.json_text import mend_surrogates
from claude_code_proxy.endpoints.openai_invalid_request import options, to_invalid_request
from claude_code_proxy.errors import InvalidRequest

_T = TypeVar("_T", bound=Struct)
_BOM = b"\xef\xbb\xbf"
_object: msgspec.json.Decoder[dict[str, Raw]] = msgspec.json.Decoder(dict[str, Raw])
_list: msgspec.json.Decoder[list[Raw]] = msgspec.json.Decoder(list[Raw])


class BodyDecoder(Generic[_T]):
    """For requests of one struct, whose fields are optional or have no default, and which forbids unknown fields."""

    def __init__(self, struct: type[_T]) -> None:
        self._decode: msgspec.json.Decoder[_T] = msgspec.json.Decoder(struct)
        self._type = inspect.type_info(struct)

    def decode(self, body: bytes) -> tuple[_T, tuple[str, ...]]:
        """The request, and the paths of unknown fields in it, such as `messages[2].foo`."""
        try:
            return self._decoded(body)
        except UnicodeDecodeError as error:
            raise InvalidRequest(f"The request body is not valid UTF-8 (byte {error.start}).") from None
        except msgspec.ValidationError as error:
            raise to_invalid_request(error, self._type) from None
        except msgspec.DecodeError as error:
            mended = mend_surrogates(body.removeprefix(_BOM))
            if mended == body:
                raise InvalidRequest(f"The request body is not valid JSON: {error}.") from None
        except RecursionError:
            raise InvalidRequest("The request body is nested too deeply.") from None
        return self.decode(mended)

    def _decoded(self, body: bytes) -> tuple[_T, tuple[str, ...]]:
        body.decode()  # raw fields are passed on unread, so the whole body is checked here
        try:
            return self._decode.decode(body), ()
        except msgspec.ValidationError:
            tidying = _Tidying()
            tidied = tidying.tidied(Raw(body.strip()), self._type, path="")
            return self._decode.decode(tidied), tuple(tidying.unknown)


class _Tidying:
    """Takes out what the types have no place for. `unknown` has the path of every field that was taken out."""

    def __init__(self) -> None:
        self.unknown: list[str] = []

    def tidied(self, value: Raw, kind: inspect.Type, *, path: str) -> Raw:
        first = bytes(memoryview(value)[:1])
        if first == b"[":
            item = _item_type(kind)
            return value if item is None else self._list(value, item, path=path)
        if first == b"{":
            return self._object(value, kind, path=path)
        return _whole_number(value) if _takes_integer(kind) else value

    def _list(self, value: Raw, item: inspect.Type, *, path: str) -> Raw:
        items = enumerate(_list.decode(value))
        return Raw(msgspec.json.encode([self.tidied(one, item, path=f"{path}[{index}]") for index, one in items]))

    def _object(self, value: Raw, kind: inspect.Type, *, path: str) -> Raw:
        fields = _object.decode(value)
        struct = _struct_for(fields, kind)
        if struct is None or (path and _is_tagged(fields, struct) and _fits(value, struct.cls)):
            return value
        return Raw(msgspec.json.encode(self._known(fields, struct, path=path)))

    def _known(self, fields: dict[str, Raw], struct: inspect.StructType, *, path: str) -> dict[str, Raw | str]:
        types = {field.encode_name: field.type for field in struct.fields}
        kept: dict[str, Raw | str] = {}
        if struct.tag_field is not None:
            kept[struct.tag_field] = str(struct.tag)
        for name, value in fields.items():
            at = f"{path}.{name}" if path else name
            if name in types:
                if not _is_null(value):  # null means absent, also where the type has no null
                    kept[name] = self.tidied(value, types[name], path=at)
            elif name != struct.tag_field:
                self.unknown.append(at)
        return kept


def _is_tagged(fields: dict[str, Raw], struct: inspect.StructType) -> bool:
    return struct.tag_field is None or struct.tag_field in fields


@cache
def _decoder_of(struct: type) -> msgspec.json.Decoder[object]:
    return msgspec.json.Decoder(struct)


def _fits(value: Raw, struct: type) -> bool:
    """Most of a large body needs no change: what decodes as it is stays as it is."""
    try:
        _decoder_of(struct).decode(value)
    except msgspec.ValidationError:
        return False
    return True


def _is_null(value: Raw) -> bool:
    return bytes(memoryview(value)[:4]) == b"null"


def _item_type(kind: inspect.Type) -> inspect.Type | None:
    return next((option.item_type for option in options(kind) if isinstance(option, inspect.ListType)), None)


def _takes_integer(kind: inspect.Type) -> bool:
    return any(isinstance(option, inspect.IntType) for option in options(kind))


def _whole_number(value: Raw) -> Raw:
    """`100.0` is an integer to JavaScript clients."""
    return Raw(bytes(value).removesuffix(b".0"))


def _struct_for(fields: dict[str, Raw], kind: inspect.Type) -> inspect.StructType | None:
    """The struct that an object is meant to be. Where its `type` is left out, the first that has one of its fields."""
    structs = [option for option in options(kind) if isinstance(option, inspect.StructType)]
    tag_field = structs[0].tag_field if structs else None
    if tag_field is None:
        return structs[0] if structs else None
    tag = fields.get(tag_field)
    if tag is not None and not _is_null(tag):
        return next((struct for struct in structs if bytes(tag) == msgspec.json.encode(struct.tag)), None)
    if tag_field == "role":
        return None
    return next((s for s in structs if not fields.keys().isdisjoint(f.encode_name for f in s.fields)), None)
