"""Which betas of a caller go along, and what is said of the others."""

from claude_code_proxy.endpoints.betas import KNOWN, normalize_betas
from claude_code_proxy.simulator import betas as simulated

THINKING, CONTEXT = "interleaved-thinking-2025-05-14", "context-management-2025-06-27"


def told(header: str, *, is_supported: bool = True) -> list[str]:
    return [f"{a.path}={a.action} ({a.reason})" for a in normalize_betas(header, is_supported=is_supported)[1]]


def test_known_ones_go_along_each_once_and_in_order() -> None:
    assert normalize_betas(f"{THINKING}, {CONTEXT},{THINKING}", is_supported=True) == ((CONTEXT, THINKING), ())


def test_others_are_named() -> None:
    betas, _ = normalize_betas(f"made-up-2099-01-01,{THINKING}", is_supported=True)
    assert betas == (THINKING,)
    assert told(f"made-up-2099-01-01,{THINKING}") == [
        "anthropic-beta=ignored (made-up-2099-01-01: not a beta that the proxy knows)"
    ]
    assert told("context-1m-2025-08-07")[0].startswith("anthropic-beta=ignored (context-1m-2025-08-07: it has ended")
    assert "credential" in told("oauth-2025-04-20")[0]


def test_what_is_named_is_short() -> None:
    assert len(told("x" * 5000)[0]) < 150


def test_nothing_told() -> None:
    assert normalize_betas("", is_supported=True) == normalize_betas(" , ", is_supported=True) == ((), ())


def test_an_upstream_that_carries_none() -> None:
    assert normalize_betas(THINKING, is_supported=False)[0] == ()
    assert told(THINKING, is_supported=False) == [f"anthropic-beta=ignored ({THINKING}: the upstream sends its own)"]


def test_all_that_go_along_are_known_to_the_simulated_service() -> None:
    assert not KNOWN - simulated.KNOWN
    assert simulated.OAUTH not in KNOWN
