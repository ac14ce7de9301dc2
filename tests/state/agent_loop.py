"""An agent's loop without a network: vault, adaptation, the strict simulator, and a client that forgets thinking."""

import itertools
import json

from msgspec import Raw, Struct
from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adaptation.adapt import Adapted, Options, adapt
from claude_code_proxy.models.catalogue import BUILT_IN
from claude_code_proxy.state.store import MemoryStore
from claude_code_proxy.state.vault import ThinkingVault
from claude_code_proxy.upstreams.simulated.answer import compose
from claude_code_proxy.upstreams.simulated.asked import Caller
from claude_code_proxy.upstreams.simulated.judgement import judge
from claude_code_proxy.upstreams.simulated.reading import read

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}, "$top": {"type": "integer"}}}
TOOLS = tuple(messages.Tool(name, Raw(json.dumps(SCHEMA).encode())) for name in ("get.weather", "get_time"))


class Round(Struct, frozen=True):
    """What is different about one request."""

    forced: bool = False
    late: str = ""  # a system message at the end, which is gone in the next
    json: bool = False
    words: str = "steps: 2 get_time"  # what the user says next, when there was no call


class Agent:
    def __init__(self, model: str) -> None:
        self.model = BUILT_IN.find(model)
        self.said = [messages.InputMessage("user", (messages.Text("steps: 3 get_time, please"),))]
        self._vault = ThinkingVault(MemoryStore(), lambda: 0.0)
        self._numbers = itertools.count()

    def request(self, round: Round) -> messages.MessagesRequest:
        late = (messages.InputMessage("system", (messages.Text(round.late),)),) if round.late else ()
        return messages.MessagesRequest(
            self.model.id,
            (*self.said, *late),
            system=(messages.Text("Be brief."),),
            tools=TOOLS,
            tool_choice=messages.ChooseAny() if round.forced else None,
            thinking=messages.Adaptive(),
            output_config=messages.OutputConfig(format=messages.JsonObject()) if round.json else None,
        )

    def adapted(self, round: Round) -> Adapted:
        return adapt(self._vault.restore(self.request(round), self.model), self.model, options=Options())

    def take(self, round: Round) -> Adapted:
        """One request and its answer; raises the simulator's `Refusal`."""
        sent = self.adapted(round)
        asked = judge(json.loads(messages.encode_request(sent.request)), Caller(betas=frozenset(sent.betas)))
        made = compose(asked, read(asked), new_id=lambda prefix: f"{prefix}{next(self._numbers)}")
        blocks = tuple(messages.decode_block(json.dumps(block).encode()) for block in made.blocks)
        answer = messages.Message("msg_1", self.model.id, blocks, stop_reason=made.stop_reason)
        self._vault.keep(self.request(round), self.model, message=answer)
        self._hear(sent.filter().message(answer) if sent.filter else answer, round)
        return sent

    def _hear(self, answer: messages.Message, round: Round) -> None:
        kept = tuple(block for block in answer.content if isinstance(block, messages.Text | messages.ToolUse))
        self.said.append(messages.InputMessage("assistant", kept))
        calls = [block for block in kept if isinstance(block, messages.ToolUse)]
        results = tuple(messages.ToolResult(call.id, (messages.Text("18 °C"),)) for call in calls)
        self.said.append(messages.InputMessage("user", results or (messages.Text(round.words),)))

    def edit(self, at: int) -> None:
        """The client changes a user's words, or what a tool said."""
        turn = self.said[at % len(self.said)]
        if turn.role == "user":
            content = tuple(
                messages.Text("edited") if isinstance(block, messages.Text) else replace(block, content=())
                for block in turn.content
                if isinstance(block, messages.Text | messages.ToolResult)
            )
            self.said[at % len(self.said)] = replace(turn, content=content)
