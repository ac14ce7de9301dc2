"""The transition table: complete, without dead ends, and driving the connection."""

import pytest

from claude_code_proxy.http1.server.states import TRANSITIONS, Event, State
from tests.http1.transitions import assert_complete, reachable


def test_the_table_is_complete() -> None:
    assert_complete(TRANSITIONS, start=State.IDLE, events=Event)


@pytest.mark.parametrize("state", State)
def test_a_connection_can_be_lost_in_every_state_and_stays_lost(state: State) -> None:
    assert TRANSITIONS[state].get(Event.LOST, State.LOST) is State.LOST
    assert TRANSITIONS[State.LOST] == {}


@pytest.mark.parametrize("state", [State.REFUSING, State.LINGERING, State.CLOSING, State.UPGRADED])
def test_no_request_follows_once_the_end_has_begun(state: State) -> None:
    assert reachable(TRANSITIONS, state).isdisjoint({
        State.IDLE,
        State.HEAD,
        State.BODY,
        State.RECEIVING,
        State.ANSWERING,
    })
