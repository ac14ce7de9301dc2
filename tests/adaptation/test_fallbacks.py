"""What is asked instead, after a refusal that is about one request alone."""

import pytest
from msgspec import Raw
from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adaptation.fallbacks import Fallback, find_fallback
from claude_code_proxy.models.catalogue import BUILT_IN
from tests.adaptation.requests import NEWEST, PLAIN, assistant, call, request, result, tool, user
from tests.rejections import rejected

SIGNED = messages.Thinking("Hm.", "signed")
TALK = (user("a"), assistant(SIGNED, call()), user(result()))


def after(
    words: str, original: messages.MessagesRequest, sent: messages.MessagesRequest | None = None
) -> Fallback | None:
    return find_fallback(
        rejected(words).diagnosis, original, sent=sent or original, model=BUILT_IN.find(original.model)
    )


@pytest.mark.parametrize(
    "words",
    [
        "messages.1.content.0: Invalid `signature` in `thinking` block",
        "messages.1.content.0: Invalid `signature` in `thinking` block. The block is bound to a different conversation",
        "`thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified.",
        "messages.1.content.0.thinking.signature: Field required",
        "messages.1: The final block in an assistant message cannot be `thinking`.",
        "messages.1: When thinking is disabled, an `assistant` message in the final position cannot contain `thinking`",
    ],
)
def test_trap_34_refused_thinking_is_left_out(words: str) -> None:
    found = after(words, request(*TALK, model=NEWEST))
    assert found is not None
    assert found.request.messages == (user("a"), assistant(call()), user(result()))
    assert (found.note.path, found.note.action, found.note.changes_meaning) == ("messages", "dropped", False)


def test_without_thinking_in_the_history_there_is_nothing_to_leave_out() -> None:
    assert after("Invalid `signature` in `thinking` block", request(user("a"))) is None


MISSING = "messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`."


def test_trap_32_a_turn_that_lacks_its_thinking_runs_without() -> None:
    found = after(MISSING, request(*TALK, thinking=messages.Adaptive()))
    assert found is not None
    assert found.request.thinking == messages.Disabled()
    assert found.request.messages[1] == assistant(call())
    assert found.note.changes_meaning


@pytest.mark.parametrize(
    "original",
    [request(*TALK, model=NEWEST), request(*TALK, thinking=messages.Disabled())],
    ids=["always thinks", "is off"],
)
def test_what_cannot_be_switched_off_is_only_stripped(original: messages.MessagesRequest) -> None:
    found = after(MISSING, original)
    assert found is not None
    assert found.request == replace(original, messages=(user("a"), assistant(call()), user(result())))


@pytest.mark.parametrize(
    "words",
    [
        "Too many strict tools (21). The maximum number of strict tools supported is 20.",
        "Schemas contains too many optional parameters (30), which would make grammar compilation inefficient.",
        "Schemas contains too many parameters with union types (17 parameters with type arrays or anyOf).",
        "Schema is too complex for compilation.",
        "The compiled grammar is too large.",
        "Grammar compilation timed out.",
        "tools.0.custom: For 'string' type, property 'minLength' is not supported",
        "tools.12.custom: For 'object' type, 'additionalProperties' must be explicitly set to false",
        "tools.0.custom: Invalid $ref: #/a",
    ],
)
def test_trap_46_grammars_are_given_up_tools_first(words: str) -> None:
    shape = messages.OutputConfig(format=messages.JsonSchema(Raw(b'{"type":"object"}')))
    both = request(tools=(tool(strict=True),), output_config=shape)
    found = after(words, both)
    assert found is not None
    assert found.request == replace(both, tools=(tool(),))
    assert (found.model.strict_tools, found.model.structured_outputs) == (False, True)
    assert found.note.changes_meaning
    only = after(words, request(tools=(tool(),), output_config=shape))
    assert only is not None
    assert only.model == replace(BUILT_IN.find(PLAIN), structured_outputs=False)
    assert not only.note.changes_meaning
    assert after(words, request(tools=(tool(),))) is None


def test_trap_46_a_format_that_is_named_is_given_up_first() -> None:
    shape = messages.OutputConfig(format=messages.JsonSchema(Raw(b'{"type":"object"}')))
    both = request(tools=(tool(strict=True),), output_config=shape)
    found = after("output_config.format.schema: Regex pattern 'x' is not supported", both)
    assert found is not None
    assert (found.request, found.model.strict_tools, found.model.structured_outputs) == (both, True, False)


def test_strictness_that_nobody_asked_for_is_given_up_too() -> None:
    original = request(tools=(tool(),))
    found = after("Schema is too complex for compilation.", original, request(tools=(tool(strict=True),)))
    assert found is not None
    assert (found.request, found.model.strict_tools) == (original, False)
    assert not found.note.changes_meaning


def test_other_words_mean_nothing() -> None:
    assert after("messages: at least one message is required", request(*TALK)) is None


BOUND = (
    "messages.3.content.0: Invalid `signature` in `thinking` block. The block is bound to a different conversation. "
    "Remove the block."
)
FORGED = "messages.3.content.0: Invalid `signature` in `thinking` block"
EARLIER, LATER = messages.Thinking("", "earlier"), messages.Thinking("", "later")


def three_rounds(model: str) -> messages.MessagesRequest:
    turns = (assistant(EARLIER, call("a")), assistant(SIGNED, call("b")), assistant(LATER, call("c")))
    talk = [part for turn, id in zip(turns, "abc", strict=True) for part in (turn, user(result(id)))]
    return request(user("a"), *talk, model=model)


@pytest.mark.parametrize(
    ("words", "model", "kept"),
    [
        (BOUND, NEWEST, [True, False, False]),
        (FORGED, PLAIN, [True, False, False]),
        (FORGED, NEWEST, [False, False, False]),  # whether what comes before it is fine was not looked at yet
        (BOUND.replace("3", "9"), NEWEST, [False, False, False]),
        (BOUND.replace("content.0", "content.1"), NEWEST, [False, False, False]),
        (BOUND.removeprefix("messages.3.content.0: "), NEWEST, [False, False, False]),
    ],
)
def test_trap_34_thinking_before_the_refused_block_stays(words: str, model: str, kept: list[bool]) -> None:
    original = three_rounds(model)
    found = after(words, original)
    assert found is not None
    turns = [turn for turn in found.request.messages if turn.role == "assistant"]
    assert [type(turn.content[0]) is messages.Thinking for turn in turns] == kept


def test_the_refused_block_is_found_where_turns_were_merged() -> None:
    sent = three_rounds(NEWEST)
    original = replace(sent, messages=(user("a"), *sent.messages))
    found = after(BOUND, original, sent)
    assert found is not None
    turns = [turn for turn in found.request.messages if turn.role == "assistant"]
    assert [len(turn.content) for turn in turns] == [2, 1, 1]


@pytest.mark.parametrize(
    "words",
    [
        "messages.1.content.2: Invalid `encrypted_content` in `web_search_result` block",
        "messages.1.content.3: Invalid `encrypted_index` in `web_search_result_location` block",
        "messages.1.content.2: unexpected `tool_use_id` found in `web_search_tool_result` blocks: srvtoolu_1.",
        (
            "messages.1: `web_search` tool use with id `srvtoolu_1` was found without a corresponding "
            "`web_search_tool_result` block"
        ),
    ],
)
def test_results_of_searches_that_are_refused_are_left_out(words: str) -> None:
    search = messages.ServerToolUse("srvtoolu_1", "web_search", Raw(b"{}"))
    found = messages.WebSearchToolResult("srvtoolu_1", Raw(b"[]"))
    cited = messages.Text("It is warm.", citations=Raw(b'[{"type":"web_search_result_location"}]'))
    original = request(user("a"), assistant(SIGNED, search, found, cited, call()), user(result()))
    less = after(words, original)
    assert less is not None
    assert less.request.messages[1] == assistant(messages.Text("It is warm."), call())
    assert (less.note.path, less.note.action, less.note.changes_meaning) == ("messages", "dropped", False)
    assert after(words, less.request) is None
