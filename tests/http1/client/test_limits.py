"""Seconds become ticks of one timer."""

import pytest

from claude_code_proxy.http1.client.limits import ClientLimits, Timeouts, idle_policy


def test_with_ordinary_timeouts_the_timer_ticks_once_a_second() -> None:
    ours = idle_policy("api.example:443", timeouts=Timeouts(), limits=ClientLimits())
    assert ours.tick == 1.0
    assert (ours.rest.ticks, ours.send.ticks, ours.first_byte.ticks, ours.idle.ticks) == (55, 60, 600, 300)


@pytest.mark.parametrize(("shortest", "tick"), [(4.0, 0.5), (0.8, 0.1), (0.01, 0.01)])
def test_short_timeouts_make_it_tick_faster(shortest: float, tick: float) -> None:
    assert idle_policy(
        "api.example:443", timeouts=Timeouts(idle=shortest), limits=ClientLimits()
    ).tick == pytest.approx(tick)


@pytest.mark.parametrize("field", ["send", "first_byte", "idle"])
def test_the_words_name_the_upstream_and_the_seconds(field: str) -> None:
    words = getattr(
        idle_policy("api.example:443", timeouts=Timeouts(**{field: 12.5}), limits=ClientLimits()), field
    ).words
    assert words.startswith("api.example:443 ")
    assert words.endswith(" for 12.5 seconds.")


def test_no_silence_is_shorter_than_asked_for() -> None:
    ours = idle_policy("api.example:443", timeouts=Timeouts(idle=0.7, first_byte=7.77), limits=ClientLimits())
    assert ours.idle.ticks * ours.tick >= 0.7
    assert ours.first_byte.ticks * ours.tick >= 7.77
