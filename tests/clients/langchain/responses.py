"""LangChain's `ChatOpenAI` with `use_responses_api`: messages, streams, tools, continued by id, structured output."""

from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, ToolMessage
from langchain_openai import ChatOpenAI
from pydantic import BaseModel

from tests.clients.program import CLOCK, MODEL, POPULATION, WEATHER, Program, Record, base_urls

URL, LOCKED_URL = base_urls()
program = Program()
scenario = program.scenario


class City(BaseModel):
    """A city."""

    name: str
    population: int


def chat(**options: Any) -> Any:
    settings = {"model": MODEL, "base_url": URL, "api_key": "any key", "max_retries": 0, "use_responses_api": True}
    return ChatOpenAI(**{**settings, **options})


def answer(message: AIMessage) -> Record:
    """Return what chat's records have, in the words of chat."""
    usage: Any = message.usage_metadata
    finish = "stop" if message.response_metadata["status"] == "completed" else "length"
    return {
        "text": message.text,
        "finish": ["tool_calls" if message.tool_calls else finish],
        "calls": [{"id": call["id"], "name": call["name"], "arguments": call["args"]} for call in message.tool_calls],
        "usage": {
            "prompt_tokens": usage["input_tokens"],
            "completion_tokens": usage["output_tokens"],
            "total_tokens": usage["total_tokens"],
        },
    }


def streamed_answer(model: Any, question: str) -> Record:
    whole: AIMessageChunk | None = None
    pieces = 0
    for chunk in model.stream(question):
        pieces += bool(chunk.text)
        whole = chunk if whole is None else whole + chunk
    assert whole is not None
    return {**answer(whole), "pieces": pieces}


@scenario("plain")
def plain() -> Record:
    return answer(chat().invoke("Say hello."))


@scenario("streamed")
def streamed() -> Record:
    return streamed_answer(chat(), "Tell me about the sea in a few words.")


@scenario("tool call and its result")
def tool_call_and_result() -> Record:
    return tool_loop(chat().bind_tools([WEATHER]), "What is the weather in Paris? Use get_weather.")


@scenario("parallel tools and their results")
def parallel_tools() -> Record:
    model = chat().bind_tools([WEATHER, POPULATION])
    return tool_loop(model, "Call get_weather and get_population, both for Paris.")


@scenario("tool loop by the id of the response")
def tool_loop_by_id() -> Record:
    model = chat(use_previous_response_id=True).bind_tools([WEATHER])
    return tool_loop(model, "What is the weather in Paris? Use get_weather.")


def tool_loop(model: Any, question: str) -> Record:
    first = model.invoke(question)
    results = [ToolMessage("21 degrees", tool_call_id=call["id"]) for call in first.tool_calls]
    return {**answer(first), "then": answer(model.invoke([HumanMessage(question), first, *results]))}


@scenario("streamed tool without arguments")
def streamed_tool_without_arguments() -> Record:
    return streamed_answer(chat().bind_tools([CLOCK], tool_choice="any"), "What time is it?")


@scenario("structured output")
def structured_output() -> Record:
    reply = chat().with_structured_output(City, include_raw=True).invoke("Describe the city of Paris.")
    if reply["parsing_error"]:
        raise reply["parsing_error"]
    return {**answer(reply["raw"]), "parsed": reply["parsed"].model_dump()}


@scenario("reasoning goes back as it came")
def reasoning_goes_back() -> Record:
    model = chat(reasoning={"effort": "low", "summary": "auto"}, include=["reasoning.encrypted_content"], store=False)
    first = model.invoke("Say hello.")
    sealed = [block["encrypted_content"] for block in first.content if block["type"] == "reasoning"]
    then = model.invoke([HumanMessage("Say hello."), first, HumanMessage("Say goodbye.")])
    return {"sealed": [bool(text) for text in sealed], "text": then.text}


@scenario("wrong key")
def wrong_key() -> Record:
    return answer(chat(base_url=LOCKED_URL, api_key="a wrong key").invoke("Say hello."))


@scenario("rate limit")
def rate_limit() -> Record:
    return answer(chat().invoke("[[simulate: status=429 retry_after=30]]"))


@scenario("error in a stream")
def error_in_a_stream() -> Record:
    return streamed_answer(chat(), "Tell me about the sea. [[simulate: pace=50 error_after=8]]")


if __name__ == "__main__":
    program.run()
