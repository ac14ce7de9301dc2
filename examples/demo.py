"""`make demo`: serve the simulated Claude, and hold one conversation with it through the real OpenAI SDK.

Everything happens in this process and on loopback; settings, keys and proxies of the machine are not read.
"""

import asyncio
import signal
import sys
import time
from typing import TextIO

from openai import AsyncOpenAI, DefaultAsyncHttpxClient, __version__

from claude_code_proxy.cli.loop import run_loop
from claude_code_proxy.cli.serve import serve_until_signal
from claude_code_proxy.settings import Settings
from examples.conversation import Conversation
from examples.terminal import Terminal

_WORDS_A_SECOND = 25.0


async def demo(out: TextIO, pace: float = _WORDS_A_SECOND) -> bool:
    """Hold the conversation; return whether every step brought what it should."""
    listening = asyncio.get_running_loop().create_future()
    settings = Settings(port=0, upstream="simulated", log_level="error")
    serving = asyncio.create_task(serve_until_signal(settings, listening.set_result, pace=pace))
    await asyncio.wait((serving, listening), return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        await serving
    try:
        return await _hold(listening.result().url, Terminal(out))
    finally:
        signal.raise_signal(signal.SIGTERM)  # the server's own way to end
        await serving


async def _hold(url: str, terminal: Terminal) -> bool:
    terminal.title(
        "A conversation with Claude, through the OpenAI SDK",
        f"openai {__version__} → {url} → a simulated Claude, which mostly repeats its prompt. No key, no network.",
    )
    begun = time.perf_counter()
    http = DefaultAsyncHttpxClient(trust_env=False)
    async with AsyncOpenAI(base_url=url, api_key="unused", max_retries=0, timeout=30, http_client=http) as client:
        conversation = Conversation(client, terminal)
        good = await conversation.hold()
    if good:
        took, cents = time.perf_counter() - begun, conversation.dollars * 100
        terminal.close(
            f"Every step brought what it should, in {took:.1f} s; at Claude's prices, for {cents:.1f} cents.\n"
            'With a key: `make run`, and in your code OpenAI(base_url="http://127.0.0.1:8080/v1", api_key="unused").'
        )
    else:
        terminal.close("Not every step brought what it should: see ✗ above.")
    return good


if __name__ == "__main__":
    sys.exit(0 if run_loop(demo(sys.stdout)) else 1)
