"""The systemd unit sets what are settings, and gives running answers the time that they have."""

import configparser
from pathlib import Path

from claude_code_proxy.cli.main import COMMANDS
from claude_code_proxy.settings import SETTINGS, Settings
from tests.project.sources import text_of

UNIT = configparser.ConfigParser(interpolation=None)
UNIT.optionxform = str  # type: ignore[assignment, method-assign]
UNIT.read_string(text_of(Path("deploy/systemd/claude-code-proxy.service")))
SERVICE = UNIT["Service"]


def test_what_it_starts_and_sets_is_there() -> None:
    program, command = SERVICE["ExecStart"].split()
    assert Path(program).name == "claude-code-proxy"
    assert command in COMMANDS
    name = SERVICE["Environment"].partition("=")[0]
    assert name in {variable for setting in SETTINGS for variable in setting.env}


def test_running_answers_have_time_to_finish() -> None:
    assert float(SERVICE["TimeoutStopSec"]) > Settings().drain_seconds


def test_the_state_is_where_the_service_may_write() -> None:
    assert SERVICE["Environment"].endswith(f"/var/lib/{SERVICE['StateDirectory']}")
