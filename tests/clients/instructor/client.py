"""Instructor on the OpenAI SDK: its modes of structured output, streams of partial objects, errors."""

from typing import Any

import instructor
from openai import OpenAI
from pydantic import BaseModel

from tests.clients.program import MODEL, Program, Record, base_urls, said

URL, LOCKED_URL = base_urls()
program = Program()
scenario = program.scenario
QUESTION = [said("Describe the city of Paris.")]


class City(BaseModel):
    """A city."""

    name: str
    population: int


def client(mode: instructor.Mode, url: str = URL, key: str = "any key") -> Any:
    return instructor.from_openai(OpenAI(base_url=url, api_key=key, max_retries=0), mode=mode)


def structured(mode: instructor.Mode) -> Record:
    city = client(mode).create(model=MODEL, messages=QUESTION, response_model=City, max_retries=0)
    return {"parsed": city.model_dump()}


@scenario("plain")
def plain() -> Record:
    reply = client(instructor.Mode.TOOLS).create(model=MODEL, messages=[said("Say hello.")], response_model=None)
    return {"text": reply.choices[0].message.content, "finish": [reply.choices[0].finish_reason]}


@scenario("by a tool")
def by_a_tool() -> Record:
    return structured(instructor.Mode.TOOLS)


@scenario("by JSON mode")
def by_json_mode() -> Record:
    return structured(instructor.Mode.JSON)


@scenario("by JSON Schema")
def by_json_schema() -> Record:
    return structured(instructor.Mode.JSON_SCHEMA)


@scenario("by Markdown")
def by_markdown() -> Record:
    return structured(instructor.Mode.MD_JSON)


@scenario("a stream of partial objects")
def partial_objects() -> Record:
    stream = client(instructor.Mode.TOOLS).create_partial(model=MODEL, messages=QUESTION, response_model=City)
    cities = list(stream)
    return {"parsed": cities[-1].model_dump(), "pieces": len(cities)}


@scenario("a list of objects")
def a_list_of_objects() -> Record:
    cities = client(instructor.Mode.JSON_SCHEMA).create(model=MODEL, messages=QUESTION, response_model=list[City])
    return {"parsed": cities[0].model_dump()}


@scenario("wrong key")
def wrong_key() -> Record:
    wrong = client(instructor.Mode.TOOLS, LOCKED_URL, "a wrong key")
    return {"parsed": wrong.create(model=MODEL, messages=QUESTION, response_model=City, max_retries=0).model_dump()}


if __name__ == "__main__":
    program.run()
