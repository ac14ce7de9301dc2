"""What a summary tells, and that it is accepted back."""

from claude_code_proxy.simulator.answers.script import follow
from claude_code_proxy.simulator.parsed_request import merge
from tests.simulator.requests import WEATHER, accept, answer_to, assistant, call, make_request, result, user

BETA = "compact-2026-09-04"
SCRIPT = '[[script:\nget_weather {"city": "Oslo"}\nsay Done.\n]]'


def test_it_has_the_words_of_the_user_and_how_far_the_script_is() -> None:
    body = make_request(f"Ask. {SCRIPT}", assistant(call()), user(result()), tools=[WEATHER])
    (block,) = answer_to({**body, "compaction": {"type": "summarize"}}, BETA).blocks
    assert "Ask." in block["content"]
    assert follow(merge([assistant(block)])).done == 1
    accept(make_request(assistant(block), user("Go on."), tools=[WEATHER]), BETA)


def test_a_summary_holds_the_one_before_it() -> None:
    (first,) = answer_to(make_request("My name is Ann.", compaction={"type": "summarize"}), BETA).blocks
    body = make_request(assistant(first), user("Go on."), compaction={"type": "summarize"})
    (second,) = answer_to(body, BETA).blocks
    assert "My name is Ann." in second["content"]
    assert "Go on." in second["content"]
