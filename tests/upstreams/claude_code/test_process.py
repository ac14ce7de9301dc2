"""What a process says when it is done; the rest of the seam is a promise, kept by the double of the other tests."""

from claude_code_proxy.upstreams.claude_code.process import TurnEnded
from tests.upstreams.claude_code.scripted import answer


def test_a_turn_ends_after_its_answer() -> None:
    assert answer("ok")[-1] == TurnEnded()
