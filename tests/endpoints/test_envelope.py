"""What the envelopes of all APIs share."""

import pytest

from claude_code_proxy.endpoints.envelope import retry_headers


@pytest.mark.parametrize(
    ("seconds", "whole", "precise"),
    [(0.0, b"1", b"0"), (0.2, b"1", b"200"), (1.5, b"2", b"1500"), (30.0, b"30", b"30000")],
)
def test_when_to_come_back_in_whole_seconds_and_precisely(seconds: float, whole: bytes, precise: bytes) -> None:
    headers = dict(retry_headers(seconds, should_retry=None))
    assert headers == {b"retry-after": whole, b"retry-after-ms": precise}


@pytest.mark.parametrize(("should_retry", "value"), [(True, b"true"), (False, b"false"), (None, None)])
def test_whether_to_come_back(should_retry: bool | None, value: bytes | None) -> None:
    assert dict(retry_headers(None, should_retry=should_retry)).get(b"x-should-retry") == value
