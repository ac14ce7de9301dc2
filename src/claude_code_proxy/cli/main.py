"""The console script: parse the command line, read the settings, run one command.

An error that ends the start is one line on standard error: exit code 2 for a bad setting or argument, 1 for the rest.
Each command is imported only when it is used, so that no command pays for the imports of another.
"""

import sys
from collections.abc import Sequence
from importlib import import_module

from claude_code_proxy.cli.arguments import PROGRAM, Command, Flag, parse
from claude_code_proxy.cli.standard_output import report_failure, reserve_descriptors
from claude_code_proxy.errors import ProxyError
from claude_code_proxy.settings import SettingsError, load

COMMANDS = {
    "serve": Command("answer OpenAI clients; the default command"),
    "simulate": Command(
        "serve an offline simulation of the Messages API alone",
        frozenset({"config", "host", "port"}),
        (
            Flag("pace", "Words a second; 0 for all at once. [0]", "N"),
            Flag("replay", "A file with a recorded exchange, which answers every request.", "PATH"),
        ),
    ),
    "models": Command("print what each model takes and costs", frozenset({"config", "model_aliases"})),
    "doctor": Command(
        "check everything that the proxy needs, and say what to do about each failure",
        frozenset({
            "config",
            "default_model",
            "model_aliases",
            "Credentials",
            "Upstream",
            "connect_seconds",
            "first_byte_seconds",
            "idle_seconds",
        }),
        (
            Flag("json", "Print JSON."),
            Flag("call", "Also send one short request to a model (costs a few tokens)."),
        ),
    ),
    "config": Command("print the settings in effect, and where each was set"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code."""
    reserve_descriptors()
    try:
        arguments = parse(sys.argv[1:] if argv is None else argv, COMMANDS)
        settings = load(arguments.flags)
        code: int = import_module(f"claude_code_proxy.cli.{arguments.command}").run(settings, **arguments.own)
    except SettingsError as error:
        return _ended(error.message, 2)
    except ProxyError as error:
        return _ended(error.message, 1)
    except KeyboardInterrupt:
        return 130
    return code


def _ended(message: str, code: int) -> int:
    report_failure(f"{PROGRAM}: {message}")
    return code
