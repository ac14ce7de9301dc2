"""`data:` URLs -> media type and base64 payload. https://www.rfc-editor.org/rfc/rfc2397"""

import base64
import binascii
from urllib.parse import unquote_to_bytes

from claude_code_proxy.errors import InvalidRequest


def split_data_url(url: str, param: str) -> tuple[str, str]:
    """Return the media type, lower case and without parameters ("" if none), and the payload in base64."""
    comma = url.find(",")
    if comma < 0:
        raise InvalidRequest("This data URL has no comma between its media type and its data.", param=param)
    media_type, *parameters = url[5:comma].lower().split(";")
    payload = url[comma + 1 :]
    if "base64" not in (parameter.strip() for parameter in parameters):
        payload = base64.b64encode(unquote_to_bytes(payload)).decode()
    return media_type.strip(), payload


def decode_base64(payload: str, param: str) -> bytes:
    """Decode base64. Accept line breaks and missing padding; raise `InvalidRequest` for anything else."""
    compact = "".join(payload.split())
    try:
        return base64.b64decode(compact + "=" * (-len(compact) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidRequest("This file's data is not valid base64.", param=param) from None
