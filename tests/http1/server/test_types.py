"""What a server is given."""

import dataclasses

import pytest

from claude_code_proxy.http1.server import ServerLimits, plain_error


def test_limits_are_bounds_that_cannot_be_moved() -> None:
    limits = ServerLimits(body_bytes=1)
    assert limits.body_bytes == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        limits.body_bytes = 2  # type: ignore[misc]


def test_every_limit_bounds_something_by_default() -> None:
    assert all(value > 0 for value in dataclasses.asdict(ServerLimits()).values())


def test_a_plain_fault_is_a_line_of_text() -> None:
    assert plain_error(400, "No.", request=None) == ([(b"content-type", b"text/plain; charset=utf-8")], b"No.\n")
