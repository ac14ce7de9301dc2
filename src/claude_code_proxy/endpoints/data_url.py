"""`data:` URLs -> media type and base64 payload. https://www.rfc-editor.org/rfc/rfc2397"""

import base64
import binascii
from urllib.parse import unquote_to_bytes

from claude_code_proxy.errors import InvalidRequest


def split_data_url(url: str, param: str) -> tuple[str, str]:
    """The media type, lower case and without parameters ("" if none), and the payload in base64."""
    head, comma, payload = url.partition(",")
    if not comma:
        raise InvalidRequest("This data URL has no comma between its media type and its data.", param=param)
    media_type, *parameters = head[5:].split(";")
    if "base64" not in (parameter.strip().lower() for parameter in parameters):
        payload = base64.b64encode(unquote_to_bytes(payload)).decode()
    return media_type.strip().lower(), payload


def decode_base64(payload: str, param: str) -> bytes:
    try:
        return base64.b64decode(payload, validate=False)
    except (binascii.Error, ValueError):
        raise InvalidRequest("This file's data is not valid base64.", param=param) from None
