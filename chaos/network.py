"""A bad network: lost packets, and kept connections into a black hole. As root, with iptables."""

import asyncio
import shutil
import socket
import subprocess
import time

from chaos.client import PROMISED, ask, chat, post, verdict
from chaos.proxy import QUICK, Proxy
from chaos.row import Outcome, row, tally
from chaos.upstream import CHUNKED, LAST_CHUNK, SSE, TEXT, Call, Upstream, head, message, stream

THEME = "A bad network"
_UNAVAILABLE = Outcome(kept=True, measured="not measured: this machine lets nobody drop packets (iptables, as root)")


def _drop(*rule: str) -> bool:
    """Add a rule to the firewall of this machine's loopback; False where that may not be done."""
    if shutil.which("iptables") is None:
        return False
    command = ["iptables", "-A", "OUTPUT", "-o", "lo", "-p", "tcp", *rule, "-j", "DROP"]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def _undo(*rule: str) -> None:
    command = ["iptables", "-D", "OUTPUT", "-o", "lo", "-p", "tcp", *rule, "-j", "DROP"]
    subprocess.run(command, check=False, capture_output=True)


@row(
    THEME,
    fault="A kept connection whose other side has gone without a word",
    promise="An error within the set times, or an answer.",
)
async def black_hole() -> Outcome:
    async with Upstream() as upstream, Proxy(upstream.url, QUICK) as proxy:
        await ask(proxy.port, post(chat()))
        rule = ("--sport", str(upstream.port))
        if not _drop(*rule):
            return _UNAVAILABLE
        try:
            began = time.monotonic()
            reply = await ask(proxy.port, post(chat()), seconds=20)
            took = time.monotonic() - began
        finally:
            _undo(*rule)
        after = verdict(await ask(proxy.port, post(chat()), seconds=20), stream=False)
    word = verdict(reply, stream=False)
    return Outcome(word == "error" and took < 8 and after == "whole", f"{word} after {took:.1f} s; then {after}")


@row(THEME, fault="Every tenth packet of the upstream is lost", promise="All answers are whole, only later.")
async def lost_packets() -> Outcome:
    async with Upstream() as upstream, Proxy(upstream.url) as proxy:
        rule = ("--sport", str(upstream.port), "-m", "statistic", "--mode", "random", "--probability", "0.1")
        if not _drop(*rule):
            return _UNAVAILABLE
        try:
            requests = [post(chat(stream=number % 2 == 0)) for number in range(60)]
            replies = await asyncio.gather(*(ask(proxy.port, request, seconds=60) for request in requests))
        finally:
            _undo(*rule)
    words = [verdict(reply, stream=number % 2 == 0, whole=TEXT) for number, reply in enumerate(replies)]
    return Outcome(set(words) == {"whole"}, tally(words))


async def _byte_by_byte(call: Call) -> None:
    data = head("200 OK", SSE, CHUNKED) + stream() + LAST_CHUNK
    if not call.streams:
        await call.send_json(message())
        return
    call.writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for at in range(len(data)):
        await call.send(data[at : at + 1])
        await asyncio.sleep(0.0005)


@row(THEME, fault="A stream that comes byte by byte", promise="Whole; nothing is lost at any seam.")
async def byte_by_byte() -> Outcome:
    async with Upstream({"drip": _byte_by_byte}) as upstream, Proxy(upstream.url, {"MAX_RETRIES": 0}) as proxy:
        request = post(chat("FAULT=drip", stream=True))
        replies = await asyncio.gather(*(ask(proxy.port, request, seconds=30) for _ in range(5)))
    words = [verdict(reply, stream=True, whole=TEXT) for reply in replies]
    return Outcome(set(words) <= PROMISED - {"error", "broken"}, tally(words))
