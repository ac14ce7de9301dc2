"""The credential masked in what an upstream sends, should the upstream be one that echoes it.

The model's own words (text, thinking, the arguments of a call) stay byte for byte as they are; everything else is
masked: ids, names, unknown fields, errors. Call these where the credential is known to be in the data, since they read
the JSON once more.
"""

import msgspec
from msgspec import Raw

from claude_code_proxy.messages.json_text import UNREADABLE
from claude_code_proxy.secret import Secret

_WORDS_OF_DELTA = frozenset({"text", "thinking", "partial_json"})
_WORDS_OF_BLOCK = {"text": frozenset({"text"}), "thinking": frozenset({"thinking"})}
_ARGUMENTS = frozenset({"input"})  # of a call of any kind
_NO_WORDS: frozenset[str] = frozenset()
_DATA = b"data:"

_decode_fields = msgspec.json.Decoder(dict[str, Raw]).decode
_decode_list = msgspec.json.Decoder(list[Raw]).decode
_decode_text = msgspec.json.Decoder(str).decode


def mask_message(body: bytes, secret: Secret) -> bytes:
    """Return the body of a Message masked. One that cannot be read as a Message is masked throughout."""
    try:
        return _message(body, secret)
    except UNREADABLE:
        return secret.mask(body)


def mask_event(data: bytes, secret: Secret) -> bytes:
    """Return the data of one event masked."""
    try:
        return _event(data, secret)
    except UNREADABLE:
        return secret.mask(data)


def mask_lines(piece: bytes, secret: Secret) -> bytes:
    """Return the lines of whole events masked."""
    return b"".join(_line(line, secret) for line in piece.splitlines(keepends=True))


def _line(line: bytes, secret: Secret) -> bytes:
    if not line.startswith(_DATA):
        return secret.mask(line)
    content = line.rstrip(b"\r\n")
    start = len(_DATA) + content.startswith(_DATA + b" ")
    return line[:start] + mask_event(content[start:], secret) + line[len(content) :]


def _message(body: bytes | Raw, secret: Secret) -> bytes:
    fields = _decode_fields(body)
    content = fields.get("content")
    if content is None:
        return secret.mask(bytes(body))
    blocks = [Raw(_block(block, secret)) for block in _decode_list(content)]
    return _masked_fields(fields, secret, kept={"content": msgspec.json.encode(blocks)})


def _event(data: bytes, secret: Secret) -> bytes:
    fields = _decode_fields(data)
    match _decode_text(fields.get("type", Raw(b'""'))):
        case "message_start" if "message" in fields:
            kept = {"message": _message(fields["message"], secret)}
        case "content_block_start" if "content_block" in fields:
            kept = {"content_block": _block(fields["content_block"], secret)}
        case "content_block_delta" if "delta" in fields:
            kept = {"delta": _words_kept(_decode_fields(fields["delta"]), secret, words=_WORDS_OF_DELTA)}
        case _:
            return secret.mask(data)
    return _masked_fields(fields, secret, kept=kept)


def _block(block: Raw, secret: Secret) -> bytes:
    fields = _decode_fields(block)
    kind = _decode_text(fields.get("type", Raw(b'""')))
    words = _ARGUMENTS if kind.endswith("tool_use") else _WORDS_OF_BLOCK.get(kind, _NO_WORDS)
    return _words_kept(fields, secret, words=words)


def _words_kept(fields: dict[str, Raw], secret: Secret, *, words: frozenset[str]) -> bytes:
    return _masked_fields(fields, secret, kept={name: bytes(value) for name, value in fields.items() if name in words})


def _masked_fields(fields: dict[str, Raw], secret: Secret, *, kept: dict[str, bytes]) -> bytes:
    """Return the object with all fields masked but for `kept`, which has values to put in as they are."""
    return msgspec.json.encode({
        secret.mask_text(name): Raw(kept[name] if name in kept else secret.mask(bytes(value)))
        for name, value in fields.items()
    })
