"""What an answer says: echoes, results, pictures, JSON, citations."""

import json

import jsonschema_rs
import pytest

from tests.simulator.requests import (
    CLOCK,
    NEW,
    WEATHER,
    Json,
    answer_text,
    answer_to,
    assistant,
    call,
    document,
    image,
    make_request,
    result,
    system,
    text,
    user,
)

DOG = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}, "mood": {"enum": ["calm", "wild"]}},
    "required": ["name", "mood"],
    "additionalProperties": False,
}


def schema(of: Json) -> Json:
    return {"output_config": {"format": {"type": "json_schema", "schema": of}}}


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Hello there!", "You said: “Hello there!”"),
        ("Reply with exactly: pong", "pong"),
        ("Reply with the single word OK.", "OK"),
        ('Say only "yes"', "yes"),
        ("Please count to 5", "1, 2, 3, 4, 5"),
        ("[[simulate: words=4]]", "the quiet river carries"),
        ("[[simulate: answer=as_you_wish]] Hello", "as you wish"),
    ],
)
def test_words(question: str, expected: str) -> None:
    answer = answer_to(make_request(question))
    assert (answer_text(answer), answer.stop_reason) == (expected, "end_turn")


def test_pictures_and_documents_are_counted_and_described() -> None:
    linked = {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}}
    answer = answer_to(make_request(user(image(), linked, document("Ruby is red."), text("What is this?"))))
    assert answer_text(answer) == (
        "You said: “What is this?” I was given 3 things: an image (image/png, 70 bytes); "
        "an image (https://example.com/a.png); a document (text/plain, 12 characters)."
    )


def test_tool_results_are_told() -> None:
    both = [result(content=[text("18 °C"), image()]), result("toolu_2", [text("noon")], is_error=True)]
    body = make_request("a", assistant(call(), call("toolu_2", "get_time")), user(*both), tools=[WEATHER, CLOCK])
    assert answer_text(answer_to(body)) == (
        "get_weather returned: 18 °C With it came an image (image/png, 70 bytes).\nget_time failed: noon"
    )


def test_a_schema_is_met() -> None:
    answer = answer_to(make_request("Invent a wild dog", **schema(DOG)))
    assert json.loads(answer_text(answer)) == {"name": "sample", "mood": "wild", "age": 1}
    assert jsonschema_rs.is_valid(DOG, json.loads(answer_text(answer)))


def test_json_without_a_schema() -> None:
    for body in (
        make_request("Reply only with JSON"),
        make_request("Hi", system="Respond with a single valid JSON object."),
    ):
        assert set(json.loads(answer_text(answer_to(body)))) == {"answer"}
    assert "{" not in answer_text(answer_to(make_request("I like JSON")))


@pytest.mark.parametrize("place", ["system", "user"])
def test_json_by_the_schema_that_the_prompt_shows(place: str) -> None:
    words = f"Answer with one JSON object by this JSON Schema, not the schema itself:\n{json.dumps(DOG, indent=2)}"
    body = make_request("A wild dog", system=words) if place == "system" else make_request(f"A wild dog. {words}")
    assert jsonschema_rs.is_valid(DOG, json.loads(answer_text(answer_to(body))))


EDIT_FORMATS = [
    "Use *SEARCH/REPLACE* blocks:\na.py\n```\n<<<<<<< SEARCH\n=======\nprint()\n>>>>>>> REPLACE\n```",
    "Return a *file listing*:\npath/to/a.py\n```\nprint()\n```",
    "Return a unified diff:\n```diff\n--- a.py\n+++ a.py\n@@ @@\n+print()\n```",
    "*** Begin Patch\n*** Add File: a.py\n+print()\n*** End Patch",
]


@pytest.mark.parametrize("words", EDIT_FORMATS)
def test_a_coding_tool_is_not_given_its_own_example(words: str) -> None:
    for body in (make_request(f"Add a test.\n{words}"), make_request("Add a test.", system=words)):
        assert answer_text(answer_to(body)) == "I have not changed any file."


def test_an_edit_comes_from_a_directive() -> None:
    body = make_request("[[simulate: answer=a.py\\n```\\nprint(1)\\n```]]", system=EDIT_FORMATS[1])
    assert answer_text(answer_to(body)) == "a.py\n```\nprint(1)\n```"


def test_what_a_client_adds_is_not_echoed() -> None:
    body = make_request(user(text("<system-reminder>\nUse git.\n</system-reminder>\n"), text("Hello")))
    assert answer_text(answer_to(body)) == "You said: “Hello”"


def test_bad_json_on_demand() -> None:
    answer = answer_text(answer_to(make_request("[[simulate: bad-json]] a dog", **schema(DOG))))
    assert not jsonschema_rs.is_valid(DOG, json.loads(answer))
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer_text(answer_to(make_request("[[simulate: bad-json]] only JSON please"))))


def test_documents_are_cited_where_that_is_asked_for() -> None:
    answer = answer_to(
        make_request(user(document("Ruby is red. It shines.", title="R", citations={"enabled": True}), text("Ruby?")))
    )
    assert answer.blocks == [
        {
            "citations": [
                {
                    "type": "char_location",
                    "cited_text": "Ruby is red. ",
                    "document_index": 0,
                    "document_title": "R",
                    "start_char_index": 0,
                    "end_char_index": 13,
                }
            ],
            "type": "text",
            "text": "Ruby is red.",
        }
    ]


def test_a_late_system_message_does_not_hide_the_question() -> None:
    assert answer_text(answer_to(make_request("Hello", system("Be kind."), model=NEW))) == "You said: “Hello”"
