"""The `openai` package for Python: plain and asynchronous, with its stream and parse helpers."""

import json
from typing import Any

from openai import AsyncOpenAI, AzureOpenAI, OpenAI, pydantic_function_tool
from pydantic import BaseModel

from tests.clients.program import (
    CLOCK,
    MODEL,
    NEWEST_MODEL,
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
client: Any = OpenAI(base_url=URL, api_key="any key", max_retries=0)
async_client: Any = AsyncOpenAI(base_url=URL, api_key="any key", max_retries=0)
program = Program()
scenario = program.scenario


class City(BaseModel):
    name: str
    population: int


class GetWeather(BaseModel):
    """The weather of a city."""

    city: str


def answer(completion: Any) -> Record:
    (choice,) = completion.choices
    calls = choice.message.tool_calls or []
    return {
        "text": choice.message.content or "",
        "finish": [choice.finish_reason],
        "model": completion.model,
        "calls": [call_of(call.id, call.function.name, call.function.arguments) for call in calls],
        "usage": completion.usage and completion.usage.model_dump(),
    }


def call_of(call_id: str, name: str, arguments: str) -> Record:
    return {"id": call_id, "name": name, "arguments": json.loads(arguments)}


class Chunks:
    """Puts the chunks of a stream together by hand, as a careful user would."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.finish: list[str] = []
        self.usage: list[Record] = []
        self.ids: set[str] = set()
        self.calls: dict[int, Record] = {}

    def add(self, chunk: Any) -> None:
        self.ids.add(chunk.id)
        if chunk.usage:
            self.usage.append(chunk.usage.model_dump())
        for choice in chunk.choices:
            self.pieces += [choice.delta.content] if choice.delta.content else []
            self.finish += [choice.finish_reason] if choice.finish_reason else []
            for delta in choice.delta.tool_calls or []:
                self._add_call(delta)

    def _add_call(self, delta: Any) -> None:
        call = self.calls.setdefault(delta.index, {"id": "", "name": "", "arguments": ""})
        call["id"] += delta.id or ""
        call["name"] += delta.function.name or ""
        call["arguments"] += delta.function.arguments or ""

    def record(self) -> Record:
        (_,) = self.ids
        return {
            "text": "".join(self.pieces),
            "pieces": len(self.pieces),
            "finish": self.finish,
            "calls": [call_of(call["id"], call["name"], call["arguments"]) for call in self.calls.values()],
            "usages": self.usage,
        }


def azure(url: str = URL, key: str = "any key") -> Any:
    """Return the client for Azure, which puts the model into the path and the key into a header of its own."""
    origin = url.removesuffix("/v1")
    return AzureOpenAI(azure_endpoint=origin, api_version="2024-10-21", api_key=key, max_retries=0)


def ask(*messages: dict[str, Any], **options: Any) -> Record:
    return answer(client.chat.completions.create(**{"model": MODEL, "messages": list(messages), **options}))


def ask_streamed(*messages: dict[str, Any], **options: Any) -> Record:
    chunks = Chunks()
    for chunk in client.chat.completions.create(model=MODEL, messages=list(messages), stream=True, **options):
        chunks.add(chunk)
    return chunks.record()


@scenario("plain")
def plain() -> Record:
    return ask(said("Say hello."))


@scenario("plain, async")
async def plain_async() -> Record:
    return answer(await async_client.chat.completions.create(model=MODEL, messages=[said("Say hello.")]))


@scenario("streamed")
def streamed() -> Record:
    return ask_streamed(said("Tell me about the sea in a few words."))


@scenario("streamed, async")
async def streamed_async() -> Record:
    chunks = Chunks()
    messages = [said("Tell me about the sea in a few words.")]
    async for chunk in await async_client.chat.completions.create(model=MODEL, messages=messages, stream=True):
        chunks.add(chunk)
    return chunks.record()


@scenario("streamed with usage")
def streamed_with_usage() -> Record:
    return ask_streamed(said("Tell me about the sea in a few words."), stream_options={"include_usage": True})


@scenario("stream helper")
def stream_helper() -> Record:
    with client.chat.completions.stream(model=MODEL, messages=[said("Tell me about the sea.")]) as stream:
        pieces = [event.delta for event in stream if event.type == "content.delta"]
        return {**answer(stream.get_final_completion()), "pieces": len(pieces)}


@scenario("stream helper with a tool")
def stream_helper_with_a_tool() -> Record:
    question = said("What is the weather in Paris?")
    with client.chat.completions.stream(
        model=MODEL, messages=[question], tools=[WEATHER], tool_choice="required"
    ) as stream:
        done = [event.name for event in stream if event.type == "tool_calls.function.arguments.done"]
        return {**answer(stream.get_final_completion()), "done": done}


@scenario("tool call and its result")
def tool_call_and_result() -> Record:
    return tool_loop([WEATHER], said("What is the weather in Paris? Use get_weather."))


@scenario("parallel tools and their results")
def parallel_tools() -> Record:
    question = said("Call get_weather and get_population, both for Paris.")
    return tool_loop([WEATHER, POPULATION], question, tool_choice="auto")


def tool_loop(tools: list[Any], question: dict[str, Any], **options: Any) -> Record:
    """Asks, answers each call, asks again with the SDK's own message in the history."""
    options = {"tool_choice": "required", **options}
    first = client.chat.completions.create(model=MODEL, messages=[question], tools=tools, **options)
    message = first.choices[0].message
    results = [{"role": "tool", "tool_call_id": call.id, "content": "21 degrees"} for call in message.tool_calls or []]
    return {**answer(first), "then": ask(question, message, *results, tools=tools)}


@scenario("streamed tool call")
def streamed_tool_call() -> Record:
    return ask_streamed(said("What is the weather in Paris?"), tools=[WEATHER], tool_choice="required")


@scenario("tool without arguments")
def tool_without_arguments() -> Record:
    return ask(said("What time is it?"), tools=[CLOCK], tool_choice="required")


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


@scenario("system and developer")
def system_and_developer() -> Record:
    system, developer = {"role": "system", "content": "Be brief."}, {"role": "developer", "content": "Be kind."}
    return ask(system, developer, said("Say hello."))


@scenario("stop sequence")
def stop_sequence() -> Record:
    return ask(said("Count: one two three four."), stop=["three"])


@scenario("cut at max_completion_tokens")
def cut() -> Record:
    return ask(said("Tell me a long story about the sea, the wind and a boat."), max_completion_tokens=3)


@scenario("parse helper")
def parse_helper() -> Record:
    completion = client.chat.completions.parse(
        model=MODEL, messages=[said("Describe the city of Paris.")], response_format=City
    )
    return {**answer(completion), "parsed": completion.choices[0].message.parsed.model_dump()}


@scenario("stream helper that parses")
def stream_helper_that_parses() -> Record:
    question = said("Describe the city of Paris.")
    with client.chat.completions.stream(model=MODEL, messages=[question], response_format=City) as stream:
        stream.until_done()
        completion = stream.get_final_completion()
    return {**answer(completion), "parsed": completion.choices[0].message.parsed.model_dump()}


@scenario("parsed tool call")
def parsed_tool_call() -> Record:
    completion = client.chat.completions.parse(
        model=MODEL,
        messages=[said("What is the weather in Paris?")],
        tools=[pydantic_function_tool(GetWeather, name="get_weather")],
        tool_choice="required",
    )
    (call,) = completion.choices[0].message.tool_calls
    return {**answer(completion), "parsed": call.function.parsed_arguments.model_dump()}


@scenario("json object")
def json_object() -> Record:
    return ask(said("Describe Paris as JSON."), response_format={"type": "json_object"})


@scenario("reasoning effort")
def reasoning_effort() -> Record:
    return ask(said("Say hello."), reasoning_effort="low")


@scenario("newest model, with what it refuses")
def newest_model() -> Record:
    options = {"temperature": 0.2, "top_p": 0.5, "tools": [WEATHER], "tool_choice": "required"}
    return ask(said("What is the weather in Paris?"), model=NEWEST_MODEL, **options)


@scenario("two choices")
def two_choices() -> Record:
    completion = client.chat.completions.create(model=MODEL, messages=[said("Say hello.")], n=2)
    return choices_of(completion.choices, completion.usage)


@scenario("two choices, streamed")
def two_choices_streamed() -> Record:
    with client.chat.completions.stream(model=MODEL, messages=[said("Say hello.")], n=2) as stream:
        return choices_of(stream.until_done().get_final_completion().choices, None)


def choices_of(choices: Any, usage: Any) -> Record:
    return {
        "indexes": [choice.index for choice in choices],
        "texts": [choice.message.content for choice in choices],
        "finish": [choice.finish_reason for choice in choices],
        "usage": usage and usage.model_dump(),
    }


@scenario("models")
def models() -> Record:
    listed = [model.id for model in client.models.list()]
    return {"models": listed, "retrieved": client.models.retrieve(listed[0]).id}


@scenario("wrong key")
def wrong_key() -> Record:
    locked: Any = OpenAI(base_url=LOCKED_URL, api_key="a wrong key", max_retries=0)
    return answer(locked.chat.completions.create(model=MODEL, messages=[said("Say hello.")]))


@scenario("bad request")
def bad_request() -> Record:
    return ask({"role": "narrator", "content": "Say hello."})


@scenario("unknown model")
def unknown_model() -> Record:
    return ask(said("Say hello."), model="claude-none-9")


@scenario("context overflow")
def context_overflow() -> Record:
    return ask(said(TOO_LONG), model=SMALL_MODEL)


@scenario("rate limit")
def rate_limit() -> Record:
    return ask(said("[[simulate: status=429 retry_after=30]]"))


@scenario("error in a stream")
def error_in_a_stream() -> Record:
    return ask_streamed(said("Tell me about the sea. [[simulate: pace=50 error_after=8]]"))


@scenario("stream cut off")
def stream_cut_off() -> Record:
    return ask_streamed(said("Tell me about the sea. [[simulate: pace=50 cut_after=8]]"))


@scenario("Azure: plain")
def azure_plain() -> Record:
    return answer(azure().chat.completions.create(model=MODEL, messages=[said("Say hello.")]))


@scenario("Azure: streamed")
def azure_streamed() -> Record:
    chunks = Chunks()
    messages = [said("Tell me about the sea in a few words.")]
    for chunk in azure().chat.completions.create(model=MODEL, messages=messages, stream=True):
        chunks.add(chunk)
    return chunks.record()


@scenario("Azure: wrong key")
def azure_wrong_key() -> Record:
    return answer(azure(LOCKED_URL, "a wrong key").chat.completions.create(model=MODEL, messages=[said("Say hello.")]))


if __name__ == "__main__":
    program.run()
