"""Turns: user first, alternating, never empty, and an end that the model can answer."""

from typing import Any

import pytest
from msgspec import Raw

from claude_code_proxy import messages
from claude_code_proxy.adaptation.conversation.turns import MOST_MESSAGES
from claude_code_proxy.errors import InvalidRequest
from tests.adaptation.requests import (
    NEWEST,
    OLD,
    PLAIN,
    accepted,
    adapted,
    assistant,
    call,
    late_system,
    request,
    result,
    told,
    tool,
    user,
)
from tests.timing import shortest

LOOK = (tool(),)


def sent(*conversation: messages.InputMessage, **fields: Any) -> tuple[messages.InputMessage, ...]:
    made = adapted(request(*conversation, **fields), prompt_cache=False)
    accepted(made)
    return made.request.messages


def test_trap_01_consecutive_tool_messages_become_one_turn() -> None:
    talk = (user("Look."), assistant(call("a"), call("b")), user(result("a", "1")), user(result("b", "2")))
    assert sent(*talk, tools=LOOK)[2] == user(result("a", "1"), result("b", "2"))
    assert told(adapted(request(*talk, tools=LOOK))) == []


def test_trap_02_text_after_tool_messages_follows_the_results() -> None:
    talk = (user("Look."), assistant(call("a")), user("And?"), user(result("a", "1")), user("Well?"))
    assert sent(*talk, tools=LOOK)[2] == user(result("a", "1"), "And?", "Well?")


def test_consecutive_texts_are_merged_and_that_is_told() -> None:
    made = adapted(request(user("a"), user("b"), assistant("c"), assistant("d"), user("e")))
    assert made.request.messages == (user("a", "b"), assistant("c", "d"), user("e"))
    assert told(made) == ["messages=merged", "messages=merged"]


def test_trap_11_an_empty_assistant_message_is_dropped_and_its_neighbours_merged() -> None:
    assert sent(user("a"), assistant(""), user("b")) == (user("a", "b"),)


def test_trap_12_a_user_turn_of_nothing_says_so() -> None:
    assert sent(user("a"), assistant("b"), user(" "), assistant("c"), user("d"))[2] == user("(no content)")
    assert sent(assistant("")) == (user("(no content)"),)


def test_trap_14_a_conversation_of_system_text_alone_is_asked_as_the_users() -> None:
    made = adapted(
        messages.MessagesRequest("claude-sonnet-4-6", (), system=(messages.Text("Say hi."), messages.Text(" ")))
    )
    assert made.request.messages == (user("Say hi."),)
    assert made.request.system == ()


def test_nothing_at_all_is_refused() -> None:
    with pytest.raises(InvalidRequest) as caught:
        adapted(messages.MessagesRequest("claude-sonnet-4-6", ()))
    assert caught.value.path == "messages"


def test_the_first_turn_is_the_users() -> None:
    made = adapted(request(assistant("Hello!"), user("Hi.")))
    assert made.request.messages == (user("(the conversation begins)"), assistant("Hello!"), user("Hi."))
    assert told(made) == ["messages=inserted"]


def test_trap_16_a_last_assistant_text_loses_the_space_at_its_end() -> None:
    assert sent(user("a"), assistant("b", "c \n"), model=OLD)[-1] == assistant("b", "c")


def test_trap_17_where_prefill_is_refused_the_model_is_asked_to_continue() -> None:
    made = adapted(request(user("a"), assistant("b")))
    assert made.request.messages == (user("a"), assistant("b"), user("Continue."))
    assert [(one.path, one.changes_meaning) for one in made.adjustments] == [("messages", True)]


@pytest.mark.parametrize(
    "fields",
    [
        {"thinking": messages.Enabled(2000)},
        {"output_config": messages.OutputConfig(format=messages.JsonSchema(tool().input_schema))},
        {"output_config": messages.OutputConfig(format=messages.JsonObject())},
    ],
    ids=["thinking", "format", "emulated format"],
)
def test_prefill_does_not_go_with_thinking_or_a_format(fields: dict[str, Any]) -> None:
    assert sent(user("a"), assistant("b"), model=OLD, **fields)[-1] == user("Continue.")


THOUGHTS = (messages.Thinking("Hm.", "signed"), messages.RedactedThinking("x"))


@pytest.mark.parametrize("model", [OLD, NEWEST])
def test_an_assistant_turn_never_ends_in_thinking(model: str) -> None:
    made = adapted(request(user("a"), assistant("b", *THOUGHTS), user("c"), model=model))
    accepted(made)
    assert made.request.messages == (user("a"), assistant("b"), user("c"))
    assert told(made) == ["messages=dropped"]


def test_an_assistant_turn_of_thinking_alone_is_dropped() -> None:
    made = adapted(request(user("a"), assistant(*THOUGHTS), user("b"), assistant(*THOUGHTS), model=NEWEST))
    accepted(made)
    assert made.request.messages == (user("a", "b"),)


def test_thinking_that_a_client_keeps_in_a_message_of_its_own_stays_with_its_turn() -> None:
    talk = (user("a"), assistant(THOUGHTS[1]), assistant("b"), user("c"))
    assert adapted(request(*talk, model=NEWEST)).request.messages[1] == assistant(THOUGHTS[1], "b")


HAIKU = "claude-haiku-5-5"


def test_a_system_message_after_tool_results_is_parted_from_them_where_it_would_be_read_as_one() -> None:
    talk = (user("a"), assistant(call()), user(result("call_1", "1")), late_system("b"), assistant("c"), user("d"))
    assert sent(*talk, model=NEWEST, tools=LOOK) == talk
    made = adapted(request(*talk, model=HAIKU, tools=LOOK))
    accepted(made)
    assert made.request.messages[2] == user(result("call_1", "1"), "(end of the tool results)")
    assert made.request.messages[3] == late_system("b")
    assert told(made) == ["messages=inserted"]
    assert sent(user("a"), late_system("b"), model=HAIKU) == (user("a"), late_system("b"))


def test_a_system_message_whose_neighbour_was_moved_away_is_marked_text() -> None:
    talk = (user("a"), assistant(call("x")), user("b"), assistant("c"), user(result("x", "1")), late_system("d"))
    assert sent(*talk, model=NEWEST, tools=LOOK) == (
        user("a"),
        assistant(call("x")),
        user(result("x", "1"), "b"),
        assistant("c"),
        user("<system>\nd\n</system>"),
    )


def test_a_system_message_may_follow_what_the_service_did() -> None:
    search = messages.HostedTool("web_search_20250305", "web_search")
    called = messages.ServerToolUse("srvtoolu_1", "web_search", call().input)
    found = messages.WebSearchToolResult("srvtoolu_1", Raw(b"[]"))
    talk = (user("a"), assistant(called, found), late_system("b"))
    assert sent(*talk, model=NEWEST, tools=(search,)) == talk


def test_a_turn_that_the_service_paused_goes_back_as_it_is() -> None:
    paused = assistant(messages.ServerToolUse("srvtoolu_1", "web_search", call().input))
    search = messages.HostedTool("web_search_20250305", "web_search")
    assert sent(user("a"), paused, tools=(search,))[-1] == paused
    other = assistant(messages.UnknownBlock("code_execution_tool_result", b'{"type":"code_execution_tool_result"}'))
    assert adapted(request(user("a"), other)).request.messages[-1] == other
    strange = assistant(messages.UnknownBlock("compaction", b'{"type":"compaction"}'))
    assert adapted(request(user("a"), strange)).request.messages[-1] == user("Continue.")


def test_trap_15_late_system_messages_stay_where_they_stand() -> None:
    talk = (user("a"), late_system("b"), assistant("c"), user("d"), late_system("e"))
    assert sent(*talk, model=NEWEST) == talk
    assert sent(*talk) == (user("a", "<system>\nb\n</system>"), assistant("c"), user("d", "<system>\ne\n</system>"))


def test_a_late_system_message_never_parts_a_call_from_its_result() -> None:
    talk = (user("a"), assistant(call()), late_system("b"), user(result()))
    for model in (NEWEST, OLD):
        assert sent(*talk, model=model, tools=LOOK)[2] == user(result(), "<system>\nb\n</system>")


def test_late_system_messages_after_one_another_become_one() -> None:
    talk = (user("a"), late_system("b"), late_system("c"))
    made = adapted(request(*talk, model=NEWEST))
    assert made.request.messages == (user("a"), late_system("b", "c"))
    assert told(made) == []


@pytest.mark.parametrize(
    ("talk", "mended"),
    [
        ((user("a"), late_system("b"), user("c")), (user("a", "<system>\nb\n</system>", "c"),)),
        ((user("a"), assistant("b"), late_system("c")), (user("a"), assistant("b"), user("<system>\nc\n</system>"))),
        ((late_system("a"), user("b")), (user("<system>\na\n</system>", "b"),)),
    ],
    ids=["before a user", "after an assistant", "first"],
)
def test_a_late_system_message_out_of_place_is_marked_text(
    talk: tuple[messages.InputMessage, ...], mended: tuple[messages.InputMessage, ...]
) -> None:
    assert sent(*talk, model=NEWEST) == mended


def test_a_native_system_message_loses_its_breakpoint() -> None:
    marked = messages.Text("b", cache_control=messages.CacheControl())
    made = adapted(request(user("a"), late_system(marked), model=NEWEST))
    assert made.request.messages[1] == late_system("b")
    assert told(made) == ["messages=dropped"]


@pytest.mark.parametrize(
    ("talk", "reason"),
    [
        ((user("a"), assistant(" "), user("b")), "an assistant message that says nothing"),
        ((user(), assistant("a"), user("b")), "an empty user message is sent as (no content)"),
    ],
)
def test_repairs_of_what_says_nothing_are_told(talk: tuple[messages.InputMessage, ...], reason: str) -> None:
    assert reason in [one.reason for one in adapted(request(*talk)).adjustments]


def test_a_conversation_of_system_text_alone_is_told() -> None:
    asked = messages.MessagesRequest("claude-sonnet-4-6", (), system=(messages.Text("Hello"),))
    assert [one.action for one in adapted(asked).adjustments] == ["mapped"]


def test_a_stripped_prefill_is_told() -> None:
    told = [one.reason for one in adapted(request(user("a"), assistant("b "), model="claude-haiku-4-5")).adjustments]
    assert told == ["white space at the end of the last assistant text is left out"]


def long_conversations(many: int) -> dict[str, list[messages.InputMessage]]:
    return {
        "one role": [user("x")] * many,
        "blank text": [user(" "), assistant(" ")] * (many // 2),
        "late system messages": [user("z"), *[late_system("s"), user("x")] * (many // 2)],
        "one call id": [user("x"), *[assistant(call("c")), user(result("c"))] * (many // 2)],
        "one id for many calls of a turn": [user("x"), assistant(*[call("c")] * many), *[user(result("c"))] * many],
        "calls without results": [user("x"), *[assistant(call(f"c{index}")) for index in range(many)]],
        "results in reverse order": [
            user("x"),
            assistant(*[call(f"c{index}") for index in range(many)]),
            *[user(result(f"c{index}")) for index in reversed(range(many))],
        ],
        "results without calls": [user("x"), *[user(result(f"c{index}")) for index in range(many)]],
        "results before their calls": [
            user("x"),
            *[
                message
                for index in range(many // 2)
                for message in (user(result(f"c{index}")), assistant(call(f"c{index}")))
            ],
        ],
    }


@pytest.mark.parametrize("name", long_conversations(2))
@pytest.mark.parametrize("model", [PLAIN, NEWEST])
def test_a_long_conversation_takes_time_that_grows_with_its_length(name: str, model: str) -> None:
    """Eight times as many messages take about eight times as long; 64 times if each were compared with each."""

    def seconds(many: int) -> float:
        long = request(*long_conversations(many)[name], model=model, tools=(tool(),))
        return shortest(lambda: adapted(long))

    assert seconds(8_000) < 24 * seconds(1_000)


def test_there_is_a_most_of_messages() -> None:
    with pytest.raises(InvalidRequest) as caught:
        adapted(request(*[user("x")] * (MOST_MESSAGES + 1)))
    assert (caught.value.path, caught.value.status) == ("messages", 400)
