"""A caller's own breakpoints, as many as the service takes and in its order."""

from claude_code_proxy import messages
from claude_code_proxy.adaptation.breakpoints import controls
from tests.adaptation.requests import accepted, adapted, assistant, call, request, result, told, tool, user

FIVE = messages.CacheControl()
HOUR = messages.CacheControl("1h")


def marked(text: str, control: messages.CacheControl = FIVE) -> messages.Text:
    return messages.Text(text, cache_control=control)


def test_they_are_counted_in_the_order_in_which_a_prefix_grows() -> None:
    asked = request(
        user(marked("a", HOUR)),
        assistant(messages.Thinking("a", "b"), messages.ToolUse("x", "look", call().input, HOUR)),
        user(messages.ToolResult("x", cache_control=FIVE)),
        system=(marked("s"),),
        tools=(tool(cache_control=HOUR), messages.HostedTool("web_search_20250305", "web_search", cache_control=FIVE)),
    )
    assert controls(asked) == [HOUR, FIVE, FIVE, HOUR, HOUR, FIVE]


def test_trap_48_of_more_than_four_the_last_are_kept() -> None:
    sent = adapted(
        request(user(*(marked(str(at)) for at in range(4))), system=(marked("s"),), tools=(tool(cache_control=FIVE),))
    )
    accepted(sent)
    assert sent.request.tools[0].cache_control is None
    assert sent.request.system == (messages.Text("s"),)
    assert len(controls(sent.request)) == 4
    assert told(sent) == ["cache_control=dropped"]


def test_trap_48_an_hour_cannot_follow_five_minutes() -> None:
    sent = adapted(request(user(marked("a", HOUR), marked("b", FIVE), marked("c", HOUR), marked("d", FIVE))))
    accepted(sent)
    assert controls(sent.request) == [HOUR, FIVE, FIVE, FIVE]
    assert told(sent) == ["cache_control=clamped"]


def test_what_is_in_order_is_left_alone() -> None:
    asked = request(user(marked("a", HOUR), marked("b", FIVE)), max_tokens=5)
    assert adapted(asked).request == asked


def test_the_automatic_one_takes_a_place() -> None:
    sent = adapted(request(user(*(marked(str(at)) for at in range(4)), "end"), cache_control=FIVE))
    accepted(sent)
    assert len(controls(sent.request)) == 3
    assert sent.request.cache_control == FIVE


def test_the_automatic_one_is_not_needed_where_the_last_block_has_its_own() -> None:
    sent = adapted(request(user(marked("a", HOUR)), cache_control=FIVE))
    accepted(sent)
    assert sent.request.cache_control is None


def test_the_automatic_one_lives_no_longer_than_those_before_it() -> None:
    sent = adapted(request(user(marked("a"), "b"), cache_control=HOUR))
    accepted(sent)
    assert sent.request.cache_control == FIVE
    assert adapted(request(user(marked("a", HOUR), "b"), cache_control=HOUR)).request.cache_control == HOUR


def test_breakpoints_of_tool_results_survive_the_move_to_another_turn() -> None:
    kept = messages.ToolResult("x", (messages.Text("1"),), cache_control=FIVE)
    sent = adapted(request(user("a"), assistant(call("x")), assistant("b"), user(kept), tools=(tool(),)))
    accepted(sent)
    assert controls(sent.request) == [FIVE]
    assert result("x", "1") not in sent.request.messages[2].content
