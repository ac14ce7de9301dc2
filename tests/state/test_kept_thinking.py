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
from claude_code_proxy.state.kept_thinking import KEPT_SECONDS, KeptThinking, restore, turn_keys
from claude_code_proxy.state.memory import MemoryThinkingStore
from claude_code_proxy.state.thinking_store import KeptEntry
from tests.state.agent_loop import Agent, Round

FREE = BUILT_IN.find("claude-opus-5")  # thinking is not bound to what came before it
BOUND = BUILT_IN.find("claude-sonnet-5-5")
THOUGHT = messages.Thinking("", "sig+/=\\u1234")
REDACTED = messages.RedactedThinking("opaque==")
LATER = messages.Thinking("", "another signature")
SEARCH = messages.HostedTool("web_search_20250305", "web_search")
SEARCHED = messages.ServerToolUse("srvtoolu_1", "web_search", Raw(b'{"query":"weather"}'))
FOUND = messages.WebSearchToolResult("srvtoolu_1", Raw(b'[{"type":"web_search_result","encrypted_content":"E+/="}]'))
CITED = messages.Text("warm.", citations=Raw(b'[{"type":"web_search_result_location","encrypted_index":"I=="}]'))
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


async def restored(
    kept_thinking: KeptThinking, request: messages.MessagesRequest, model: Model
) -> messages.MessagesRequest:
    return restore(request, model, found=await kept_thinking.find(turn_keys(request.messages)))


@pytest.fixture
def kept_thinking() -> KeptThinking:
    return KeptThinking(MemoryThinkingStore(), Clock())


@pytest.mark.parametrize("model", [FREE, BOUND])
async def test_thinking_comes_back_byte_for_byte_and_in_its_place(kept_thinking: KeptThinking, model: Model) -> None:
    whole = (THOUGHT, messages.Text("Let me "), REDACTED, messages.Text("look."), CALL_A, CALL_B)
    await kept_thinking.keep(asked(model), model, message=replied(model, *whole))
    request = asked(model, QUESTION, replayed(messages.Text("Let me look."), CALL_A, CALL_B), RESULTS)
    assert (await restored(kept_thinking, request, model)).messages == (QUESTION, replayed(*whole), RESULTS)


@pytest.mark.parametrize("model", [FREE, BOUND])
@pytest.mark.parametrize("echoed", [(THOUGHT, REDACTED), (REDACTED,), (LATER, THOUGHT)], ids=len)
async def test_thinking_that_the_client_hands_back_returns_to_its_place(
    kept_thinking: KeptThinking, model: Model, echoed: tuple[messages.Block, ...]
) -> None:
    whole = (THOUGHT, messages.Text("Let me look."), REDACTED, CALL_A, LATER, CALL_B)
    await kept_thinking.keep(asked(model), model, message=replied(model, *whole))
    request = asked(model, QUESTION, replayed(*echoed, messages.Text("Let me look."), CALL_A, CALL_B), RESULTS)
    assert (await restored(kept_thinking, request, model)).messages == (QUESTION, replayed(*whole), RESULTS)


async def test_thinking_after_the_last_call_does_not_come_back(kept_thinking: KeptThinking) -> None:
    """No turn may end in it, and a limit may have cut off what it led to."""
    whole = (THOUGHT, CALL_A, LATER, CALL_B, REDACTED)
    await kept_thinking.keep(asked(FREE), FREE, message=replied(FREE, *whole))
    request = asked(FREE, QUESTION, replayed(CALL_A, CALL_B), RESULTS)
    assert (await restored(kept_thinking, request, FREE)).messages[1] == replayed(*whole[:-1])


@pytest.mark.parametrize("model", [FREE, BOUND])
@pytest.mark.parametrize("echoes", [False, True])
async def test_what_the_service_did_comes_back_with_the_thinking_around_it(
    kept_thinking: KeptThinking, model: Model, echoes: bool
) -> None:
    whole = (THOUGHT, SEARCHED, FOUND, LATER, messages.Text("It is "), CITED, CALL_A)
    searching = replace(asked(model), tools=(SEARCH,))
    await kept_thinking.keep(searching, model, message=replied(model, *whole))
    told = replayed(*((THOUGHT, LATER) if echoes else ()), messages.Text("It is warm."), CALL_A)
    again = replace(searching, messages=(QUESTION, told, RESULTS))
    assert (await restored(kept_thinking, again, model)).messages[1] == replayed(*whole)


@pytest.mark.parametrize("echoes", [False, True])
@pytest.mark.parametrize(
    ("hosted", "declares"),
    [
        pytest.param(
            (SEARCHED, replace(FOUND, content=Raw(b'"%s"' % bytes(300_000).hex().encode()))), True, id="large"
        ),
        pytest.param((SEARCHED,), True, id="pending"),
        pytest.param((FOUND,), True, id="of an earlier call"),
        pytest.param((SEARCHED, FOUND), False, id="no longer declared"),
    ],
)
async def test_where_what_the_service_did_cannot_come_back_nor_does_thinking_about_it(
    kept_thinking: KeptThinking, hosted: tuple[messages.Block, ...], declares: bool, echoes: bool
) -> None:
    searching = replace(asked(FREE), tools=(SEARCH,))
    await kept_thinking.keep(searching, FREE, message=replied(FREE, THOUGHT, *hosted, LATER, CITED, CALL_A))
    told = replayed(*((THOUGHT, LATER) if echoes else ()), messages.Text("warm."), CALL_A)
    again = replace(searching, messages=(QUESTION, told, RESULTS), tools=(SEARCH,) if declares else ())
    assert (await restored(kept_thinking, again, FREE)).messages[1] == replayed(THOUGHT, messages.Text("warm."), CALL_A)


@pytest.mark.parametrize("model", [FREE, BOUND])
@pytest.mark.parametrize("text", ["Let me look", " ", "", "Something else entirely"])
async def test_other_words_cost_only_the_thinking_after_them(
    kept_thinking: KeptThinking, model: Model, text: str
) -> None:
    """A client, or the proxy itself, may have trimmed them; what came before them does not know of them."""
    await kept_thinking.keep(
        asked(model), model, message=replied(model, THOUGHT, messages.Text("Let me look.\n"), REDACTED, CALL_A)
    )
    words = (messages.Text(text),) if text else ()
    request = asked(model, QUESTION, replayed(*words, CALL_A), RESULTS)
    assert (await restored(kept_thinking, request, model)).messages[1] == replayed(THOUGHT, *words, CALL_A)


async def test_thinking_handed_back_after_a_changed_prefix_is_left_out_where_it_is_bound(
    kept_thinking: KeptThinking,
) -> None:
    for model, expected in ((BOUND, replayed(CALL_A)), (FREE, replayed(THOUGHT, CALL_A))):
        await kept_thinking.keep(asked(model, system="It is 10:00."), model, message=replied(model, THOUGHT, CALL_A))
        request = asked(model, QUESTION, replayed(THOUGHT, CALL_A), RESULTS, system="It is 10:01.")
        assert (await restored(kept_thinking, request, model)).messages[1] == expected


async def test_thinking_after_a_gap_is_left_out_where_it_is_bound(kept_thinking: KeptThinking) -> None:
    """The service takes a run that has lost its beginning, not one with a hole."""
    turns: list[messages.InputMessage] = [QUESTION]
    for number in range(3):
        call = replace(CALL_A, id=f"toolu_{number}")
        thought = messages.Thinking("", f"signature {number}")
        await kept_thinking.keep(asked(BOUND, *turns), BOUND, message=replied(BOUND, thought, call))
        turns += [replayed(call), messages.InputMessage("user", (messages.ToolResult(call.id),))]
    await kept_thinking.keep(
        asked(BOUND), BOUND, message=replied(BOUND, replace(CALL_A, id="toolu_1"), THOUGHT)
    )  # another
    after = (await restored(kept_thinking, asked(BOUND, *turns), BOUND)).messages
    assert [len(turn.content) for turn in after if turn.role == "assistant"] == [2, 1, 1]


@pytest.mark.parametrize("model", [FREE, BOUND])
@pytest.mark.parametrize("echoes", [False, True])
async def test_what_was_refused_is_not_sent_again(kept_thinking: KeptThinking, model: Model, echoes: bool) -> None:
    """Neither from what was kept nor from the client; what the service did stays, as it was there when it answered."""
    searching = replace(asked(model), tools=(SEARCH,))
    await kept_thinking.keep(searching, model, message=replied(model, THOUGHT, SEARCHED, FOUND, CITED, CALL_A))
    told = replayed(*((THOUGHT,) if echoes else ()), messages.Text("warm."), CALL_A)
    again = replace(searching, messages=(QUESTION, told, RESULTS))
    refused = await restored(kept_thinking, again, model)
    less = replayed(*refused.messages[1].content[1:])
    await kept_thinking.forget(refused, replace(refused, messages=(QUESTION, less, RESULTS)))
    assert (await restored(kept_thinking, again, model)).messages == (
        QUESTION,
        replayed(SEARCHED, FOUND, CITED, CALL_A),
        RESULTS,
    )
    bare = replayed(messages.Text("warm."), CALL_A)
    await kept_thinking.forget(refused, replace(refused, messages=(QUESTION, bare, RESULTS)))
    assert (await restored(kept_thinking, again, model)).messages == (QUESTION, bare, RESULTS)


async def test_thinking_of_a_turn_without_calls_that_was_refused_is_not_sent_again(kept_thinking: KeptThinking) -> None:
    request = asked(FREE, QUESTION, replayed(LATER, messages.Text("Fine.")), QUESTION)
    stripped = (QUESTION, replayed(messages.Text("Fine.")), QUESTION)
    await kept_thinking.forget(request, replace(request, messages=stripped))
    assert (await restored(kept_thinking, request, FREE)).messages == stripped


@pytest.mark.parametrize("value", [b"junk", b"{}", b'{"model":"claude-opus-5","prefix":"","order":[]}'])
async def test_an_entry_that_cannot_be_read_is_a_miss(value: bytes) -> None:
    store = MemoryThinkingStore()
    await store.put([KeptEntry(CALL_A.id, value, 1e12)])
    request = asked(FREE, QUESTION, replayed(CALL_A), RESULTS)
    assert await restored(KeptThinking(store, Clock()), request, FREE) == request


async def test_a_turn_whose_text_the_client_dropped_keeps_its_thinking(kept_thinking: KeptThinking) -> None:
    await kept_thinking.keep(asked(FREE), FREE, message=replied(FREE, THOUGHT, messages.Text("Let me look."), CALL_A))
    request = asked(FREE, QUESTION, replayed(CALL_A), RESULTS)
    assert (await restored(kept_thinking, request, FREE)).messages[1] == replayed(THOUGHT, CALL_A)


@pytest.mark.parametrize(
    "turn",
    [
        pytest.param(replayed(CALL_A), id="a call is missing"),
        pytest.param(replayed(CALL_B, CALL_A), id="another order"),
        pytest.param(replayed(REDACTED, CALL_A, CALL_B), id="thinking of its own"),
    ],
)
async def test_a_turn_that_the_client_changed_stays_as_the_client_tells_it(
    kept_thinking: KeptThinking, turn: messages.InputMessage
) -> None:
    await kept_thinking.keep(
        asked(FREE), FREE, message=replied(FREE, THOUGHT, messages.Text("Let me look."), CALL_A, CALL_B)
    )
    request = asked(FREE, QUESTION, turn, RESULTS)
    assert (await restored(kept_thinking, request, FREE)).messages == request.messages


async def test_another_model_gets_no_thinking_that_is_not_its_own(kept_thinking: KeptThinking) -> None:
    await kept_thinking.keep(asked(FREE), FREE, message=replied(FREE, THOUGHT, CALL_A))
    request = asked(BOUND, QUESTION, replayed(CALL_A), RESULTS)
    assert await restored(kept_thinking, request, BOUND) == request


async def test_a_changed_prefix_leaves_thinking_out_where_it_is_bound(kept_thinking: KeptThinking) -> None:
    for model, expected in ((BOUND, replayed(CALL_A)), (FREE, replayed(THOUGHT, CALL_A))):
        await kept_thinking.keep(asked(model, system="It is 10:00."), model, message=replied(model, THOUGHT, CALL_A))
        request = asked(model, QUESTION, replayed(CALL_A), RESULTS, system="It is 10:01.")
        assert (await restored(kept_thinking, request, model)).messages[1] == expected


@pytest.mark.parametrize("choice", [messages.ChooseAny(), messages.ChooseTool("look")])
async def test_thinking_about_words_that_will_be_gone_is_not_kept_where_it_is_bound(
    kept_thinking: KeptThinking, choice: messages.ToolChoice
) -> None:
    """A tool that is forced in words, and a turn that is to be continued: the words are not there the next time."""
    forced = replace(asked(BOUND), tool_choice=choice)
    goes_on = asked(BOUND, QUESTION, replayed(messages.Text("Let me")))
    for first in (forced, goes_on):
        await kept_thinking.keep(first, BOUND, message=replied(BOUND, THOUGHT, CALL_A))
        again = asked(BOUND, *first.messages, replayed(CALL_A), RESULTS)
        assert (await restored(kept_thinking, again, BOUND)).messages == again.messages
    await kept_thinking.keep(replace(asked(FREE), tool_choice=choice), FREE, message=replied(FREE, THOUGHT, CALL_A))
    again = asked(FREE, QUESTION, replayed(CALL_A), RESULTS)
    assert (await restored(kept_thinking, again, FREE)).messages[1] == replayed(THOUGHT, CALL_A)


async def test_another_format_is_another_prefix(kept_thinking: KeptThinking) -> None:
    """It may be asked for in the system prompt."""
    shaped = replace(asked(BOUND), output_config=messages.OutputConfig(format=messages.JsonObject()))
    await kept_thinking.keep(shaped, BOUND, message=replied(BOUND, THOUGHT, CALL_A))
    again = asked(BOUND, QUESTION, replayed(CALL_A), RESULTS)
    assert (await restored(kept_thinking, again, BOUND)).messages == again.messages
    shaped = replace(again, output_config=shaped.output_config)
    assert (await restored(kept_thinking, shaped, BOUND)).messages[1] == replayed(THOUGHT, CALL_A)


async def test_moving_cache_breakpoints_are_no_change(kept_thinking: KeptThinking) -> None:
    marked = messages.InputMessage("user", (messages.Text("Hi", cache_control=messages.CacheControl()),))
    plain = messages.InputMessage("user", (messages.Text("Hi"),))
    await kept_thinking.keep(asked(BOUND, marked), BOUND, message=replied(BOUND, THOUGHT, CALL_A))
    request = asked(BOUND, plain, replayed(CALL_A), RESULTS)
    assert (await restored(kept_thinking, request, BOUND)).messages[1] == replayed(THOUGHT, CALL_A)


async def test_every_turn_of_a_long_loop_is_restored(kept_thinking: KeptThinking) -> None:
    turns: list[messages.InputMessage] = [QUESTION]
    for step in range(12):
        call = messages.ToolUse(f"toolu_{step}", "step", Raw(b"{}"))
        thought = messages.Thinking("", f"signature {step}")
        sent = await restored(kept_thinking, asked(BOUND, *turns), BOUND)
        assert sum(isinstance(block, messages.Thinking) for turn in sent.messages for block in turn.content) == step
        await kept_thinking.keep(asked(BOUND, *turns), BOUND, message=replied(BOUND, thought, call))
        turns += [replayed(call), messages.InputMessage("user", (messages.ToolResult(call.id),))]


async def test_turns_without_calls_or_thinking_are_not_kept() -> None:
    store = MemoryThinkingStore()
    kept_thinking = KeptThinking(store, Clock())
    await kept_thinking.keep(asked(FREE), FREE, message=replied(FREE, THOUGHT, messages.Text("Fine.")))
    await kept_thinking.keep(asked(FREE), FREE, message=replied(FREE, CALL_A))
    assert len(store) == 0


async def test_no_words_of_the_conversation_are_kept() -> None:
    store = MemoryThinkingStore()
    await KeptThinking(store, Clock()).keep(
        asked(FREE), FREE, message=replied(FREE, THOUGHT, messages.Text("Secret words"), CALL_A)
    )
    (value,) = (await store.get([CALL_A.id], now=0)).values()
    assert b"Secret" not in value
    assert b"weather" not in value
    assert b'"x"' not in value
    assert msgspec.json.decode(value)["model"] == FREE.id


async def test_what_is_too_old_is_forgotten() -> None:
    clock = Clock()
    kept_thinking = KeptThinking(MemoryThinkingStore(), clock)
    await kept_thinking.keep(asked(FREE), FREE, message=replied(FREE, THOUGHT, CALL_A))
    clock.now += KEPT_SECONDS
    request = asked(FREE, QUESTION, replayed(CALL_A), RESULTS)
    assert await restored(kept_thinking, request, FREE) == request


ROUNDS = st.lists(
    st.builds(
        Round,
        forced=st.booleans(),
        late=st.sampled_from(["", "", "It is noon."]),
        json=st.sampled_from([False, False, True]),
        words=st.sampled_from(["hello", "steps: 2 get_time", "the time?"]),
        searches=st.booleans(),
    ),
    min_size=2,
    max_size=8,
)
LIVING = [model.id for model in BUILT_IN.listing()]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(LIVING), ROUNDS, st.booleans())
async def test_trap_33_a_loop_that_nobody_edits_is_never_refused(model: str, rounds: list[Round], trims: bool) -> None:
    """What is put back is what the service still takes, whatever else changes from one request to the next."""
    agent = Agent(model, trims=trims)
    for round in rounds:
        await agent.take(round)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(LIVING), ROUNDS, st.lists(st.integers(0, 20), max_size=3))
async def test_trap_34_nor_is_one_that_its_client_edits(model: str, rounds: list[Round], edits: list[int]) -> None:
    agent = Agent(model)
    for round, at in itertools.zip_longest(rounds, edits[: len(rounds)]):
        if at is not None:
            agent.edit(at)
        await agent.take(round)


@pytest.mark.parametrize("model", LIVING)
@pytest.mark.parametrize("echoes", [False, True])
async def test_a_search_in_a_loop_leaves_its_thinking_in_place(model: str, echoes: bool) -> None:
    agent = Agent(model, echoes=echoes)
    await agent.take(Round(searches=True))
    await agent.take(Round(searches=True))
    turn = (await agent.take(Round())).request.messages[1]
    if BUILT_IN.find(model).thinking:
        kinds = [type(block).__name__ for block in turn.content]
        assert kinds[:4] == ["Thinking", "ServerToolUse", "WebSearchToolResult", "Thinking"]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(LIVING), ROUNDS, st.lists(st.integers(0, 20), max_size=3), st.booleans())
async def test_trap_34_a_loop_that_hands_thinking_back_is_refused_for_what_nobody_knows_alone(
    model: str, rounds: list[Round], edits: list[int], trims: bool
) -> None:
    """That is the thinking of turns without calls: refused once, and not sent again."""
    agent = Agent(model, echoes=True, trims=trims)
    for round, at in itertools.zip_longest(rounds, edits[: len(rounds)]):
        if at is not None:
            agent.edit(at)
        await agent.ask(round)
        assert agent.refused <= agent.finished
    await agent.ask(Round())
    await agent.take(Round())


@pytest.mark.parametrize("model", ["claude-opus-5-5", "claude-sonnet-5-5", "claude-fable-5-2"])
async def test_a_tool_that_is_forced_in_a_loop_leaves_the_thinking_in_it(model: str) -> None:
    """It is bound to the tools as they were, so they do not become strict then."""
    agent = Agent(model)
    await agent.take(Round())
    sent = await agent.take(Round(forced=True))
    assert any(isinstance(block, messages.Thinking) for turn in sent.request.messages for block in turn.content)
    assert not any(tool.strict for tool in sent.request.tools if isinstance(tool, messages.Tool))
    fresh = await Agent(model).take(Round(forced=True))
    assert all(tool.strict for tool in fresh.request.tools if isinstance(tool, messages.Tool))
