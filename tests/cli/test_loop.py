"""The loop that commands run on, and what is said when an address cannot be had."""

import asyncio
import errno

import uvloop

from claude_code_proxy.cli.loop import cannot_listen, run_loop


def test_commands_run_on_uvloop() -> None:
    loops: list[asyncio.AbstractEventLoop] = []

    async def main() -> None:
        loops.append(asyncio.get_running_loop())

    run_loop(main())
    assert isinstance(loops[0], uvloop.Loop)


def test_an_address_in_use_is_said_plainly() -> None:
    error = OSError(
        errno.EADDRINUSE, "error while attempting to bind on address ('127.0.0.1', 80): address already in use"
    )
    message = cannot_listen("127.0.0.1:80", error).message
    assert message == "cannot listen on 127.0.0.1:80: Address already in use; choose another port with --port or PORT"


def test_a_name_that_is_none_keeps_the_resolvers_words() -> None:
    error = OSError(-2, "Name or service not known")
    assert cannot_listen("nowhere.invalid:80", error).message.endswith(": Name or service not known")
