"""An offline Claude: an HTTP server of the Messages API that refuses what the real service refuses.

It gives plausible answers, replays recordings and fails on demand. `rules` holds every reason for a refusal, `answers`
makes the content of a reply, `wire` sends it. Nothing here imports the proxy's own types or tables, only the HTTP
server: a mistake in them must not be able to hide. Start with `app.py`, which has the order of the steps.
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
