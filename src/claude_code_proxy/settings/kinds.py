"""How the text of a setting becomes its value: one `SettingKind` for each kind of value that a setting may have."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

from claude_code_proxy.secret import Secret

T = TypeVar("T")


@dataclass(frozen=True)
class SettingKind(Generic[T]):
    """`parse` raises ValueError for what is not allowed; `allowed` finishes the sentence "this is not …".

    `metavar` stands for a value in the help; `words` are all there are, if there are few. `written` are the types that
    it may have in the file, beside text.
    """

    parse: Callable[[str], T]
    allowed: str
    metavar: str = "TEXT"
    words: tuple[str, ...] = ()
    written: tuple[type, ...] = ()
    secret: bool = False


def _word(text: str) -> str:
    """What may stand in a header."""
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError
    return text


def _secret(text: str) -> Secret:
    return Secret(_word(text))


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part for part in map(str.strip, text.split(",")) if part)


def _secrets(text: str) -> tuple[Secret, ...]:
    if not _listed(text):
        raise ValueError  # a lone comma must not open the door to everybody
    return tuple(_secret(part) for part in _listed(text))


def _mapped(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in _listed(text)]
    if not all(name.strip() and target.strip() for name, _, target in pairs):
        raise ValueError
    return {name.strip(): target.strip() for name, _, target in pairs}


def _truth(text: str) -> bool:
    return {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}[
        text.lower()
    ]


def _host(text: str) -> str:
    bare = text.removeprefix("[").removesuffix("]")
    if not re.fullmatch(r"[A-Za-z0-9_.-]+|[0-9A-Fa-f:.]+(?:%\w+)?", bare):
        raise ValueError
    return bare


def _address(text: str) -> str:
    """Without a trailing `/v1` and slashes, so that the base URL of any client library will do."""
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
    return SettingKind(parse, allowed, "N", written=(int,))


def seconds(low: float) -> SettingKind[float]:
    def parse(text: str) -> float:
        number = float(text)
        if not low <= number < float("inf"):
            raise ValueError
        return number

    return SettingKind(parse, f"a number of seconds from {low:g} up", "SECONDS", written=(int, float))


def choice(*words: str) -> SettingKind[Any]:
    allowed = " or ".join((", ".join(words[:-1]), words[-1]))
    return SettingKind(lambda text: words[words.index(text.lower())], allowed, f"{{{','.join(words)}}}", words)


TEXT = SettingKind(str, "text", "NAME")
WORD = SettingKind(_word, "one word of printable ASCII", "WORD")
PATH = SettingKind(Path, "a path", "PATH")
SECRET = SettingKind(_secret, "one word of printable ASCII", secret=True)
SECRETS = SettingKind(_secrets, "words of printable ASCII with commas between them", written=(list,), secret=True)
LIST = SettingKind(_listed, "a list with commas between its entries", "A,B", written=(list,))
MAPPING = SettingKind(_mapped, "a list like name=model,other=model", "NAME=MODEL,...", written=(dict,))
FLAG = SettingKind(_truth, "true or false", "{true,false}", ("true", "false"), (bool,))
HOST = SettingKind(_host, "a host name or an IP address", "HOST")
ADDRESS = SettingKind(_address, "an http or https address without user or query", "URL")
