"""LiteLLM as a client: `openai/<model>` with the proxy as its base URL."""

import json
from typing import Any

import litellm
from pydantic import BaseModel

from tests.clients.program import (
    CLOCK,
    MODEL,
    PDF,
    PNG,
    POPULATION,
    SMALL_MODEL,
    TOO_LONG,
    WEATHER,
    Program,
    Record,
    base_urls,
    said,
)

URL, LOCKED_URL = base_urls()
litellm.suppress_debug_info = True
program = Program()
scenario = program.scenario


class City(BaseModel):
    name: str
    population: int


def options_for(messages: tuple[dict[str, Any], ...], options: dict[str, Any]) -> dict[str, Any]:
    return {
        "model": f"openai/{MODEL}",
        "base_url": URL,
        "api_key": "any key",
        "max_retries": 0,
        "messages": list(messages),
        **options,
    }


def complete(*messages: dict[str, Any], **options: Any) -> Any:
    return litellm.completion(**options_for(messages, options))


def ask(*messages: dict[str, Any], **options: Any) -> Record:
    return answer(complete(*messages, **options))


def ask_streamed(*messages: dict[str, Any], **options: Any) -> Record:
    chunks = list(complete(*messages, stream=True, **options))
    whole = answer(litellm.stream_chunk_builder(chunks, messages=list(messages)))
    finish = [choice.finish_reason for chunk in chunks for choice in chunk.choices if choice.finish_reason]
    pieces = sum(bool(choice.delta.content) for chunk in chunks for choice in chunk.choices)
    usages = [chunk.usage.model_dump() for chunk in chunks if getattr(chunk, "usage", None)]
    return {**whole, "usage": None, "finish": finish, "pieces": pieces, "usages": usages}


def answer(completion: Any) -> Record:
    (choice,) = completion.choices
    calls = choice.message.tool_calls or []
    return {
        "text": choice.message.content or "",
        "finish": [choice.finish_reason],
        "calls": [
            {"id": call.id, "name": call.function.name, "arguments": json.loads(call.function.arguments)}
            for call in calls
        ],
        "usage": completion.usage.model_dump(),
    }


@scenario("plain")
def plain() -> Record:
    return ask(said("Say hello."))


@scenario("plain, async")
async def plain_async() -> Record:
    return answer(await litellm.acompletion(**options_for((said("Say hello."),), {})))


@scenario("streamed")
def streamed() -> Record:
    return ask_streamed(said("Tell me about the sea in a few words."))


@scenario("streamed with usage")
def streamed_with_usage() -> Record:
    return ask_streamed(said("Tell me about the sea in a few words."), stream_options={"include_usage": True})


@scenario("tool call and its result")
def tool_call_and_result() -> Record:
    return tool_loop([WEATHER], said("What is the weather in Paris? Use get_weather."))


@scenario("parallel tools and their results")
def parallel_tools() -> Record:
    return tool_loop([WEATHER, POPULATION], said("Call get_weather and get_population, both for Paris."))


def tool_loop(tools: list[Any], question: dict[str, Any]) -> Record:
    first = complete(question, tools=tools)
    message = first.choices[0].message
    results = [{"role": "tool", "tool_call_id": call.id, "content": "21 degrees"} for call in message.tool_calls or []]
    return {**answer(first), "then": ask(question, message.model_dump(), *results, tools=tools)}


@scenario("streamed tool call")
def streamed_tool_call() -> Record:
    return ask_streamed(said("What is the weather in Paris?"), tools=[WEATHER], tool_choice="required")


@scenario("streamed tool without arguments")
def streamed_tool_without_arguments() -> Record:
    return ask_streamed(said("What time is it?"), tools=[CLOCK], tool_choice="required")


@scenario("image")
def image() -> Record:
    part = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}
    return ask({"role": "user", "content": [{"type": "text", "text": "What is this?"}, part]})


@scenario("pdf")
def pdf() -> Record:
    file = {"filename": "a.pdf", "file_data": f"data:application/pdf;base64,{PDF}"}
    return ask({"role": "user", "content": [{"type": "file", "file": file}, {"type": "text", "text": "Summarise it."}]})


@scenario("system with a cache breakpoint")
def system() -> Record:
    text = {"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}
    return ask({"role": "system", "content": [text]}, said("Say hello."))


@scenario("stop sequence")
def stop_sequence() -> Record:
    return ask(said("Count: one two three four."), stop=["three"])


@scenario("cut at max_tokens")
def cut() -> Record:
    return ask(said("Tell me a long story about the sea, the wind and a boat."), max_tokens=3)


@scenario("structured output")
def structured_output() -> Record:
    record = ask(said("Describe the city of Paris."), response_format=City)
    return {**record, "parsed": City.model_validate_json(record["text"]).model_dump()}


@scenario("json object")
def json_object() -> Record:
    return ask(said("Describe Paris as JSON."), response_format={"type": "json_object"})


@scenario("reasoning effort")
def reasoning_effort() -> Record:
    return ask(said("Say hello."), reasoning_effort="low", allowed_openai_params=["reasoning_effort"])


@scenario("wrong key")
def wrong_key() -> Record:
    return ask(said("Say hello."), base_url=LOCKED_URL, api_key="a wrong key")


@scenario("unknown model")
def unknown_model() -> Record:
    return ask(said("Say hello."), model="openai/claude-none-9")


@scenario("context overflow")
def context_overflow() -> Record:
    return ask(said(TOO_LONG), model=f"openai/{SMALL_MODEL}")


@scenario("rate limit")
def rate_limit() -> Record:
    return ask(said("[[simulate: status=429 retry_after=30]]"))


@scenario("error in a stream")
def error_in_a_stream() -> Record:
    return ask_streamed(said("Tell me about the sea. [[simulate: pace=50 error_after=8]]"))


@scenario("stream cut off")
def stream_cut_off() -> Record:
    return ask_streamed(said("Tell me about the sea. [[simulate: pace=50 cut_after=8]]"))


if __name__ == "__main__":
    program.run()
