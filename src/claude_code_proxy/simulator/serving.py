"""Starting the simulated service on a port of this event loop, for tests, the demo and the command line."""

import json
from collections import deque
from dataclasses import dataclass

from claude_code_proxy.http1.server.request import Request
from claude_code_proxy.http1.server.responder import Headers
from claude_code_proxy.http1.server.server import Server
from claude_code_proxy.http1.server.types import ServerLimits
from claude_code_proxy.simulator.app import Received, Simulation, SimulatorOptions
from claude_code_proxy.simulator.refusal import Refusal
from claude_code_proxy.simulator.rules.body import MAX_BODY_BYTES
from claude_code_proxy.simulator.wire.faults import Faults
from claude_code_proxy.simulator.wire.replay import Reply


@dataclass(frozen=True)
class Running:
    """A running simulator; `url` has no path, as an API base address has none."""

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
    """Start the simulator; port 0 picks a free one."""
    simulation = Simulation(options)
    limits = ServerLimits(body_bytes=MAX_BODY_BYTES, unread_seconds=600.0)
    server = Server(simulation.handle, render_error=_render_error, limits=limits)
    await server.start(host=host, port=port)
    shown = f"[{host}]" if ":" in host else host
    return Running(f"http://{shown}:{server.port}", simulation, server)


def _render_error(status: int, message: str, *, request: Request | None) -> tuple[Headers, bytes]:
    """Render a refusal of the HTTP server as the network in front of the service does."""
    del request
    message = "Request exceeds the maximum size" if status == 413 else message
    body = Refusal(message, status, edge=True).body(None)
    return [(b"content-type", b"application/json")], json.dumps(body).encode()
