"""The transition table of a connection to a server: complete, and without dead ends."""

import pytest

from claude_code_proxy.http1.client.states import TRANSITIONS, ClientEvent, ClientState
from tests.http1.transitions import assert_complete


def test_the_table_is_complete() -> None:
    assert_complete(TRANSITIONS, start=ClientState.FRESH, events=ClientEvent)


@pytest.mark.parametrize("state", ClientState)
def test_any_state_may_fail_and_none_comes_back_from_it(state: ClientState) -> None:
    after = TRANSITIONS[state][ClientEvent.FAILED]
    assert ClientEvent.EXCHANGE_BEGUN not in TRANSITIONS[after]


def test_only_a_connection_without_an_exchange_begins_one() -> None:
    beginning = {state for state, moves in TRANSITIONS.items() if ClientEvent.EXCHANGE_BEGUN in moves}
    assert beginning == {ClientState.FRESH, ClientState.RESTING}


def test_a_response_that_is_complete_stays_so() -> None:
    moves = TRANSITIONS[ClientState.COMPLETE]
    assert moves[ClientEvent.LOST] is moves[ClientEvent.FAILED] is ClientState.COMPLETE
