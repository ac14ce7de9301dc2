"""Starts the simulation on a port, in this event loop; what it hands back is for tests, the demo and the CLI."""

import json
from collections import deque
from dataclasses import dataclass

from claude_code_proxy.http1.server.request import Request
from claude_code_proxy.http1.server.responder import Headers
from claude_code_proxy.http1.server.server import Server
from claude_code_proxy.http1.server.types import ServerLimits
from claude_code_proxy.simulator.app import Received, Simulation, SimulatorOptions
from claude_code_proxy.simulator.refusal import Refusal
from claude_code_proxy.simulator.rules.body import LARGEST
from claude_code_proxy.simulator.wire.faults import Faults
from claude_code_proxy.simulator.wire.replay import Reply


@dataclass(frozen=True)
class Running:
    """`url` has no path: what an API base address is set to."""

    url: str
    simulation: Simulation
    server: Server

    @property
    def requests(self) -> deque[Received]:
        return self.simulation.requests

    def enqueue(self, *replies: Reply | Faults) -> None:
        self.simulation.enqueue(*replies)

    async def close(self, drain_seconds: float = 0.0) -> None:
        await self.server.shutdown(drain_seconds)


async def serve(host: str = "127.0.0.1", port: int = 0, *, options: SimulatorOptions | None = None) -> Running:
    """Port 0 takes any that is free."""
    simulation = Simulation(options)
    limits = ServerLimits(body_bytes=LARGEST, unread_seconds=600.0)
    server = Server(simulation.handle, render_error=_render_error, limits=limits)
    await server.start(host=host, port=port)
    shown = f"[{host}]" if ":" in host else host
    return Running(f"http://{shown}:{server.port}", simulation, server)


def _render_error(status: int, message: str, *, request: Request | None) -> tuple[Headers, bytes]:
    """What the server itself refuses, in the words of the network in front of the service."""
    del request
    words = "Request exceeds the maximum size" if status == 413 else message
    body = Refusal(words, status, edge=True).body(None)
    return [(b"content-type", b"application/json")], json.dumps(body).encode()
