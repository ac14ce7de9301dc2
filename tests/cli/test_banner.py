"""What the start says to people and to machines, and what it never says."""

import json
import shlex

import pytest

from claude_code_proxy.cli.banner import IN_A_CONTAINER, ON_A_MACHINE, OPEN_DOOR, banner, curl
from claude_code_proxy.credentials.chain import Readiness
from claude_code_proxy.secret import Secret
from claude_code_proxy.server.process.serve import Listening
from claude_code_proxy.settings import Settings

URL = "http://127.0.0.1:8080/v1"
READY = Readiness(ok=True, reason="API key from ANTHROPIC_API_KEY")
NOT_READY = Readiness(ok=False, reason="No credential for Claude: there is no login file. Set ANTHROPIC_API_KEY.")


def test_it_says_where_what_and_with_what() -> None:
    shown = banner(Listening(URL, "anthropic", READY), Settings())
    assert f"listens on {URL}\n" in shown
    assert "upstream    anthropic, at https://api.anthropic.com\n" in shown
    assert "credential  API key from ANTHROPIC_API_KEY\n" in shown
    assert "warning" not in shown


def test_without_a_credential_it_says_what_to_set() -> None:
    shown = banner(Listening(URL, "claude-code", NOT_READY), Settings())
    assert NOT_READY.reason in shown
    assert "upstream    none: " in shown
    assert "claude-code," not in shown


def test_a_login_is_served_on_this_machine() -> None:
    signed_in = Readiness(ok=True, reason="Claude Code login from ~/.claude/.credentials.json")
    assert "upstream    claude-code, on this machine\n" in banner(Listening(URL, "claude-code", signed_in), Settings())


def test_the_simulation_needs_no_credential() -> None:
    shown = banner(Listening(URL, "simulated", READY), Settings(upstream="simulated"))
    assert "simulated" in shown
    assert "credential  none needed\n" in shown


@pytest.mark.parametrize(
    ("settings", "warned"),
    [
        (Settings(host="0.0.0.0"), True),
        (Settings(host="0.0.0.0", proxy_api_key=(Secret("k"),)), False),
        (Settings(host="::1"), False),
    ],
)
def test_an_open_door_is_told(settings: Settings, warned: bool) -> None:
    assert (OPEN_DOOR.format(ON_A_MACHINE) in banner(Listening(URL, "anthropic", READY), settings)) is warned


def test_in_a_container_nobody_is_told_to_listen_where_nobody_reaches_it() -> None:
    shown = banner(Listening(URL, "anthropic", READY), Settings(host="0.0.0.0"), contained=True)
    assert OPEN_DOOR.format(IN_A_CONTAINER) in shown
    assert ON_A_MACHINE not in shown


@pytest.mark.parametrize(("contained", "place"), [(False, "on this machine"), (True, "in this container")])
def test_a_wildcard_is_named_beside_the_address_that_reaches_it_here(contained: bool, place: str) -> None:
    now = Listening(URL, "anthropic", READY, "every IPv4 address")
    first = banner(now, Settings(host="0.0.0.0"), contained=contained).splitlines()[0]
    assert first.endswith(f"listens on every IPv4 address; {place} that is {URL}")


def test_the_line_to_copy_is_a_whole_command() -> None:
    words = shlex.split(curl(URL, Settings(default_model="it's")))
    assert words[:2] == ["curl", f"{URL}/chat/completions"]
    assert json.loads(words[-1])["model"] == "it's"


def test_the_line_to_copy_shows_a_key_where_one_is_needed_but_not_which() -> None:
    told = {"proxy_api_key": "PROXY_API_KEY"}
    one, other = Secret("key-of-a-caller"), Secret("key-of-another")
    shown = curl(URL, Settings(proxy_api_key=(one,), origins=told))
    assert '-H "Authorization: Bearer $PROXY_API_KEY"' in shown
    assert "key-of-a-caller" not in shown
    for settings in (Settings(proxy_api_key=(one, other), origins=told), Settings(proxy_api_key=(one,))):
        assert '-H "Authorization: Bearer YOUR-KEY"' in curl(URL, settings)


@pytest.mark.parametrize("credential", [READY, NOT_READY])
def test_the_simulation_needs_none_for_machines_either(credential: Readiness) -> None:
    """Several workers have a simulation each, of which the process that prints the start has none."""
    told = json.loads(
        banner(Listening(URL, "simulated", credential), Settings(upstream="simulated", log_format="json"))
    )
    assert (told["ready"], told["credential"]) == (True, "none needed")


def test_for_machines_it_is_one_line_of_json() -> None:
    shown = banner(Listening(URL, "claude-code", NOT_READY), Settings(host="0.0.0.0", log_format="json"))
    assert json.loads(shown) == {
        "event": "listening",
        "url": URL,
        "upstream": "claude-code",
        "ready": False,
        "credential": NOT_READY.reason,
        "warning": OPEN_DOOR.format(ON_A_MACHINE),
    }
    assert "\n" not in shown
