"""The console script: parses the command line, reads the settings, runs one command.

An error that ends the start is one line on standard error: exit code 2 for a bad setting or argument, 1 for the rest.
Each command is imported only when it is meant, so that none pays for another.
"""

import sys
from collections.abc import Sequence
from importlib import import_module

from claude_code_proxy.cli.arguments import PROGRAM, parse
from claude_code_proxy.errors import ProxyError
from claude_code_proxy.settings import SettingsError, load

COMMANDS = {
    "serve": "answer OpenAI clients; this is what happens without a command",
    "demo": "hold a conversation with a simulated Claude, through the OpenAI SDK",
    "simulate": "be an offline Claude: a strict stand-in for the Messages API",
    "models": "print what is known of each model",
    "doctor": "look at everything that has to be right, and say what to do about the rest",
    "config": "print the settings in effect, and where each came from",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
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
    print(f"{PROGRAM}: {message}", file=sys.stderr)
    return code
