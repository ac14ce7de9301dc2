"""The thinking of a turn with tool calls comes back, byte for byte, although the client forgot it."""

import itertools

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw
from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.models.catalogue import BUILT_IN
from claude_code_proxy.models.model import Model
from claude_code_proxy.state.store import MemoryStore
from claude_code_proxy.state.vault import KEPT_SECONDS, ThinkingVault
from tests.state.agent_loop import Agent, Round

FREE = BUILT_IN.find("claude-opus-5")  # thinking is not bound to what came before it
BOUND = BUILT_IN.find("claude-sonnet-5-5")
THOUGHT = messages.Thinking("", "sig+/=\\u1234")
REDACTED = messages.RedactedThinking("opaque==")
CALL_A = messages.ToolUse("toolu_a", "look", Raw(b'{"x": 1}'))
CALL_B = messages.ToolUse("toolu_b", "look", Raw(b'{"x": 2}'))
QUESTION = messages.InputMessage("user", (messages.Text("How is the weather?"),))
RESULTS = messages.InputMessage("user", (messages.ToolResult("toolu_a"), messages.ToolResult("toolu_b")))


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def asked(model: Model, *turns: messages.InputMessage, system: str = "Be brief.") -> messages.MessagesRequest:
    return messages.MessagesRequest(model.id, turns or (QUESTION,), system=(messages.Text(system),))


def replied(model: Model, *blocks: messages.Block) -> messages.Message:
    return messages.Message("msg_1", model.id, blocks, stop_reason="tool_use")


def replayed(*blocks: messages.Block) -> messages.InputMessage:
    return messages.InputMessage("assistant", blocks)


@pytest.fixture
def vault() -> ThinkingVault:
    return ThinkingVault(MemoryStore(), Clock())


@pytest.mark.parametrize("model", [FREE, BOUND])
def test_thinking_comes_back_byte_for_byte_and_in_its_place(vault: ThinkingVault, model: Model) -> None:
    whole = (THOUGHT, messages.Text("Let me "), REDACTED, messages.Text("look."), CALL_A, THOUGHT, CALL_B)
    vault.keep(asked(model), model, message=replied(model, *whole))
    request = asked(model, QUESTION, replayed(messages.Text("Let me look."), CALL_A, CALL_B), RESULTS)
    assert vault.restore(request, model).messages == (QUESTION, replayed(*whole), RESULTS)


def test_a_turn_whose_text_the_client_dropped_keeps_its_thinking(vault: ThinkingVault) -> None:
    vault.keep(asked(FREE), FREE, message=replied(FREE, THOUGHT, messages.Text("Let me look."), CALL_A))
    request = asked(FREE, QUESTION, replayed(CALL_A), RESULTS)
    assert vault.restore(request, FREE).messages[1] == replayed(THOUGHT, CALL_A)


@pytest.mark.parametrize(
    "turn",
    [
        pytest.param(replayed(messages.Text("Something else entirely"), CALL_A, CALL_B), id="other words"),
        pytest.param(replayed(CALL_A), id="a call is missing"),
        pytest.param(replayed(CALL_B, CALL_A), id="another order"),
        pytest.param(replayed(REDACTED, CALL_A, CALL_B), id="thinking of its own"),
    ],
)
def test_a_turn_that_the_client_changed_stays_as_the_client_tells_it(
    vault: ThinkingVault, turn: messages.InputMessage
) -> None:
    vault.keep(asked(FREE), FREE, message=replied(FREE, THOUGHT, messages.Text("Let me look."), CALL_A, CALL_B))
    request = asked(FREE, QUESTION, turn, RESULTS)
    assert vault.restore(request, FREE).messages == request.messages


def test_another_model_gets_no_thinking_that_is_not_its_own(vault: ThinkingVault) -> None:
    vault.keep(asked(FREE), FREE, message=replied(FREE, THOUGHT, CALL_A))
    request = asked(BOUND, QUESTION, replayed(CALL_A), RESULTS)
    assert vault.restore(request, BOUND) == request


def test_a_changed_prefix_leaves_thinking_out_where_it_is_bound(vault: ThinkingVault) -> None:
    for model, expected in ((BOUND, replayed(CALL_A)), (FREE, replayed(THOUGHT, CALL_A))):
        vault.keep(asked(model, system="It is 10:00."), model, message=replied(model, THOUGHT, CALL_A))
        request = asked(model, QUESTION, replayed(CALL_A), RESULTS, system="It is 10:01.")
        assert vault.restore(request, model).messages[1] == expected


@pytest.mark.parametrize("choice", [messages.ChooseAny(), messages.ChooseTool("look")])
def test_thinking_about_words_that_will_be_gone_is_not_kept_where_it_is_bound(
    vault: ThinkingVault, choice: messages.ToolChoice
) -> None:
    """A tool that is forced in words, and a turn that is to be continued: the words are not there the next time."""
    forced = replace(asked(BOUND), tool_choice=choice)
    goes_on = asked(BOUND, QUESTION, replayed(messages.Text("Let me")))
    for first in (forced, goes_on):
        vault.keep(first, BOUND, message=replied(BOUND, THOUGHT, CALL_A))
        again = asked(BOUND, *first.messages, replayed(CALL_A), RESULTS)
        assert vault.restore(again, BOUND).messages == again.messages
    vault.keep(replace(asked(FREE), tool_choice=choice), FREE, message=replied(FREE, THOUGHT, CALL_A))
    again = asked(FREE, QUESTION, replayed(CALL_A), RESULTS)
    assert vault.restore(again, FREE).messages[1] == replayed(THOUGHT, CALL_A)


def test_another_format_is_another_prefix(vault: ThinkingVault) -> None:
    """It may be asked for in the system prompt."""
    shaped = replace(asked(BOUND), output_config=messages.OutputConfig(format=messages.JsonObject()))
    vault.keep(shaped, BOUND, message=replied(BOUND, THOUGHT, CALL_A))
    again = asked(BOUND, QUESTION, replayed(CALL_A), RESULTS)
    assert vault.restore(again, BOUND).messages == again.messages
    shaped = replace(again, output_config=shaped.output_config)
    assert vault.restore(shaped, BOUND).messages[1] == replayed(THOUGHT, CALL_A)


def test_moving_cache_breakpoints_are_no_change(vault: ThinkingVault) -> None:
    marked = messages.InputMessage("user", (messages.Text("Hi", cache_control=messages.CacheControl()),))
    plain = messages.InputMessage("user", (messages.Text("Hi"),))
    vault.keep(asked(BOUND, marked), BOUND, message=replied(BOUND, THOUGHT, CALL_A))
    request = asked(BOUND, plain, replayed(CALL_A), RESULTS)
    assert vault.restore(request, BOUND).messages[1] == replayed(THOUGHT, CALL_A)


def test_every_turn_of_a_long_loop_is_restored(vault: ThinkingVault) -> None:
    turns: list[messages.InputMessage] = [QUESTION]
    for step in range(12):
        call = messages.ToolUse(f"toolu_{step}", "step", Raw(b"{}"))
        thought = messages.Thinking("", f"signature {step}")
        sent = vault.restore(asked(BOUND, *turns), BOUND)
        assert sum(isinstance(block, messages.Thinking) for turn in sent.messages for block in turn.content) == step
        vault.keep(asked(BOUND, *turns), BOUND, message=replied(BOUND, thought, call))
        turns += [replayed(call), messages.InputMessage("user", (messages.ToolResult(call.id),))]


def test_turns_without_calls_or_thinking_are_not_kept() -> None:
    store = MemoryStore()
    vault = ThinkingVault(store, Clock())
    vault.keep(asked(FREE), FREE, message=replied(FREE, THOUGHT, messages.Text("Fine.")))
    vault.keep(asked(FREE), FREE, message=replied(FREE, CALL_A))
    assert len(store) == 0


def test_no_words_of_the_conversation_are_kept() -> None:
    store = MemoryStore()
    ThinkingVault(store, Clock()).keep(
        asked(FREE), FREE, message=replied(FREE, THOUGHT, messages.Text("Secret words"), CALL_A)
    )
    (value,) = store.get([CALL_A.id], now=0).values()
    assert b"Secret" not in value
    assert b"weather" not in value
    assert b'"x"' not in value
    assert msgspec.json.decode(value)["model"] == FREE.id


def test_what_is_too_old_is_forgotten() -> None:
    clock = Clock()
    vault = ThinkingVault(MemoryStore(), clock)
    vault.keep(asked(FREE), FREE, message=replied(FREE, THOUGHT, CALL_A))
    clock.now += KEPT_SECONDS
    request = asked(FREE, QUESTION, replayed(CALL_A), RESULTS)
    assert vault.restore(request, FREE) == request


ROUNDS = st.lists(
    st.builds(
        Round,
        forced=st.booleans(),
        late=st.sampled_from(["", "", "It is noon."]),
        json=st.sampled_from([False, False, True]),
        words=st.sampled_from(["hello", "steps: 2 get_time", "the time?"]),
    ),
    min_size=2,
    max_size=8,
)
LIVING = [model.id for model in BUILT_IN.listing()]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(LIVING), ROUNDS)
def test_trap_33_a_loop_that_nobody_edits_is_never_refused(model: str, rounds: list[Round]) -> None:
    """What is put back is what the service still takes, whatever else changes from one request to the next."""
    agent = Agent(model)
    for round in rounds:
        agent.take(round)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(LIVING), ROUNDS, st.lists(st.integers(0, 20), max_size=3))
def test_trap_34_nor_is_one_that_its_client_edits(model: str, rounds: list[Round], edits: list[int]) -> None:
    agent = Agent(model)
    for round, at in itertools.zip_longest(rounds, edits[: len(rounds)]):
        if at is not None:
            agent.edit(at)
        agent.take(round)


@pytest.mark.parametrize("model", ["claude-opus-5-5", "claude-sonnet-5-5", "claude-fable-5-2"])
def test_a_tool_that_is_forced_in_a_loop_leaves_the_thinking_in_it(model: str) -> None:
    """It is bound to the tools as they were, so they do not become strict then."""
    agent = Agent(model)
    agent.take(Round())
    sent = agent.take(Round(forced=True))
    assert any(isinstance(block, messages.Thinking) for turn in sent.request.messages for block in turn.content)
    assert not any(tool.strict for tool in sent.request.tools if isinstance(tool, messages.Tool))
    fresh = Agent(model).take(Round(forced=True))
    assert all(tool.strict for tool in fresh.request.tools if isinstance(tool, messages.Tool))
