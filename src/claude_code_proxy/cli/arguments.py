"""The command line, made from the table of settings: arguments -> a command and the flags that were given, as text."""

import argparse
import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from claude_code_proxy import __version__
from claude_code_proxy.settings import SETTINGS, Setting, SettingsError, shown
from claude_code_proxy.settings.kinds import FLAG

PROGRAM = "claude-code-proxy"
_RANGE = re.compile(r"from \d.*")


@dataclass(frozen=True)
class Flag:
    """A flag that is no setting. Without a `metavar` it takes no value."""

    name: str
    what: str
    metavar: str | None = None


@dataclass(frozen=True)
class Command:
    """`reads` names the settings that it takes, by key or by group; None for all. `own` are its flags beside them."""

    what: str
    reads: frozenset[str] | None = None
    own: tuple[Flag, ...] = ()

    def settings(self) -> Iterable[Setting]:
        reads = self.reads
        return (setting for setting in SETTINGS if reads is None or {setting.key, setting.group} & reads)


@dataclass(frozen=True)
class Arguments:
    """`flags` by the key of their setting; `own` are those that only this command has."""

    command: str
    flags: Mapping[str, str]
    own: Mapping[str, str]


def parse(argv: Sequence[str], commands: Mapping[str, Command]) -> Arguments:
    """The first of `commands` is meant when none is named. Raises `SettingsError`; help and version end the program."""
    typed, unknown = _parser(commands).parse_known_args(argv)
    given = {name: text for name, text in vars(typed).items() if text is not None}
    named = given.pop("command", None)
    name = next(iter(commands)) if named is None else named
    command = commands.get(name)
    if unknown:
        raise SettingsError(_unknown(unknown[0], command=name, known=_known(command)))
    if command is None:
        raise SettingsError(f"unknown command {name!r}; there are {', '.join(commands)}")
    if given.pop("help", None):
        print(overview(commands) if named is None else manual(name, command))
        raise SystemExit(0)
    own = {flag.name: given.pop(flag.name) for flag in command.own if flag.name in given}
    for key in given.keys() - {setting.key for setting in command.settings()}:
        raise SettingsError(_foreign(key, command=name, commands=commands))
    return Arguments(name, given, own)


def overview(commands: Mapping[str, Command]) -> str:
    """The help without a command: the list of commands."""
    width = max(map(len, commands))
    first = next(iter(commands))
    rows = "\n".join(f"  {name:{width}}  {command.what}" for name, command in commands.items())
    return (
        f"usage: {PROGRAM} [command] [flags]\n\n"
        "An OpenAI-compatible API in front of the Anthropic Messages API.\n\n"
        f"commands:\n{rows}\n\n"
        f"flags of a command:  {PROGRAM} {first} --help\n"
        f"without a command:   {first}, with its flags\n"
        f"the version:         {PROGRAM} --version"
    )


def manual(name: str, command: Command) -> str:
    """All flags of one command, with what each may say and what it is by default."""
    settings = list(command.settings())
    secrets = [setting for setting in settings if setting.kind.secret]
    parser = argparse.ArgumentParser(
        usage=f"{PROGRAM} {name}" + (" [flags]" if settings or command.own else ""),
        description=f"{command.what[0].upper()}{command.what[1:]}.",
        epilog=_epilog(secrets) if settings else None,
        formatter_class=_Layout,
        add_help=False,
    )
    own = parser.add_argument_group("flags of its own")
    for flag in command.own:
        _add_own(own, flag)
    groups: dict[str, argparse._ArgumentGroup] = {}
    for setting in settings:
        if setting.flag is not None:
            group = groups.get(setting.group) or parser.add_argument_group(setting.group.lower())
            groups[setting.group] = group
            _add(group, setting)
    return parser.format_help().rstrip()


class _Layout(argparse.RawDescriptionHelpFormatter):
    """Wraps lines, but never within the name of a model."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        return textwrap.wrap(text, width, break_on_hyphens=False)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise SettingsError(message)


def _parser(commands: Mapping[str, Command]) -> argparse.ArgumentParser:
    """Knows every flag of every command, since a flag may stand before the command."""
    parser = _Parser(prog=PROGRAM, add_help=False, allow_abbrev=False)
    parser.add_argument("command", nargs="?")
    parser.add_argument("-h", "--help", action="store_const", const="true")
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    for command in commands.values():
        for flag in command.own:
            _add_own(parser, flag)
    for setting in SETTINGS:
        if setting.flag is not None:
            _add(parser, setting)
    return parser


def _add_own(parser: argparse._ActionsContainer, flag: Flag) -> None:
    if flag.metavar is None:
        parser.add_argument(f"--{flag.name}", help=flag.what, action="store_const", const="true")
    else:
        parser.add_argument(f"--{flag.name}", help=flag.what, metavar=flag.metavar)


def _add(parser: argparse._ActionsContainer, setting: Setting) -> None:
    kind = setting.kind
    parser.add_argument(
        str(setting.flag),
        dest=setting.key,
        help=_told(setting).replace("%", "%%"),
        nargs="?" if kind is FLAG else None,
        const="true" if kind is FLAG else None,
        metavar=kind.metavar,
    )


def _told(setting: Setting) -> str:
    """Ends with the default and the range, as in `[8; from 1 to 1000]`."""
    span = _RANGE.search(setting.kind.allowed)
    told = [shown(setting, setting.default), span[0] if span else ""]
    return setting.doc.replace("`", "") + (f" [{'; '.join(filter(None, told))}]" if any(told) else "")


def _epilog(secrets: Sequence[Setting]) -> str:
    """Secrets have no flags, so their variables are listed."""
    told = "Each flag is a variable too, in capitals (--log-level is LOG_LEVEL), and a key of the file of --config."
    if not secrets:
        return told
    rows = "\n".join(f"  {setting.env[0]}: {setting.doc.replace('`', '')}" for setting in secrets)
    return f"{told}\nSecrets are variables alone:\n{rows}"


def _foreign(key: str, *, command: str, commands: Mapping[str, Command]) -> str:
    """Refuses flags that this command does not use."""
    flag = "--" + key.replace("_", "-")
    owner = next((name for name, other in commands.items() if key in {own.name for own in other.own}), None)
    if owner is not None:
        return f"{flag} belongs to the command {owner}"
    return f"{flag} is no flag of the command {command}; see {PROGRAM} {command} --help"


def _known(command: Command | None) -> list[str]:
    if command is None:
        return []
    return [*(f"--{own.name}" for own in command.own), *filter(None, (setting.flag for setting in command.settings()))]


def _unknown(argument: str, *, command: str, known: Sequence[str]) -> str:
    """Names the flag without its value, which may be a secret passed by mistake."""
    if not argument.startswith("-"):
        return "one argument too many"
    flag = argument.partition("=")[0]
    key = flag.lstrip("-").replace("-", "_")
    secret = next((setting for setting in SETTINGS if setting.kind.secret and setting.key == key), None)
    if secret is not None:
        return f"{flag} is no flag, since flags can be seen by everybody; set {secret.env[0]} in the environment"
    import difflib  # noqa: PLC0415 - most starts do not need it

    near = difflib.get_close_matches(flag, known, n=1)
    there = f"{PROGRAM} {command} --help" if known else f"{PROGRAM} --help"
    return f"unknown flag {flag}" + (f" (did you mean {near[0]}?)" if near else "") + f"; see {there}"
