"""A bad network: lost packets, long ways, stalls, IPv6, and kept connections into a black hole."""

import asyncio
import ctypes
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from itertools import product

from chaos.client import PROMISED, ask, chat, post, verdict
from chaos.proxy import QUICK, Proxy, free_port
from chaos.row import Outcome, row, tally
from chaos.upstream import CHUNKED, LAST_CHUNK, SSE, TEXT, Call, Fault, Upstream, head, message, stream
from chaos.wrong_answers import BODY, json_head

THEME = "A bad network"
_NEW_NETWORK = 0x40000000  # CLONE_NEWNET
_UNAVAILABLE = Outcome(kept=True, measured="not measured: this machine lets nobody drop packets (iptables, as root)")


def be_alone() -> bool:
    """Move this process and all that it starts to a network of their own, whose firewall is theirs alone."""
    if ctypes.CDLL(None).unshare(_NEW_NETWORK) != 0:
        return False
    return subprocess.run(["ip", "link", "set", "lo", "up"], check=False).returncode == 0


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def _drop(*rule: str) -> bool:
    """Add a rule to the firewall of this machine's loopback; False where that may not be done."""
    if shutil.which("iptables") is None:
        return False
    command = ["iptables", "-A", "OUTPUT", "-o", "lo", "-p", "tcp", *rule, "-j", "DROP"]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def _undo(*rule: str) -> None:
    command = ["iptables", "-D", "OUTPUT", "-o", "lo", "-p", "tcp", *rule, "-j", "DROP"]
    subprocess.run(command, check=False, capture_output=True)


@contextmanager
def every_tenth_packet_lost(port: int) -> Iterator[bool]:
    """Lose packets that come from a port, at random; False where that may not be done."""
    rule = ("--sport", str(port), "-m", "statistic", "--mode", "random", "--probability", "0.1")
    done = _drop(*rule)
    try:
        yield done
    finally:
        if done:
            _undo(*rule)


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
        with every_tenth_packet_lost(upstream.port) as lost:
            if not lost:
                return _UNAVAILABLE
            requests = [post(chat(stream=number % 2 == 0)) for number in range(60)]
            replies = await asyncio.gather(*(ask(proxy.port, request, seconds=60) for request in requests))
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


def _stalled_at(data: bytes, offset: int) -> Fault:
    async def send(call: Call) -> None:
        await call.send(data[:offset])
        await call.until_gone(30)

    return send


@row(
    THEME,
    fault="Streams and whole answers that stop for good at every seventh byte",
    promise="An error or a visible break within the set times; never a hang, never a part that looks whole.",
)
async def stalls_at_every_byte() -> Outcome:
    sources = {
        "stream": (head("200 OK", SSE, CHUNKED) + stream() + LAST_CHUNK, True),
        "whole": (json_head() + BODY, False),
    }
    cuts = [(name, at) for name, (data, _) in sources.items() for at in range(0, len(data), 7)]
    faults = {f"{name}-{at}": _stalled_at(sources[name][0], at) for name, at in cuts}
    settings = {**QUICK, "MAX_CONCURRENT": 1000}
    began = time.monotonic()
    async with Upstream(faults) as upstream, Proxy(upstream.url, settings) as proxy:

        async def one(name: str, offset: int) -> str:
            streams = sources[name][1]
            reply = await ask(proxy.port, post(chat(f"FAULT={name}-{offset}", stream=streams)), seconds=15)
            return verdict(reply, stream=streams, whole=TEXT)

        words = await asyncio.gather(*(one(*cut) for cut in cuts))
    took = time.monotonic() - began
    return Outcome(set(words) <= PROMISED, f"{len(words)} stalls at once: {tally(words)}, in {took:.0f} s")


@asynccontextmanager
async def _relay(port: int, to_port: int, *, delay: float) -> AsyncIterator[None]:
    """Pass bytes to and from another port of this machine, each read later by the delay."""

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(1400):  # about a packet
                await asyncio.sleep(delay)
                writer.write(data)
                await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", to_port)
        await asyncio.gather(pump(reader, upstream_writer), pump(upstream_reader, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()


@row(THEME, fault="A line that takes 100 ms for each packet each way", promise="All answers are whole, only later.")
async def slow_line() -> Outcome:
    relay = free_port()
    async with (
        Upstream() as upstream,
        _relay(relay, upstream.port, delay=0.1),
        Proxy(f"http://127.0.0.1:{relay}") as proxy,
    ):
        requests = [post(chat(stream=number % 2 == 0)) for number in range(40)]
        began = time.monotonic()
        replies = await asyncio.gather(*(ask(proxy.port, request, seconds=60) for request in requests))
        took = time.monotonic() - began
    words = [verdict(reply, stream=number % 2 == 0, whole=TEXT) for number, reply in enumerate(replies)]
    return Outcome(set(words) == {"whole"}, f"{tally(words)}, in {took:.1f} s")


@row(THEME, fault="IPv6 on both sides: `HOST=::`, an upstream at `[::1]`", promise="Served as over IPv4.")
async def ipv6() -> Outcome:
    if not has_ipv6():
        return Outcome(kept=True, measured="not measured: this machine has no ::1")
    settings = {"HOST": "::", "ALLOW_KEYLESS": "true", **QUICK}
    async with Upstream(host="::1") as upstream, Proxy(upstream.url, settings) as proxy:
        replies = [
            (host, streams, await ask(proxy.port, post(chat(stream=streams)), host=host))
            for host, streams in product(("::1", "127.0.0.1"), (False, True))
        ]
    seen = [f"{host}: {verdict(reply, stream=streams, whole=TEXT)}" for host, streams, reply in replies]
    return Outcome(all(one.endswith("whole") for one in seen), ", ".join(seen))
