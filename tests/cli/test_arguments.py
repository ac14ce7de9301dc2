"""What may be typed behind the command's name, and what is said of the rest."""

import pytest

from claude_code_proxy import __version__
from claude_code_proxy.cli.arguments import Arguments, Command, Flag, parse
from claude_code_proxy.cli.main import COMMANDS as REAL_COMMANDS
from claude_code_proxy.settings import SETTINGS, Setting, SettingsError

COMMANDS = {
    "serve": Command("answers"),
    "models": Command("lists", frozenset({"model_aliases", "Server"})),
    "simulate": Command("pretends", frozenset({"port"}), (Flag("pace", "how fast", "N"), Flag("json", "for machines"))),
}


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
    assert parse(["simulate", "--pace", "3"], COMMANDS) == Arguments("simulate", {}, {"pace": "3"})
    assert parse(["simulate", "--json"], COMMANDS).own == {"json": "true"}


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
        ("paint", "unknown command 'paint'; the commands are serve, models, simulate"),
        ("--prot 1", "unknown flag --prot (did you mean --port?); see claude-code-proxy serve --help"),
        ("--prot=1", "unknown flag --prot (did you mean --port?); see claude-code-proxy serve --help"),
        ("simulate --xyz", "unknown flag --xyz; see claude-code-proxy simulate --help"),
        ("serve again", "unexpected argument after the command serve"),
        ("--port", "argument --port: expected one argument"),
        ("--pace 3", "--pace belongs to the command simulate"),
        ("--por=1", "unknown flag --por (did you mean --port?); see claude-code-proxy serve --help"),
        ("models --strict", "--strict is not a flag of the command models; see claude-code-proxy models --help"),
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


def helped(typed: str, capsys: pytest.CaptureFixture[str], commands: dict[str, Command] = COMMANDS) -> str:
    with pytest.raises(SystemExit) as ended:
        parse(typed.split(), commands)
    assert ended.value.code == 0
    return capsys.readouterr().out


def test_help_names_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    shown = helped("--help", capsys)
    assert all(name in shown and command.description in shown for name, command in COMMANDS.items())
    assert "--port" not in shown


def test_the_servers_help_names_every_setting(capsys: pytest.CaptureFixture[str]) -> None:
    shown = helped("serve --help", capsys)
    assert all((setting.flag or setting.env[0]) in shown for setting in SETTINGS)
    assert "--pace" not in shown


@pytest.mark.parametrize("command", REAL_COMMANDS)
def test_a_commands_help_lists_its_own_flags_and_no_other(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = helped(f"{command} -h", capsys, REAL_COMMANDS).split()
    own = {f"--{flag.name}" for flag in REAL_COMMANDS[command].own}
    takes = {setting.flag for setting in REAL_COMMANDS[command].settings() if setting.flag}
    assert {word for word in words if word.startswith("--")} - {"--log-level", "--config."} == (own | takes) - {
        "--log-level"
    }


@pytest.mark.parametrize("setting", [each for each in SETTINGS if each.flag], ids=lambda setting: setting.key)
def test_help_tells_what_is_allowed_and_the_default(setting: Setting, capsys: pytest.CaptureFixture[str]) -> None:
    shown = " ".join(helped("serve --help", capsys).split())
    mine = shown[shown.index(f" {setting.flag} ") :].removeprefix(f" {setting.flag} ").partition(" --")[0]
    assert all(word in mine for word in setting.kind.words)
    if setting.default not in (None, "", (), {}) and setting.key != "config":
        assert "[" in mine
    if setting.kind.metavar in {"N", "SECONDS"}:
        assert "from " in mine


def test_a_flag_stands_for_what_it_takes(capsys: pytest.CaptureFixture[str]) -> None:
    shown = helped("serve --help", capsys)
    assert "--port N " in shown
    assert "--anthropic-api-base URL\n" in shown
    assert "--log-level {debug,info,warning,error}\n" in shown


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--version"], COMMANDS)
    assert capsys.readouterr().out == f"claude-code-proxy {__version__}\n"
