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
