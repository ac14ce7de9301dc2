"""The transition table: complete, without dead ends, and driving the connection."""

import pytest

from claude_code_proxy.http1.server.states import TRANSITIONS, Event, State


def reachable(start: State) -> set[State]:
    found, waiting = {start}, [start]
    while waiting:
        new = set(TRANSITIONS[waiting.pop()].values()) - found
        found |= new
        waiting += new
    return found


def test_every_state_and_every_event_stands_in_the_table() -> None:
    assert set(TRANSITIONS) == set(State)
    assert {event for moves in TRANSITIONS.values() for event in moves} == set(Event)


def test_every_state_is_reached_from_the_first() -> None:
    assert reachable(State.IDLE) == set(State)


@pytest.mark.parametrize("state", State)
def test_a_connection_can_be_lost_in_every_state_and_stays_lost(state: State) -> None:
    assert TRANSITIONS[state].get(Event.LOST, State.LOST) is State.LOST
    assert TRANSITIONS[State.LOST] == {}


@pytest.mark.parametrize("state", [State.REFUSING, State.LINGERING, State.CLOSING, State.UPGRADED])
def test_no_request_follows_once_the_end_has_begun(state: State) -> None:
    assert reachable(state).isdisjoint({State.IDLE, State.HEAD, State.BODY, State.RECEIVING, State.ANSWERING})
