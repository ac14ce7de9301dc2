"""`demo`: a server with the simulated Claude, and one conversation with it through the real OpenAI SDK.

Everything happens in this process and on loopback; no setting, key or proxy of the machine plays a part.
"""

import asyncio
import signal
import sys
import time
from typing import TextIO

from claude_code_proxy.cli.loop import run_loop
from claude_code_proxy.cli.serve import serve_until_told
from examples.terminal import Stage
from claude_code_proxy.errors import Misconfigured
from claude_code_proxy.settings import Settings

_WORDS_A_SECOND = 25.0


def run(_: Settings) -> int:
    try:
        import openai  # noqa: F401, PLC0415 - not needed to serve, so not always there
    except ImportError as error:
        raise Misconfigured("the demo speaks through the openai package; `make demo` installs it") from error
    return 0 if run_loop(demo(sys.stdout)) else 1


async def demo(out: TextIO, pace: float = _WORDS_A_SECOND) -> bool:
    """Whether every step of the conversation brought what it should."""
    listening = asyncio.get_running_loop().create_future()
    settings = Settings(port=0, upstream="simulated", log_level="error")
    serving = asyncio.create_task(serve_until_told(settings, listening.set_result, pace=pace))
    await asyncio.wait((serving, listening), return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        await serving
    try:
        return await _told(listening.result().url, Stage(out))
    finally:
        signal.raise_signal(signal.SIGTERM)  # the server's own way to end
        await serving


async def _told(url: str, stage: Stage) -> bool:
    from openai import AsyncOpenAI, DefaultAsyncHttpxClient, __version__  # noqa: PLC0415

    from examples.conversation import Conversation  # noqa: PLC0415

    stage.title(
        "A conversation with Claude, through the OpenAI SDK",
        f"openai {__version__} → {url} → a simulated Claude, which mostly says what it was told. No key, no network.",
    )
    begun = time.perf_counter()
    http = DefaultAsyncHttpxClient(trust_env=False)
    async with AsyncOpenAI(base_url=url, api_key="unused", max_retries=0, timeout=30, http_client=http) as client:
        conversation = Conversation(client, stage)
        good = await conversation.hold()
    if good:
        took, cents = time.perf_counter() - begun, conversation.dollars * 100
        stage.close(
            f"All of it as it should be, in {took:.1f} s; at Claude's prices, for {cents:.1f} cents.\n"
            'With a key: `make run`, and in your code OpenAI(base_url="http://127.0.0.1:8080/v1", api_key="unused").'
        )
    else:
        stage.close("Not all of it was as it should be.")
    return good
