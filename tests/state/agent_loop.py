"""An agent's loop without a network: kept thinking, adaptation, the strict simulator, and a forgetful client."""

import itertools
import json

from msgspec import Raw, Struct
from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adaptation.adapt import Adapted, AdaptOptions, adapt, readapt
from claude_code_proxy.models.catalogue import BUILT_IN
from claude_code_proxy.simulator import signature
from claude_code_proxy.simulator.answers import web_search
from claude_code_proxy.simulator.answers.answer import compose
from claude_code_proxy.simulator.answers.intent import read_intent
from claude_code_proxy.simulator.parsed_request import Block, Caller, ParsedRequest
from claude_code_proxy.simulator.refusal import Refusal
from claude_code_proxy.simulator.validation import validate
from claude_code_proxy.state.kept_thinking import KeptThinking, restore, turn_keys
from claude_code_proxy.state.memory import MemoryThinkingStore
from tests.rejections import rejected

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}, "$top": {"type": "integer"}}}
TOOLS = tuple(messages.Tool(name, Raw(json.dumps(SCHEMA).encode())) for name in ("get.weather", "get_time"))


SEARCH = messages.HostedTool("web_search_20250305", "web_search")


def searched(blocks: list[Block], original: ParsedRequest, *, number: int) -> list[Block]:
    """Return the answer with a search after its thinking, and thinking about what was found: before a call only."""
    if blocks[0]["type"] != "thinking" or blocks[-1]["type"] != "tool_use":
        return blocks
    secret = original.caller.secret
    call = {"type": "server_tool_use", "id": f"srvtoolu_{number}", "name": "web_search", "input": {"query": "time"}}
    result, *found = web_search.result_blocks(call, secret)
    begun = [blocks[0], call, result]
    prefix, previous = signature.prefix_of_answer(original, begun)
    first = signature.unseal(blocks[0]["signature"], secret)
    assert first is not None
    later = signature.SignedThinking(first.model, first.response, "", prefix, previous, follows=result["type"])
    return [*begun, {**blocks[0], "thinking": "", "signature": signature.seal(later, secret)}, *found, *blocks[1:]]


class Round(Struct, frozen=True):
    """What is different about one request."""

    forced: bool = False
    late: str = ""  # a system message at the end, which is gone in the next
    json: bool = False
    words: str = "steps: 2 get_time"  # what the user says next, when there was no call
    searches: bool = False  # the service searches first, and thinks again after that


class Agent:
    """`echoes`: it hands thinking back, before everything else; `trims`: it changes what the model said."""

    def __init__(self, model: str, *, echoes: bool = False, trims: bool = False) -> None:
        self.echoes, self.trims = echoes, trims
        self.refused = self.finished = 0  # requests; turns without a call
        self.model = BUILT_IN.find(model)
        self.said = [messages.InputMessage("user", (messages.Text("steps: 3 get_time, please"),))]
        self._kept_thinking = KeptThinking(MemoryThinkingStore(), lambda: 0.0)
        self._numbers = itertools.count()

    def request(self, round: Round) -> messages.MessagesRequest:
        late = (messages.InputMessage("system", (messages.Text(round.late),)),) if round.late else ()
        return messages.MessagesRequest(
            self.model.id,
            (*self.said, *late),
            system=(messages.Text("Be brief."),),
            tools=(*TOOLS, SEARCH),
            tool_choice=messages.ChooseAny() if round.forced else None,
            thinking=messages.Adaptive(),
            output_config=messages.OutputConfig(format=messages.JsonObject()) if round.json else None,
        )

    async def adapted(self, round: Round) -> Adapted:
        request = self.request(round)
        found = await self._kept_thinking.find(turn_keys(request.messages))
        return adapt(restore(request, self.model, found=found), self.model, options=AdaptOptions())

    async def ask(self, round: Round) -> Adapted:
        """One request, asked once more with less if it is refused, and its answer."""
        sent = await self.adapted(round)
        try:
            return await self._answered(sent, round)
        except Refusal as refusal:
            self.refused += 1
            error = rejected(refusal.message, refusal.status, refusal.kind)
            less = readapt(sent, error, model=self.model)
            if less is None:
                raise
            await self._kept_thinking.forget(sent.original, less.original)
            return await self._answered(less, round)

    async def take(self, round: Round) -> Adapted:
        """One request and its answer; raises the simulator's `Refusal`."""
        return await self._answered(await self.adapted(round), round)

    async def _answered(self, sent: Adapted, round: Round) -> Adapted:
        original = validate(json.loads(messages.encode_request(sent.request)), Caller(betas=frozenset(sent.betas)))
        made = compose(original, read_intent(original), new_id=lambda prefix: f"{prefix}{next(self._numbers)}")
        told = searched(made.blocks, original, number=next(self._numbers)) if round.searches else made.blocks
        blocks = tuple(messages.decode_block(json.dumps(block).encode()) for block in told)
        answer = messages.Message("msg_1", self.model.id, blocks, stop_reason=made.stop_reason)
        await self._kept_thinking.keep(self.request(round), self.model, message=answer)
        self._hear(sent.filter().message(answer) if sent.filter else answer, round)
        return sent

    def _hear(self, answer: messages.Message, round: Round) -> None:
        said = "".join(block.text for block in answer.content if isinstance(block, messages.Text))
        text = (messages.Text(said[1:] if self.trims else said),) if said else ()
        thoughts = (b for b in answer.content if isinstance(b, messages.Thinking | messages.RedactedThinking))
        calls = [block for block in answer.content if isinstance(block, messages.ToolUse)]
        self.finished += not calls
        kept = (*(thoughts if self.echoes else ()), *text, *calls)
        self.said.append(messages.InputMessage("assistant", kept))
        results = tuple(messages.ToolResult(call.id, (messages.Text("18 °C"),)) for call in calls)
        self.said.append(messages.InputMessage("user", results or (messages.Text(round.words),)))

    def edit(self, at: int) -> None:
        """Change a user's text, or the result of a tool, as a client might."""
        turn = self.said[at % len(self.said)]
        if turn.role == "user":
            content = tuple(
                messages.Text("edited") if isinstance(block, messages.Text) else replace(block, content=())
                for block in turn.content
                if isinstance(block, messages.Text | messages.ToolResult)
            )
            self.said[at % len(self.said)] = replace(turn, content=content)
