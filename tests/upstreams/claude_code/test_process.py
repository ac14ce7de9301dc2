"""The seam is kept by the double that stands in for it in the tests."""

from claude_code_proxy.upstreams.claude_code.process import Process, Start
from tests.upstreams.claude_code.scripted import ScriptedProcess, Starter


def test_the_double_is_what_the_seam_asks_for() -> None:
    start: Start = Starter()
    process: type[Process] = ScriptedProcess
    assert start is not None
    assert process is ScriptedProcess
