"""What may be typed behind the command's name, and what is said of the rest."""

import pytest

from claude_code_proxy import __version__
from claude_code_proxy.cli.arguments import Arguments, parse
from claude_code_proxy.settings import SETTINGS, SettingsError

COMMANDS = {"serve": "answers", "models": "lists"}


@pytest.mark.parametrize(
    ("typed", "command", "flags"),
    [
        ("", "serve", {}),
        ("models", "models", {}),
        ("--port 9000", "serve", {"port": "9000"}),
        ("--port=9000 models", "models", {"port": "9000"}),
        (
            "serve --host 0.0.0.0 --claude-login-via messages-api",
            "serve",
            {"host": "0.0.0.0", "claude_login_via": "messages-api"},
        ),
        ("--strict", "serve", {"strict": "true"}),
        ("--strict=false", "serve", {"strict": "false"}),
        ("--model-aliases a=b,c=d", "serve", {"model_aliases": "a=b,c=d"}),
    ],
)
def test_what_is_meant(typed: str, command: str, flags: dict[str, str]) -> None:
    assert parse(typed.split(), COMMANDS) == Arguments(command, flags, {})


def test_a_command_may_have_flags_of_its_own() -> None:
    commands = {"serve": "answers", "simulate": "pretends"}
    assert parse(["simulate", "--pace", "3"], commands) == Arguments("simulate", {}, {"pace": "3"})


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.key)
def test_every_setting_but_the_secrets_is_a_flag(setting: object) -> None:
    flag = "--" + setting.key.replace("_", "-")  # type: ignore[attr-defined]
    if setting.kind.secret:  # type: ignore[attr-defined]
        with pytest.raises(SettingsError, match=f"set {setting.env[0]} in the environment"):  # type: ignore[attr-defined]
            parse([f"{flag}=x"], COMMANDS)
    else:
        assert parse([f"{flag}=x"], COMMANDS).flags == {setting.key: "x"}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("paint", "unknown command 'paint'; there are serve, models"),
        ("--prot 1", "unknown flag --prot; see claude-code-proxy --help"),
        ("serve again", "one argument too many"),
        ("--port", "argument --port: expected one argument"),
        ("--pace 3", "--pace belongs to the command simulate"),
        ("--por 1", "unknown flag --por; see claude-code-proxy --help"),
    ],
)
def test_what_is_not_understood(typed: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse(typed.split(), COMMANDS)
    assert caught.value.message == said


@pytest.mark.parametrize(
    "typed", ["--anthropic-api-key sk-ant-test-1", "--proxy-api-key=sk-ant-test-1", "--key=sk-ant-test-1"]
)
def test_a_secret_that_is_typed_is_not_repeated(typed: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse(typed.split(), COMMANDS)
    assert "sk-ant" not in caught.value.message


def test_help_names_all_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["--help"], COMMANDS)
    shown = capsys.readouterr().out
    assert ended.value.code == 0
    assert all((setting.flag or setting.env[0]) in shown for setting in SETTINGS)
    assert all(name in shown and what in shown for name, what in COMMANDS.items())


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--version"], COMMANDS)
    assert capsys.readouterr().out == f"claude-code-proxy {__version__}\n"
