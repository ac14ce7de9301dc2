"""The `openai` package for Python on the Responses API: whole, streamed, parsed, continued, and what is kept."""

import json
from typing import Any

from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel

from tests.clients.program import (
    CITY,
    MODEL,
    NOTHING,
    PDF,
    PNG,
    SMALL_MODEL,
    TOO_LONG,
    Program,
    Record,
    base_urls,
    flat_tool,
    said,
)

URL, LOCKED_URL = base_urls()
client: Any = OpenAI(base_url=URL, api_key="any key", max_retries=0)
async_client: Any = AsyncOpenAI(base_url=URL, api_key="any key", max_retries=0)
program = Program()
scenario = program.scenario

WEATHER, POPULATION = flat_tool("get_weather", CITY), flat_tool("get_population", CITY)
CLOCK = flat_tool("get_time", NOTHING)


class City(BaseModel):
    name: str
    population: int


def answer(response: Any) -> Record:
    """Return what chat's records have, in the words of chat, so that one expectation fits both."""
    calls = [item for item in response.output if item.type == "function_call"]
    finish = "tool_calls" if calls else "stop" if response.status == "completed" else response.incomplete_details.reason
    return {
        "text": response.output_text,
        "finish": [finish],
        "calls": [{"id": call.call_id, "name": call.name, "arguments": json.loads(call.arguments)} for call in calls],
        "usage": {
            "prompt_tokens": response.usage.input_tokens,
            "completion_tokens": response.usage.output_tokens,
            "total_tokens": response.usage.total_tokens,
        },
    }


def create(question: Any, **options: Any) -> Any:
    return client.responses.create(**{"model": MODEL, "input": question, **options})


def ask(question: Any, **options: Any) -> Record:
    return answer(create(question, **options))


def streamed_answer(events: Any) -> Record:
    """Put the events of a stream together, and return the last response beside what they said."""
    pieces, last = [], None
    for event in events:
        pieces += [event.delta] if event.type == "response.output_text.delta" else []
        last = event.response if event.type.startswith("response.") and hasattr(event, "response") else last
    assert last is not None
    if last.status == "failed":
        raise RuntimeError(last.error.message)
    assert last.output_text == "".join(pieces)
    return {**answer(last), "pieces": len(pieces)}


@scenario("plain")
def plain() -> Record:
    return ask("Say hello.")


@scenario("plain, async")
async def plain_async() -> Record:
    return answer(await async_client.responses.create(model=MODEL, input="Say hello."))


@scenario("streamed")
def streamed() -> Record:
    return streamed_answer(create("Tell me about the sea in a few words.", stream=True))


@scenario("stream helper")
def stream_helper() -> Record:
    with client.responses.stream(model=MODEL, input="Tell me about the sea.") as stream:
        pieces = [event.delta for event in stream if event.type == "response.output_text.delta"]
        return {**answer(stream.get_final_response()), "pieces": len(pieces)}


@scenario("stream helper with a tool")
def stream_helper_with_a_tool() -> Record:
    question = "What is the weather in Paris?"
    with client.responses.stream(model=MODEL, input=question, tools=[WEATHER], tool_choice="required") as stream:
        done = [event.item.name for event in stream if event.type == "response.output_item.done"]
        return {**answer(stream.get_final_response()), "done": done}


@scenario("stream helper that parses")
def stream_helper_that_parses() -> Record:
    with client.responses.stream(model=MODEL, input="Describe the city of Paris.", text_format=City) as stream:
        stream.until_done()
        response = stream.get_final_response()
    return {**answer(response), "parsed": response.output_parsed.model_dump()}


@scenario("parse helper")
def parse_helper() -> Record:
    response = client.responses.parse(model=MODEL, input="Describe the city of Paris.", text_format=City)
    return {**answer(response), "parsed": response.output_parsed.model_dump()}


@scenario("tool call and its result")
def tool_call_and_result() -> Record:
    return tool_loop([WEATHER], "What is the weather in Paris? Use get_weather.")


@scenario("parallel tools and their results")
def parallel_tools() -> Record:
    return tool_loop([WEATHER, POPULATION], "Call get_weather and get_population, both for Paris.")


def tool_loop(tools: list[Any], question: str) -> Record:
    """Ask, answer each call, ask again with the SDK's own items in the input."""
    first = create([said(question)], tools=tools, store=False)
    return {**answer(first), "then": ask([said(question), *first.output, *results_of(first)], tools=tools, store=False)}


def results_of(response: Any) -> list[Record]:
    calls = (item for item in response.output if item.type == "function_call")
    return [{"type": "function_call_output", "call_id": call.call_id, "output": "21 degrees"} for call in calls]


@scenario("tool loop by the id of the response")
def tool_loop_by_id() -> Record:
    first = create("What is the weather in Paris? Use get_weather.", tools=[WEATHER])
    return {**answer(first), "then": ask(results_of(first), tools=[WEATHER], previous_response_id=first.id)}


@scenario("streamed tool without arguments")
def streamed_tool_without_arguments() -> Record:
    return streamed_answer(create("What time is it?", tools=[CLOCK], tool_choice="required", stream=True))


@scenario("reasoning goes back as it came")
def reasoning_goes_back() -> Record:
    options = {"reasoning": {"effort": "low", "summary": "auto"}, "include": ["reasoning.encrypted_content"]}
    first = create([said("Say hello.")], store=False, **options)
    sealed = [item.encrypted_content for item in first.output if item.type == "reasoning"]
    then = create([said("Say hello."), *first.output, said("Say goodbye.")], store=False, **options)
    return {"sealed": [bool(text) for text in sealed], "text": then.output_text}


@scenario("what is kept")
def kept() -> Record:
    first = create("Say hello.", metadata={"colour": "blue"})
    found = client.responses.retrieve(first.id)
    items = [item.content[0].text for item in client.responses.input_items.list(first.id)]
    client.responses.delete(first.id)
    return {"same": found == first, "metadata": found.metadata, "items": items, "then": after_delete(first.id)}


def after_delete(response_id: str) -> str:
    try:
        client.responses.retrieve(response_id)
    except Exception as error:  # noqa: BLE001 - what it is, is recorded
        return type(error).__name__
    return "found"


@scenario("image")
def image() -> Record:
    parts = [{"type": "input_text", "text": "What is this?"}, {"type": "input_image", "image_url": PNG_URL}]
    return ask([{"role": "user", "content": parts}])


PNG_URL = f"data:image/png;base64,{PNG}"


@scenario("pdf")
def pdf() -> Record:
    file = {"type": "input_file", "filename": "a.pdf", "file_data": f"data:application/pdf;base64,{PDF}"}
    return ask([{"role": "user", "content": [file, {"type": "input_text", "text": "Summarise it."}]}])


@scenario("cut at max_output_tokens")
def cut() -> Record:
    return ask("Tell me a long story about the sea, the wind and a boat.", max_output_tokens=3)


@scenario("wrong key")
def wrong_key() -> Record:
    locked: Any = OpenAI(base_url=LOCKED_URL, api_key="a wrong key", max_retries=0)
    return answer(locked.responses.create(model=MODEL, input="Say hello."))


@scenario("bad request")
def bad_request() -> Record:
    return ask([{"role": "narrator", "content": "Say hello."}])


@scenario("unknown earlier response")
def unknown_earlier_response() -> Record:
    return ask("Say hello.", previous_response_id="resp_none")


@scenario("context overflow")
def context_overflow() -> Record:
    return ask(TOO_LONG, model=SMALL_MODEL)


@scenario("rate limit")
def rate_limit() -> Record:
    return ask("[[simulate: status=429 retry_after=30]]")


@scenario("error in a stream")
def error_in_a_stream() -> Record:
    return streamed_answer(create("Tell me about the sea. [[simulate: pace=50 error_after=8]]", stream=True))


@scenario("stream cut off")
def stream_cut_off() -> Record:
    return streamed_answer(create("Tell me about the sea. [[simulate: pace=50 cut_after=8]]", stream=True))


if __name__ == "__main__":
    program.run()
