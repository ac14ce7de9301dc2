"""LangChain's `ChatOpenAI`: messages, streams, bound tools and structured output."""

from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, SystemMessage, ToolMessage
from langchain_openai import ChatOpenAI
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
)

URL, LOCKED_URL = base_urls()
program = Program()
scenario = program.scenario


class City(BaseModel):
    """A city."""

    name: str
    population: int


def chat(**options: Any) -> Any:
    return ChatOpenAI(**{"model": MODEL, "base_url": URL, "api_key": "any key", "max_retries": 0, **options})


def answer(message: AIMessage) -> Record:
    return {
        "text": message.text,
        "finish": [message.response_metadata.get("finish_reason")],
        "calls": [{"id": call["id"], "name": call["name"], "arguments": call["args"]} for call in message.tool_calls],
        "usage": usage_of(message),
    }


def usage_of(message: AIMessage) -> Record | None:
    usage: Any = message.usage_metadata
    if usage is None:
        return None
    names = {"prompt_tokens": "input_tokens", "completion_tokens": "output_tokens", "total_tokens": "total_tokens"}
    return {theirs: usage[ours] for theirs, ours in names.items()}


def streamed_answer(model: Any, question: str) -> Record:
    whole: AIMessageChunk | None = None
    pieces = 0
    for chunk in model.stream(question):
        pieces += bool(chunk.text)
        whole = chunk if whole is None else whole + chunk
    assert whole is not None
    record = answer(whole)
    return {**record, "pieces": pieces, "usages": [record["usage"]] if record["usage"] else []}


@scenario("plain")
def plain() -> Record:
    return answer(chat().invoke("Say hello."))


@scenario("plain, async")
async def plain_async() -> Record:
    return answer(await chat().ainvoke("Say hello."))


@scenario("streamed")
def streamed() -> Record:
    return streamed_answer(chat(), "Tell me about the sea in a few words.")


@scenario("streamed with usage")
def streamed_with_usage() -> Record:
    return streamed_answer(chat(stream_usage=True), "Tell me about the sea in a few words.")


@scenario("tool call and its result")
def tool_call_and_result() -> Record:
    return tool_loop(chat().bind_tools([WEATHER]), "What is the weather in Paris? Use get_weather.")


@scenario("parallel tools and their results")
def parallel_tools() -> Record:
    model = chat().bind_tools([WEATHER, POPULATION])
    return tool_loop(model, "Call get_weather and get_population, both for Paris.")


def tool_loop(model: Any, question: str) -> Record:
    first = model.invoke(question)
    results = [ToolMessage("21 degrees", tool_call_id=call["id"]) for call in first.tool_calls]
    return {**answer(first), "then": answer(model.invoke([HumanMessage(question), first, *results]))}


@scenario("streamed tool call")
def streamed_tool_call() -> Record:
    return streamed_answer(chat().bind_tools([WEATHER], tool_choice="any"), "What is the weather in Paris?")


@scenario("streamed tool without arguments")
def streamed_tool_without_arguments() -> Record:
    return streamed_answer(chat().bind_tools([CLOCK], tool_choice="any"), "What time is it?")


@scenario("image")
def image() -> Record:
    part = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}
    return answer(chat().invoke([HumanMessage([{"type": "text", "text": "What is this?"}, part])]))


@scenario("pdf")
def pdf() -> Record:
    part = {"type": "file", "base64": PDF, "mime_type": "application/pdf", "filename": "a.pdf"}
    return answer(chat().invoke([HumanMessage([{"type": "text", "text": "Summarise it."}, part])]))


@scenario("system")
def system() -> Record:
    return answer(chat().invoke([SystemMessage("Be brief."), HumanMessage("Say hello.")]))


@scenario("stop sequence")
def stop_sequence() -> Record:
    return answer(chat().invoke("Count: one two three four.", stop=["three"]))


@scenario("cut at max_tokens")
def cut() -> Record:
    return answer(chat(max_tokens=3).invoke("Tell me a long story about the sea, the wind and a boat."))


@scenario("structured output")
def structured_output() -> Record:
    return structured(chat().with_structured_output(City, include_raw=True))


@scenario("structured output by a tool")
def structured_output_by_a_tool() -> Record:
    return structured(chat().with_structured_output(City, method="function_calling", include_raw=True))


@scenario("structured output by JSON mode")
def structured_output_by_json_mode() -> Record:
    return answer(chat().bind(response_format={"type": "json_object"}).invoke("Describe Paris as JSON."))


def structured(model: Any) -> Record:
    reply = model.invoke("Describe the city of Paris.")
    if reply["parsing_error"]:
        raise reply["parsing_error"]
    return {**answer(reply["raw"]), "parsed": reply["parsed"].model_dump()}


@scenario("reasoning effort")
def reasoning_effort() -> Record:
    return answer(chat(reasoning_effort="low").invoke("Say hello."))


@scenario("wrong key")
def wrong_key() -> Record:
    return answer(chat(base_url=LOCKED_URL, api_key="a wrong key").invoke("Say hello."))


@scenario("unknown model")
def unknown_model() -> Record:
    return answer(chat(model="claude-none-9").invoke("Say hello."))


@scenario("context overflow")
def context_overflow() -> Record:
    return answer(chat(model=SMALL_MODEL).invoke(TOO_LONG))


@scenario("rate limit")
def rate_limit() -> Record:
    return answer(chat().invoke("[[simulate: status=429 retry_after=30]]"))


@scenario("error in a stream")
def error_in_a_stream() -> Record:
    return streamed_answer(chat(), "Tell me about the sea. [[simulate: pace=50 error_after=8]]")


@scenario("stream cut off")
def stream_cut_off() -> Record:
    return streamed_answer(chat(), "Tell me about the sea. [[simulate: pace=50 cut_after=8]]")


if __name__ == "__main__":
    program.run()
