"""The vocabulary of the support tables."""

import pytest
from msgspec import Raw, Struct

from claude_code_proxy.adjustment import Action, Adjustment
from claude_code_proxy.endpoints.support import (
    Fate,
    IgnoredFields,
    Support,
    asks_for_something,
    ignored,
    unknown_fields,
)
from claude_code_proxy.messages.content import NO_JSON

SUPPORT = Support(Fate.IGNORED, "Claude has none.", changes_meaning=True, harmless=(b"0", b"{}"))


def test_an_ignored_field_is_told_with_the_reason_of_its_row() -> None:
    assert ignored("messages[1].name", SUPPORT) == Adjustment(
        "messages[1].name", Action.IGNORED, "Claude has none", True
    )


def test_unknown_fields_change_no_meaning_that_anyone_knows_of() -> None:
    assert unknown_fields(["a", "b.c"]) == (
        Adjustment("a", Action.IGNORED, "not a field of this API"),
        Adjustment("b.c", Action.IGNORED, "not a field of this API"),
    )


@pytest.mark.parametrize(
    ("value", "asks"), [(b"", False), (b"null", False), (b"0", False), (b"{}", False), (b"1", True)]
)
def test_some_values_ask_for_nothing(value: bytes, asks: bool) -> None:
    assert asks_for_something(Raw(value), SUPPORT) == asks


class Sent(Struct, frozen=True):
    model: str = "m"
    seed: Raw = NO_JSON
    store: Raw = NO_JSON


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (Sent(), []),
        (Sent(seed=Raw(b"null"), store=Raw(b"{}")), []),
        (Sent(store=Raw(b"true")), ["store"]),
        (Sent(seed=Raw(b"1"), store=Raw(b"true")), ["seed", "store"]),
    ],
)
def test_ignored_fields_that_ask_for_something_are_told(sent: Sent, expected: list[str]) -> None:
    fields = IgnoredFields({"model": Support(Fate.MAPPED, "Any."), "seed": SUPPORT, "store": SUPPORT})
    assert fields.adjustments(sent) == [ignored(name, SUPPORT) for name in expected]
