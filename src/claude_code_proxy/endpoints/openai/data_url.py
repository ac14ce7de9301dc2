"""`data:` URLs -> media type, charset and base64 payload. https://www.rfc-editor.org/rfc/rfc2397"""

import base64
import binascii
from urllib.parse import unquote, unquote_to_bytes

from msgspec import Struct

from claude_code_proxy.errors import InvalidRequest

_CHARSET = "charset="


class DataUrl(Struct, frozen=True):
    """`media_type` is in lower case and without parameters; it and `charset` are "" where they are not given."""

    media_type: str
    charset: str
    payload: str


def split_data_url(url: str, param: str) -> DataUrl:
    """Split a data URL; its payload becomes base64 if it is not. Raise `InvalidRequest` with `param`."""
    comma = url.find(",")
    if comma < 0:
        raise InvalidRequest("This data URL has no comma between its media type and its data.", param=param)
    media_type, *parameters = (part.strip() for part in unquote(url[5:comma]).lower().split(";"))
    payload = url[comma + 1 :]
    if "base64" not in parameters:
        payload = base64.b64encode(unquote_to_bytes(payload)).decode()
    charset = next((each.removeprefix(_CHARSET) for each in parameters if each.startswith(_CHARSET)), "")
    return DataUrl(media_type, charset.strip("\"' "), unescaped(payload))


def unescaped(payload: str) -> str:
    """Decode the percent escapes that some clients put into base64."""
    return unquote_to_bytes(payload).decode("latin-1") if "%" in payload else payload


def decode_base64(payload: str, param: str) -> bytes:
    """Decode base64. Accept line breaks and missing padding; raise `InvalidRequest` for anything else."""
    compact = "".join(payload.split())
    try:
        return base64.b64decode(compact + "=" * (-len(compact) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidRequest("This file's data is not valid base64.", param=param) from None
