"""Seconds become ticks of one timer."""

import pytest

from claude_code_proxy.http1.client.limits import ClientLimits, IdlePolicy, Timeouts, idle_policy
from claude_code_proxy.http1.client.states import ClientState

NAME = "api.example:443"


def policy(**timeouts: float) -> IdlePolicy:
    return idle_policy(NAME, timeouts=Timeouts(**timeouts), limits=ClientLimits())


def test_with_ordinary_timeouts_the_timer_ticks_once_a_second() -> None:
    ours = policy()
    assert ours.tick == 1.0
    assert {state: limit.ticks for state, limit in ours.limits.items()} == {
        ClientState.RESTING: 55,
        ClientState.SENDING: 60,
        ClientState.WAITING: 600,
        ClientState.READING: 300,
    }


@pytest.mark.parametrize(("shortest", "tick"), [(4.0, 0.5), (0.8, 0.1), (0.01, 0.01)])
def test_short_timeouts_make_it_tick_faster(shortest: float, tick: float) -> None:
    assert policy(idle=shortest).tick == pytest.approx(tick)


@pytest.mark.parametrize(
    ("field", "state"),
    [("send", ClientState.SENDING), ("first_byte", ClientState.WAITING), ("idle", ClientState.READING)],
)
def test_the_message_names_the_server_and_the_seconds(field: str, state: ClientState) -> None:
    message = policy(**{field: 12.5}).limits[state].message
    assert message.startswith(f"{NAME} ")
    assert message.endswith(" for 12.5 seconds.")


def test_no_limit_is_shorter_than_its_timeout() -> None:
    ours = policy(idle=0.7, first_byte=7.77)
    assert ours.limits[ClientState.READING].ticks * ours.tick >= 0.7
    assert ours.limits[ClientState.WAITING].ticks * ours.tick >= 7.77
