"""What becomes of each field of a client's API: the vocabulary of the support tables."""

from enum import StrEnum

from msgspec import Struct


class Fate(StrEnum):
    MAPPED = "mapped"  # Claude has it
    EMULATED = "emulated"  # the proxy does it
    IGNORED = "ignored"  # no counterpart; the answer is what it would have been, or the difference is told
    REFUSED = "refused"  # a 400 that says so


class Support(Struct, frozen=True):
    """`reason` is one sentence for a reader; `changes_meaning` marks what strict mode refuses when it is ignored.

    `harmless` holds the JSON of values that ask for nothing and so need no mention.
    """

    fate: Fate
    reason: str
    changes_meaning: bool = False
    harmless: tuple[bytes, ...] = ()
