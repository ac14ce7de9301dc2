"""The command line, made from the table of settings: arguments -> a command and the flags that were given, as text."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from claude_code_proxy import __version__
from claude_code_proxy.settings import FLAG, SETTINGS, Setting, SettingsError, shown

PROGRAM = "claude-code-proxy"

# What is no setting: the command that has it, and what it says.
OWN = {
    "pace": ("simulate", "Words a second; 0 for all at once. [0]"),
    "replay": ("simulate", "A file with a recorded exchange, which answers every request."),
    "json": ("doctor", "Tells it for machines."),
    "call": ("doctor", "Asks a model too, which costs a few tokens."),
}
_SWITCHES = frozenset({"json", "call"})


@dataclass(frozen=True)
class Arguments:
    """`flags` by the key of their setting; `own` are those that only this command has."""

    command: str
    flags: Mapping[str, str]
    own: Mapping[str, str]


def parse(argv: Sequence[str], commands: Mapping[str, str]) -> Arguments:
    """`commands` by name, with what each does; the first is meant when none is named. Raises `SettingsError`."""
    parser = _parser(commands)
    known, unknown = parser.parse_known_args(argv)
    if unknown:
        raise SettingsError(_unknown(unknown[0]))
    if known.command not in commands:
        raise SettingsError(f"unknown command {known.command!r}; there are {', '.join(commands)}")
    given = {name: text for name, text in vars(known).items() if name != "command" and text is not None}
    own = {name: given.pop(name) for name in OWN if name in given}
    for name in own:
        if OWN[name][0] != known.command:
            raise SettingsError(f"--{name} belongs to the command {OWN[name][0]}")
    return Arguments(known.command, given, own)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise SettingsError(message)


def _parser(commands: Mapping[str, str]) -> argparse.ArgumentParser:
    width = max(map(len, commands))
    parser = _Parser(
        prog=PROGRAM,
        usage=f"{PROGRAM} [command] [flags]",
        description="An OpenAI-compatible API in front of the Anthropic Messages API.\n\ncommands:\n"
        + "\n".join(f"  {name:{width}}  {what}" for name, what in commands.items()),
        epilog="Every flag is a variable too, in capitals: --port is PORT. Secrets are variables alone:\n"
        + "\n".join(f"  {setting.env[0]}: {setting.doc}" for setting in SETTINGS if setting.kind.secret),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("command", nargs="?", default=next(iter(commands)), help=argparse.SUPPRESS)
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    groups: dict[str, argparse._ArgumentGroup] = {}
    for name, (command, what) in OWN.items():
        own = groups.get(command) or parser.add_argument_group(f"{command} alone")
        groups[command] = own
        if name in _SWITCHES:
            own.add_argument(f"--{name}", help=what, action="store_const", const="true")
        else:
            own.add_argument(f"--{name}", help=what, metavar=name.upper())
    for setting in SETTINGS:
        if setting.flag is not None:
            group = groups.get(setting.group) or parser.add_argument_group(setting.group.lower())
            groups[setting.group] = group
            _add(group, setting)
    return parser


def _add(group: argparse._ArgumentGroup, setting: Setting) -> None:
    default = shown(setting, setting.default)
    help_text = setting.doc.replace("`", "") + (f" [{default}]" if default else "")
    group.add_argument(
        str(setting.flag),
        dest=setting.key,
        help=help_text.replace("%", "%%"),
        nargs="?" if setting.kind is FLAG else None,
        const="true" if setting.kind is FLAG else None,
        metavar=setting.key.rpartition("_")[2].upper(),
    )


def _unknown(argument: str) -> str:
    """Says no more of it than its name: what follows may be a secret that somebody tried to pass as a flag."""
    if not argument.startswith("-"):
        return "one argument too many"
    name = argument.partition("=")[0]
    secret = next((setting for setting in SETTINGS if setting.kind.secret and setting.key == _key(name)), None)
    if secret is not None:
        return f"{name} is no flag, since flags can be seen by everybody; set {secret.env[0]} in the environment"
    return f"unknown flag {name}; see {PROGRAM} --help"


def _key(flag: str) -> str:
    return flag.lstrip("-").replace("-", "_")
