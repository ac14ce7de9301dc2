"""What becomes of each field of a client's API: the vocabulary of the support tables, and the adjustments they make."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from operator import attrgetter

from msgspec import Raw, Struct

from claude_code_proxy.adjustment import Action, Adjustment
from claude_code_proxy.messages.content import NO_JSON
from claude_code_proxy.messages.json_text import is_given


class Fate(StrEnum):
    MAPPED = "mapped"  # Claude has it
    EMULATED = "emulated"  # the proxy does it
    IGNORED = "ignored"  # no counterpart; the answer is what it would have been, or an adjustment says so
    REFUSED = "refused"  # a 400 that says so


class Support(Struct, frozen=True):
    """`reason` is one sentence for a reader; `changes_meaning` marks what strict mode refuses when it is ignored.

    `harmless` holds the JSON of values that ask for nothing and so need no mention.
    """

    fate: Fate
    reason: str
    changes_meaning: bool = False
    harmless: tuple[bytes, ...] = ()


class Table(Struct, frozen=True):
    """The support of one part of an API, field by field, under a title for the documents."""

    title: str
    rows: Mapping[str, Support]


HEADERS = Table(
    "Request headers",
    {
        "authorization": Support(
            Fate.MAPPED, "The caller's key, also as `api-key` or `x-api-key`; never sent upstream."
        ),
        "anthropic-beta": Support(Fate.MAPPED, "Betas that the proxy knows go along; any other is named and left out."),
        "x-stainless-retry-count": Support(Fate.MAPPED, "Above 0 the client retries, so the proxy does not."),
        "x-request-id": Support(Fate.IGNORED, "Each reply gets an id of its own."),
    },
)


def ignored(path: str, support: Support) -> Adjustment:
    return Adjustment(path, Action.IGNORED, support.reason.rstrip("."), support.changes_meaning)


def asks_for_something(value: Raw, support: Support) -> bool:
    """Return whether a raw field was sent with a value that is not harmless."""
    return is_given(value) and bytes(value) not in support.harmless


class IgnoredFields:
    """The fields that a table ignores. All are of type `Raw` in the request; a table must have at least two of them."""

    def __init__(self, table: Mapping[str, Support]) -> None:
        self._rows = {name: support for name, support in table.items() if support.fate is Fate.IGNORED}
        self._values = attrgetter(*self._rows)
        self._not_given = (NO_JSON,) * len(self._rows)

    def adjustments(self, request: Struct) -> list[Adjustment]:
        """Return one adjustment for each field that asks for something. Most requests have none: one comparison."""
        values = self._values(request)
        if values == self._not_given:
            return []
        rows = zip(self._rows.items(), values, strict=True)
        return [ignored(name, support) for (name, support), value in rows if asks_for_something(value, support)]


def unknown_fields(paths: Iterable[str]) -> tuple[Adjustment, ...]:
    return tuple(Adjustment(path, Action.IGNORED, "not a field of this API") for path in paths)
