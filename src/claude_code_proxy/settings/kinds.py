"""How the text of a setting becomes its value: one `SettingKind` for each kind of value that a setting may have."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

from claude_code_proxy.secret import Secret

T = TypeVar("T")


@dataclass(frozen=True)
class SettingKind(Generic[T]):
    """A kind of value. `parse` raises ValueError for a text that is not allowed.

    `allowed` completes the sentence "this is not …". `metavar` stands for a value in the help; `words` are the allowed
    words, where there are few. `file_types` are the TOML types that the value may have, beside text.
    """

    parse: Callable[[str], T]
    allowed: str
    metavar: str = "TEXT"
    words: tuple[str, ...] = ()
    file_types: tuple[type, ...] = ()
    secret: bool = False


def _word(text: str) -> str:
    """Return the text if it may stand in an HTTP header."""
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError
    return text


def _secret(text: str) -> Secret:
    return Secret(_word(text))


def _list(text: str) -> tuple[str, ...]:
    return tuple(part for part in map(str.strip, text.split(",")) if part)


def _networks(text: str) -> tuple[str, ...]:
    return tuple(part if part == "unix" else str(ip_network(part)) for part in _list(text))


def _secrets(text: str) -> tuple[Secret, ...]:
    if not _list(text):
        raise ValueError  # a comma alone must not mean "no key": then everybody would be served
    return tuple(_secret(part) for part in _list(text))


def _mapping(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in _list(text)]
    if not all(name.strip() and target.strip() for name, _, target in pairs):
        raise ValueError
    return {name.strip(): target.strip() for name, _, target in pairs}


def _boolean(text: str) -> bool:
    return {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}[
        text.lower()
    ]


def _host(text: str) -> str:
    bare = text.removeprefix("[").removesuffix("]")
    if not re.fullmatch(r"[A-Za-z0-9_.-]+|[0-9A-Fa-f:.]+(?:%\w+)?", bare):
        raise ValueError
    return bare


def _url(text: str) -> str:
    """Return the URL without a trailing `/v1` and slashes, as different client libraries want it with or without."""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
        raise ValueError
    if parts.query or parts.fragment or parts.port == 0:
        raise ValueError
    path = parts.path.rstrip("/").removesuffix("/v1").rstrip("/")
    return f"{parts.scheme}://{parts.netloc}{path}"


def whole(low: int, high: int | None = None) -> SettingKind[int]:
    def parse(text: str) -> int:
        number = int(text)
        if number < low or (high is not None and number > high):
            raise ValueError
        return number

    allowed = f"a whole number from {low} to {high}" if high is not None else f"a whole number from {low} up"
    return SettingKind(parse, allowed, "N", file_types=(int,))


def seconds(low: float) -> SettingKind[float]:
    def parse(text: str) -> float:
        number = float(text)
        if not low <= number < float("inf"):
            raise ValueError
        return number

    return SettingKind(parse, f"a number of seconds from {low:g} up", "SECONDS", file_types=(int, float))


def choice(*words: str) -> SettingKind[Any]:
    allowed = " or ".join((", ".join(words[:-1]), words[-1]))
    return SettingKind(lambda text: words[words.index(text.lower())], allowed, f"{{{','.join(words)}}}", words)


TEXT = SettingKind(str, "text", "NAME")
WORD = SettingKind(_word, "one word of printable ASCII", "WORD")
PATH = SettingKind(Path, "a path", "PATH")
SECRET = SettingKind(_secret, "one word of printable ASCII", secret=True)
SECRETS = SettingKind(_secrets, "words of printable ASCII with commas between them", file_types=(list,), secret=True)
LIST = SettingKind(_list, "a list with commas between its entries", "A,B", file_types=(list,))
NETWORKS = SettingKind(
    _networks, "a list of addresses and networks, such as 10.0.0.0/8, or unix", "A,B", file_types=(list,)
)
MAPPING = SettingKind(_mapping, "a list like name=model,other=model", "NAME=MODEL,...", file_types=(dict,))
FLAG = SettingKind(_boolean, "true or false", "{true,false}", ("true", "false"), (bool,))
HOST = SettingKind(_host, "a host name or an IP address", "HOST")
ADDRESS = SettingKind(_url, "an http or https address without user or query", "URL")
