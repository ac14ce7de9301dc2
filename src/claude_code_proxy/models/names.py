"""The many ways to write a model's name, reduced to one key.

`anthropic/claude-opus-4.6`, `Claude Opus 4.6` and `claude-opus-4-6-20260205` have the same key; the date is kept apart.
So have the names of other services: Bedrock's `us.anthropic.claude-haiku-4-5-20251001-v1:0` and its ARNs, Vertex AI's
`claude-haiku-4-5@20251001`, frameworks' `anthropic:claude-haiku-4-5`. The rules follow the grammar of the names; which
models exist is not known here.
"""

import re
from functools import lru_cache
from typing import NamedTuple

_PREFIX = re.compile(r"^(?:[a-z0-9_-]+[.:])+(?=claude)")  # `us.anthropic.`, `anthropic:`
_TAG = re.compile(r"-v\d+(?=@)|(?:-v\d+)?(?::(?:\d+k?|latest|beta))*$")  # `-v2@20241022`, `-v1:0`, `:latest`
_WORD_BREAKS = re.compile(r"[\s._@]+")
_DATE = re.compile(r"-(\d{8})$")
_VERSION_FIRST = re.compile(r"^claude-(\d+(?:-\d+)?)-([a-z]+)$")
_ZERO_MINOR = re.compile(r"(-\d+)-0$")
_OPTION = re.compile(r"[-:](?P<word>none|minimal|low|medium|high|xhigh|max|thinking)$|\[1m\]$")
_LONGEST_KEPT = 128  # characters of a name that is remembered
_LINES = frozenset({"opus", "sonnet", "haiku", "fable", "mythos"})


class Name(NamedTuple):
    """`key` tells models apart; `date` is the snapshot asked for, if one; `spelling` is how the service writes it."""

    key: str
    date: str
    spelling: str


class NameOptions(NamedTuple):
    """What a name asks for besides the model; `effort` empty: nothing."""

    effort: str = ""
    has_thinking: bool = False


NO_OPTIONS = NameOptions()


def split_options(name: str) -> tuple[str, NameOptions]:
    """Return the name without `-high`, `:thinking`, `[1m]` and their like at its end, and what they ask for.

    The large window of `[1m]` needs no asking: every model that has one has it always.
    """
    bare, options = name.strip().lower(), NO_OPTIONS
    while found := _OPTION.search(bare):
        bare = bare[: found.start()].rstrip()
        word = found["word"]
        if word == "thinking":
            options = options._replace(has_thinking=True)
        elif word is not None and not options.effort:
            options = options._replace(effort=word)
    return bare, options


def parse(name: str) -> Name:
    """Reduce a name as somebody typed it. One that is not Claude's keeps its spelling."""
    return _parse_known(name) if len(name) <= _LONGEST_KEPT else _parse(name)


def _parse(name: str) -> Name:
    plain = _plain(name)
    if not plain.startswith("claude"):
        return Name(name.strip().lower(), "", name.strip())
    found = _DATE.search(plain)
    date = found[1] if found else ""
    return Name(_key(_DATE.sub("", plain).removesuffix("-latest")), date, plain)


_parse_known = lru_cache(maxsize=256)(_parse)  # a server is asked for the same few names over and over


def is_of_another_service(name: str) -> bool:
    """Tell whether a name has parts that only other services write; as an unknown name it must stay as it is."""
    last = _last_part(name)
    return _PREFIX.match(last) is not None or "@" in last or _TAG.sub("", last) != last


def line(model_id: str) -> str:
    """`opus` of `claude-opus-5-5` and of `claude-3-opus`; empty where a name tells no line."""
    return next((word for word in model_id.split("-") if word in _LINES), "")


def _plain(name: str) -> str:
    """Return the name in the service's spelling: lower case, hyphens, nothing before `claude`."""
    bare = _TAG.sub("", _PREFIX.sub("", _last_part(name)))
    plain = _WORD_BREAKS.sub("-", bare)
    return f"claude-{plain}" if plain.partition("-")[0] in _LINES else plain


def _last_part(name: str) -> str:
    return name.rpartition("/")[2].strip().lower()


def _key(name: str) -> str:
    reordered = _VERSION_FIRST.sub(r"claude-\2-\1", name)
    return _ZERO_MINOR.sub(r"\1", reordered)
