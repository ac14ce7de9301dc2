"""Search results that come back as they were given out, or not."""

import copy

from tests.simulator.asking import SEARCH, Json, accepted, answered, asking, continued, user, words_of_refusal


def searched() -> Json:
    body = asking("Search the web for Ruby", tools=[SEARCH])
    return continued(body, answered(body), user("Thanks."))


def test_as_they_were() -> None:
    accepted(searched())


def test_changed_results() -> None:
    body = copy.deepcopy(searched())
    body["messages"][1]["content"][1]["content"][0]["encrypted_content"] = "AAAA"
    assert words_of_refusal(body) == "messages.1.content.1: Invalid `encrypted_content` in `web_search_result` block"


def test_changed_citations() -> None:
    body = copy.deepcopy(searched())
    body["messages"][1]["content"][3]["citations"][0]["encrypted_index"] = "cut"
    assert words_of_refusal(body) == (
        "messages.1.content.3: Invalid `encrypted_index` in `web_search_result_location` block"
    )


def test_citations_may_be_left_out() -> None:
    body = copy.deepcopy(searched())
    del body["messages"][1]["content"][3]["citations"]
    accepted(body)
