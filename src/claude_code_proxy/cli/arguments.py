"""The command line, made from the table of settings: arguments -> a command and its flags, as text."""

import argparse
import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from claude_code_proxy import __version__
from claude_code_proxy.cli.standard_output import report
from claude_code_proxy.settings import SETTINGS, Setting, SettingsError, format_value
from claude_code_proxy.settings.kinds import FLAG

PROGRAM = "claude-code-proxy"
_RANGE = re.compile(r"from \d.*")


@dataclass(frozen=True)
class Flag:
    """A flag that is not a setting. Without a `metavar` it takes no value."""

    name: str
    description: str
    metavar: str | None = None


@dataclass(frozen=True)
class Command:
    """A command. `reads` names its settings by key or by group, None all of them; `own` are its other flags."""

    description: str
    reads: frozenset[str] | None = None
    own: tuple[Flag, ...] = ()

    def settings(self) -> Iterable[Setting]:
        reads = self.reads
        return (setting for setting in SETTINGS if reads is None or {setting.key, setting.group} & reads)


@dataclass(frozen=True)
class Arguments:
    """The parsed command line: `flags` by the key of their setting, `own` by the name of the command's own flag."""

    command: str
    flags: Mapping[str, str]
    own: Mapping[str, str]


def parse(argv: Sequence[str], commands: Mapping[str, Command]) -> Arguments:
    """Parse the command line; the first of `commands` is the default. Raise `SettingsError`, or exit after help."""
    parsed, unknown = _parser(commands).parse_known_args(argv)
    given = {name: text for name, text in vars(parsed).items() if text is not None}
    if given.pop("version", None):
        report(f"{PROGRAM} {__version__}")
        raise SystemExit(0)
    named = given.pop("command", None)
    name = next(iter(commands)) if named is None else named
    command = commands.get(name)
    if unknown and command is None and unknown[0].startswith("-"):  # the value of the unknown flag, not a command
        name = next(iter(commands))
        command = commands[name]
    if unknown:
        raise SettingsError(_unknown(unknown[0], command=name, known=_known(command)))
    if command is None:
        raise SettingsError(f"unknown command {name!r}; the commands are {', '.join(commands)}")
    if given.pop("help", None):
        report(overview(commands) if named is None else manual(name, command))
        raise SystemExit(0)
    own = {flag.name: given.pop(flag.name) for flag in command.own if flag.name in given}
    for key in given.keys() - {setting.key for setting in command.settings()}:
        raise SettingsError(_flag_of_another(key, command=name, commands=commands))
    return Arguments(name, given, own)


def overview(commands: Mapping[str, Command]) -> str:
    """Return the help of the program: its commands."""
    width = max(map(len, commands))
    first = next(iter(commands))
    rows = "\n".join(f"  {name:{width}}  {command.description}" for name, command in commands.items())
    return (
        f"usage: {PROGRAM} [command] [flags]\n\n"
        "An OpenAI-compatible API in front of the Anthropic Messages API.\n\n"
        f"commands:\n{rows}\n\n"
        f"flags of a command:  {PROGRAM} {first} --help\n"
        f"without a command:   {first}, with its flags\n"
        f"the version:         {PROGRAM} --version"
    )


def manual(name: str, command: Command) -> str:
    """Return the help of one command: its flags, the values that each allows, and its default."""
    settings = list(command.settings())
    secrets = [setting for setting in settings if setting.kind.secret]
    parser = argparse.ArgumentParser(
        usage=f"{PROGRAM} {name}" + (" [flags]" if settings or command.own else ""),
        description=f"{command.description[0].upper()}{command.description[1:]}.",
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
    """Break lines at spaces only, so that a model's name stays whole."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        return textwrap.wrap(text, width, break_on_hyphens=False)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise SettingsError(message)


def _parser(commands: Mapping[str, Command]) -> argparse.ArgumentParser:
    """Return a parser that knows every flag of every command, since a flag may precede the command."""
    parser = _Parser(prog=PROGRAM, add_help=False, allow_abbrev=False)
    parser.add_argument("command", nargs="?")
    parser.add_argument("-h", "--help", action="store_const", const="true")
    parser.add_argument("--version", action="store_const", const="true")
    for command in commands.values():
        for flag in command.own:
            _add_own(parser, flag)
    for setting in SETTINGS:
        if setting.flag is not None:
            _add(parser, setting)
    return parser


def _add_own(parser: argparse._ActionsContainer, flag: Flag) -> None:
    if flag.metavar is None:
        parser.add_argument(f"--{flag.name}", help=flag.description, action="store_const", const="true")
    else:
        parser.add_argument(f"--{flag.name}", help=flag.description, metavar=flag.metavar)


def _add(parser: argparse._ActionsContainer, setting: Setting) -> None:
    kind = setting.kind
    parser.add_argument(
        str(setting.flag),
        dest=setting.key,
        help=_help_of(setting).replace("%", "%%"),
        nargs="?" if kind is FLAG else None,
        const="true" if kind is FLAG else None,
        metavar=kind.metavar,
    )


def _help_of(setting: Setting) -> str:
    """Return a description that ends with the default and the range, as in `[8; from 1 to 1000]`."""
    span = _RANGE.search(setting.kind.allowed)
    notes = [format_value(setting, setting.default), span[0] if span else ""]
    return setting.doc.replace("`", "") + (f" [{'; '.join(filter(None, notes))}]" if any(notes) else "")


def _epilog(secrets: Sequence[Setting]) -> str:
    """Return the end of a command's help, which lists the variables of secrets: these have no flags."""
    intro = (
        "Each flag is also an environment variable (--log-level is LOG_LEVEL), and a key in the file of --config "
        "(log_level)."
    )
    if not secrets:
        return intro
    rows = "\n".join(f"  {setting.env[0]}: {setting.doc.replace('`', '')}" for setting in secrets)
    return f"{intro}\nSecrets have no flags. Their variables:\n{rows}"


def _flag_of_another(key: str, *, command: str, commands: Mapping[str, Command]) -> str:
    """Return the error for a flag that this command does not have."""
    flag = "--" + key.replace("_", "-")
    owner = next((name for name, other in commands.items() if key in {own.name for own in other.own}), None)
    if owner is not None:
        return f"{flag} belongs to the command {owner}"
    return f"{flag} is not a flag of the command {command}; see {PROGRAM} {command} --help"


def _known(command: Command | None) -> list[str]:
    if command is None:
        return []
    return [*(f"--{own.name}" for own in command.own), *filter(None, (setting.flag for setting in command.settings()))]


def _unknown(argument: str, *, command: str, known: Sequence[str]) -> str:
    """Return the error for an unknown argument, without its value: it may be a secret passed by mistake."""
    if not argument.startswith("-"):
        return f"unexpected argument after the command {command}"
    flag = argument.partition("=")[0]
    key = flag.lstrip("-").replace("-", "_")
    secret = next((setting for setting in SETTINGS if setting.kind.secret and setting.key == key), None)
    if secret is not None:
        return (
            f"{flag} is not a flag, since all users of a machine can see flags; set {secret.env[0]} in the environment"
        )
    import difflib  # noqa: PLC0415 - most starts do not need it

    near = difflib.get_close_matches(flag, known, n=1)
    there = f"{PROGRAM} {command} --help" if known else f"{PROGRAM} --help"
    return f"unknown flag {flag}" + (f" (did you mean {near[0]}?)" if near else "") + f"; see {there}"
