"""An offline Claude: an HTTP server of the Messages API that refuses what the real service refuses.

It answers sensibly, replays recordings, and misbehaves on demand. It reads raw JSON by its own rules and shares nothing
with the rest of the proxy but the HTTP server, so that a mistake in the proxy's types cannot hide in it.
"""

from claude_code_proxy.simulator.app import Received as Received
from claude_code_proxy.simulator.app import Simulation as Simulation
from claude_code_proxy.simulator.app import SimulatorOptions as SimulatorOptions
from claude_code_proxy.simulator.serving import Running as Running
from claude_code_proxy.simulator.serving import serve as serve
from claude_code_proxy.simulator.wire.faults import Faults as Faults
from claude_code_proxy.simulator.wire.replay import Reply as Reply
from claude_code_proxy.simulator.wire.replay import json_reply as json_reply
from claude_code_proxy.simulator.wire.replay import load as load
from claude_code_proxy.simulator.wire.replay import recorded as recorded
from claude_code_proxy.simulator.wire.replay import stream_reply as stream_reply
