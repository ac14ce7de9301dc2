"""A record, as it is before anything is known."""

from claude_code_proxy.server.exchange.record import CLIENT_LEFT, Record


def test_at_first_nothing_is_known() -> None:
    record = Record("id", "chat_completions", 1.0)
    assert (record.status, record.outcome, record.attempts) == (0, "running", 0)
    assert (record.requested_model, record.model, record.known_model) == ("", "", False)
    assert (record.first_byte, record.usage, record.cost, record.error_kind) == (None, None, None, None)
    assert not record.adjustments
    assert not record.reply_headers


def test_the_status_of_a_client_that_left_is_none_that_is_ever_sent() -> None:
    assert CLIENT_LEFT == 499
