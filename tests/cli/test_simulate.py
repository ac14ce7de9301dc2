"""The simulated Claude as a command of its own."""

import signal
from pathlib import Path

import pytest

from claude_code_proxy.cli.simulate import simulator_options
from claude_code_proxy.settings import SettingsError
from tests.cli.processes import ended, post, started

MESSAGE = {"model": "claude-opus-5-5", "max_tokens": 99, "messages": [{"role": "user", "content": "Count to 3"}]}
HEADERS = {"x-api-key": "sk-ant-test", "anthropic-version": "2023-06-01"}

WHY = "Address already in use; choose another port with --port or PORT"


def test_it_answers_messages_until_it_is_told_to_stop(tmp_path: Path) -> None:
    with started(tmp_path, "simulate", "--port", "0") as (process, url):
        status, body = post(f"{url}/v1/messages", MESSAGE, HEADERS)
        assert (status, body["content"][-1]["text"]) == (200, "1, 2, 3")
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0


def test_an_address_in_use_ends_the_start(tmp_path: Path) -> None:
    with started(tmp_path, "simulate", "--port", "0") as (_, url):
        port = url.rpartition(":")[2]
        assert ended(tmp_path, "simulate", "--port", port) == (
            1,
            f"claude-code-proxy: cannot listen on 127.0.0.1:{port}: {WHY}\n",
        )


def test_its_own_flags(tmp_path: Path) -> None:
    recorded = tmp_path / "exchange.json"
    recorded.write_text("{}")
    assert simulator_options("2.5", str(recorded)).pace == 2.5
    assert simulator_options("0", str(recorded)).replay == recorded
    assert simulator_options("0", None).replay is None


@pytest.mark.parametrize(
    ("pace", "replay", "said"),
    [
        ("fast", None, "--pace: 'fast' is not a number of words a second"),
        ("-1", None, "--pace: '-1' is not a number of words a second"),
        ("nan", None, "--pace: 'nan' is not a number of words a second"),
        ("0", "/nowhere.json", "--replay: no such file: /nowhere.json"),
    ],
)
def test_flags_that_are_not_allowed(pace: str, replay: str | None, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        simulator_options(pace, replay)
    assert caught.value.message == said


def test_a_bad_flag_ends_the_start_with_two(tmp_path: Path) -> None:
    said = "claude-code-proxy: --pace: 'fast' is not a number of words a second\n"
    assert ended(tmp_path, "simulate", "--pace", "fast") == (2, said)
