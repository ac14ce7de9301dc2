"""Sealing: what a client keeps for the proxy and may neither read nor change, by AES-GCM.

A sealed text is base64 of the id of its key, a nonce and the encrypted data. The nonce is derived from the data with a
key of its own: equal data has an equal seal, and no nonce is ever used for two texts.
"""

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_ID_BYTES, _NONCE_BYTES = 4, 12
_KEY_FILE = "seal-key"


class Sealer:
    """`keys` are secrets of any length: the first one seals, and each of them opens."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._secrets = tuple(keys)

    def seal(self, data: bytes) -> str:
        """Return text for the client, about four thirds as long as the data."""
        return base64.urlsafe_b64encode(self.seal_bytes(data)).decode()

    def open(self, text: str) -> bytes | None:
        """Return what was sealed; None for anything that none of the keys has sealed."""
        try:
            sealed = base64.b64decode(text.encode(), altchars=b"-_", validate=True)
        except (binascii.Error, UnicodeEncodeError):
            return None
        return self.open_bytes(sealed)

    def seal_bytes(self, data: bytes) -> bytes:
        """Return data for a file, 32 bytes longer."""
        key = self._keys[0]
        nonce = hmac.digest(key.nonce_key, data, "sha256")[:_NONCE_BYTES]
        return key.id + nonce + key.cipher.encrypt(nonce, data, key.id)

    def open_bytes(self, sealed: bytes) -> bytes | None:
        """Return what was sealed; None for anything that none of the keys has sealed."""
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - not everybody needs it

        id, nonce, data = sealed[:_ID_BYTES], sealed[_ID_BYTES:][:_NONCE_BYTES], sealed[_ID_BYTES + _NONCE_BYTES :]
        key = next((each for each in self._keys if each.id == id), None)
        if key is None or len(nonce) < _NONCE_BYTES:
            return None
        try:
            return key.cipher.decrypt(nonce, data, key.id)
        except InvalidTag:
            return None

    @cached_property
    def _keys(self) -> tuple["_Key", ...]:
        return tuple(map(_to_key, self._secrets))


class _Key(Struct, frozen=True):
    id: bytes
    nonce_key: bytes
    cipher: "AESGCM"


def _to_key(secret: bytes) -> _Key:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    return _Key(_derived(secret, b"id")[:_ID_BYTES], _derived(secret, b"nonce"), AESGCM(_derived(secret, b"data")))


def _derived(secret: bytes, purpose: bytes) -> bytes:
    return hashlib.blake2b(secret, digest_size=32, person=purpose).digest()


def open_sealer(keys: Sequence[bytes], directory: Path | None) -> Sealer:
    """Return a sealer with `keys`; without any, with a key of `directory`, or of this process alone.

    Raise `OSError` if the file of the key cannot be used.
    """
    if keys:
        return Sealer(keys)
    return Sealer([os.urandom(32) if directory is None else _kept_key(directory)])


def _kept_key(directory: Path) -> bytes:
    """Return the key that is kept in `directory`, made by whoever comes first."""
    path = directory / _KEY_FILE
    if not path.exists():
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        made = directory / f"{_KEY_FILE}.{os.getpid()}"
        descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(os.urandom(32))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(made, path)  # never in place of a key by which something may be sealed already
        made.unlink()
    return path.read_bytes()
