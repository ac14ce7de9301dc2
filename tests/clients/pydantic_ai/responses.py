"""Pydantic AI on its model for the Responses API: runs, streams, tools, structured output, continued by id."""

from typing import Any

from openai import AsyncOpenAI
from pydantic import BaseModel
from pydantic_ai import Agent
from pydantic_ai.messages import ModelResponse, ToolCallPart
from pydantic_ai.models.openai import OpenAIResponsesModel
from pydantic_ai.providers.openai import OpenAIProvider

from tests.clients.program import MODEL, Program, Record, base_urls

URL, LOCKED_URL = base_urls()
program = Program()
scenario = program.scenario


class City(BaseModel):
    """A city."""

    name: str
    population: int


def agent(url: str = URL, key: str = "any key", **options: Any) -> Any:
    client = AsyncOpenAI(base_url=url, api_key=key, max_retries=0)
    return Agent(OpenAIResponsesModel(MODEL, provider=OpenAIProvider(openai_client=client)), **options)


def get_weather(city: str) -> str:
    """Return the weather of a city."""
    return f"{city}: 21 degrees"


def answer(result: Any) -> Record:
    responses = [message for message in result.all_messages() if isinstance(message, ModelResponse)]
    calls = [part for response in responses for part in response.parts if isinstance(part, ToolCallPart)]
    return {
        "text": str(result.output),
        "finish": [responses[-1].finish_reason],
        "called": [call.tool_name for call in calls],
    }


@scenario("plain")
async def plain() -> Record:
    return answer(await agent().run("Say hello."))


@scenario("streamed")
async def streamed() -> Record:
    async with agent().run_stream("Tell me about the sea in a few words.") as result:
        pieces = [piece async for piece in result.stream_text(delta=True, debounce_by=None)]
    return {"text": "".join(pieces), "pieces": len(pieces), "finish": ["stop"]}


@scenario("tools run by the library")
async def tools() -> Record:
    return answer(await agent(tools=[get_weather]).run("What is the weather in Paris? Use get_weather."))


@scenario("two turns by the id of the response")
async def two_turns_by_id() -> Record:
    first = await agent(tools=[get_weather]).run("What is the weather in Paris? Use get_weather.")
    settings = {"openai_previous_response_id": "auto"}
    return answer(await agent().run("Say goodbye.", message_history=first.all_messages(), model_settings=settings))


@scenario("structured output")
async def structured_output() -> Record:
    result = await agent(output_type=City).run("Describe the city of Paris.")
    return {"parsed": result.output.model_dump()}


@scenario("wrong key")
async def wrong_key() -> Record:
    return answer(await agent(LOCKED_URL, "a wrong key").run("Say hello."))


if __name__ == "__main__":
    program.run()
