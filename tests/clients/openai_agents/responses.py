"""The OpenAI Agents SDK as it is by default, on the Responses API: tools, a handoff, sessions, structured output."""

from typing import Any

from agents import Agent, OpenAIResponsesModel, Runner, SQLiteSession, function_tool, set_tracing_disabled
from agents.items import ToolCallItem
from openai import AsyncOpenAI
from pydantic import BaseModel

from tests.clients.program import MODEL, Program, Record, base_urls

URL, LOCKED_URL = base_urls()
program = Program()
scenario = program.scenario
set_tracing_disabled(True)


class City(BaseModel):
    """A city."""

    name: str
    population: int


@function_tool
def get_weather(city: str) -> str:
    """Return the weather of a city."""
    return f"{city}: 21 degrees"


@function_tool
def get_population(city: str) -> str:
    """Return the population of a city."""
    return f"{city}: 2 million"


def agent(url: str = URL, key: str = "any key", **options: Any) -> Agent[Any]:
    client = AsyncOpenAI(base_url=url, api_key=key, max_retries=0)
    return Agent("Assistant", model=OpenAIResponsesModel(MODEL, client), **options)


def answer(result: Any) -> Record:
    called = [item.raw_item.name for item in result.new_items if isinstance(item, ToolCallItem)]
    return {"text": str(result.final_output), "finish": ["stop"], "called": called}


@scenario("plain")
async def plain() -> Record:
    return answer(await Runner.run(agent(), "Say hello."))


@scenario("streamed")
async def streamed() -> Record:
    result = Runner.run_streamed(agent(), "Tell me about the sea in a few words.")
    pieces = 0
    async for event in result.stream_events():
        pieces += event.type == "raw_response_event" and event.data.type == "response.output_text.delta"
    return {**answer(result), "pieces": pieces}


@scenario("tools run by the library")
async def tools() -> Record:
    return answer(await Runner.run(agent(tools=[get_weather]), "What is the weather in Paris? Use get_weather."))


@scenario("two tools, streamed, by the id of the response")
async def two_tools() -> Record:
    both = agent(tools=[get_weather, get_population])
    question = "Call get_weather and get_population, both for Paris."
    result = Runner.run_streamed(both, question, auto_previous_response_id=True)
    async for _ in result.stream_events():
        pass
    return {**answer(result), "continued": len(result.raw_responses)}


@scenario("handoff")
async def handoff() -> Record:
    weather = Agent("Weather", model=agent().model, tools=[get_weather])
    result = await Runner.run(agent(handoffs=[weather]), "Use transfer_to_weather.")
    return {"text": str(result.final_output), "finish": ["stop"], "last_agent": result.last_agent.name}


@scenario("two turns by the id of the response")
async def two_turns_by_id() -> Record:
    first = await Runner.run(agent(tools=[get_weather]), "What is the weather in Paris? Use get_weather.")
    return answer(await Runner.run(agent(), "Say goodbye.", previous_response_id=first.last_response_id))


@scenario("two turns in a session")
async def two_turns_in_a_session() -> Record:
    session = SQLiteSession("one")
    await Runner.run(agent(tools=[get_weather]), "What is the weather in Paris? Use get_weather.", session=session)
    return answer(await Runner.run(agent(), "Say goodbye.", session=session))


@scenario("structured output")
async def structured_output() -> Record:
    result = await Runner.run(agent(output_type=City), "Describe the city of Paris.")
    return {"parsed": result.final_output.model_dump()}


@scenario("wrong key")
async def wrong_key() -> Record:
    return answer(await Runner.run(agent(LOCKED_URL, "a wrong key"), "Say hello."))


if __name__ == "__main__":
    program.run()
