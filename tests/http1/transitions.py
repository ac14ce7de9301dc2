"""What holds for every transition table of a connection."""

from collections.abc import Mapping
from enum import Enum
from typing import TypeVar

S = TypeVar("S", bound=Enum)
E = TypeVar("E", bound=Enum)


def reachable(transitions: Mapping[S, Mapping[E, S]], start: S) -> set[S]:
    """Return every state that can follow `start`, and `start` itself."""
    found, waiting = {start}, [start]
    while waiting:
        new = set(transitions[waiting.pop()].values()) - found
        found |= new
        waiting += new
    return found


def assert_complete(transitions: Mapping[S, Mapping[E, S]], *, start: S, events: type[E]) -> None:
    """Check that every state has a row and is reached from `start`, and that every event moves something."""
    assert set(transitions) == set(type(start))
    assert {event for moves in transitions.values() for event in moves} == set(events)
    assert reachable(transitions, start) == set(type(start))
