"""smolagents: its OpenAI model whole and streamed, and an agent that calls tools."""

import json
from typing import Any

from smolagents import ChatMessage, LogLevel, OpenAIModel, ToolCallingAgent, tool

from tests.clients.program import CITY, MODEL, Program, Record, base_urls

URL, LOCKED_URL = base_urls()
program = Program()
scenario = program.scenario


@tool
def get_weather(city: str) -> str:
    """Return the weather of a city.

    Args:
        city: The name of the city.
    """
    return f"{city}: 21 degrees"


def model(url: str = URL, key: str = "any key") -> OpenAIModel:
    return OpenAIModel(MODEL, api_base=url, api_key=key, client_kwargs={"max_retries": 0}, retry=False)


def user(text: str) -> list[ChatMessage]:
    return [ChatMessage.from_dict({"role": "user", "content": [{"type": "text", "text": text}]})]


@scenario("plain")
def plain() -> Record:
    return {"text": model().generate(user("Say hello.")).content, "finish": ["stop"]}


@scenario("streamed")
def streamed() -> Record:
    deltas = model().generate_stream(user("Tell me about the sea in a few words."))
    pieces = [delta.content for delta in deltas if delta.content]
    return {"text": "".join(pieces), "pieces": len(pieces), "finish": ["stop"]}


@scenario("tools run by the library")
def tools() -> Record:
    agent = ToolCallingAgent(tools=[get_weather], model=model(), max_steps=2, verbosity_level=LogLevel.OFF)
    task = "Use get_weather for Paris."
    for step in agent.run(task, stream=True, max_steps=1):
        outputs: Any = getattr(step, "observations", None)
        if outputs and "21 degrees" in outputs:
            calls = [call.name for call in step.tool_calls or []]
            return {"text": outputs, "finish": ["stop"], "called": calls}
    raise AssertionError("the agent ended without an observation")


@scenario("structured output")
def structured_output() -> Record:
    schema = {**CITY, "properties": {"name": {"type": "string"}, "population": {"type": "integer"}}}
    schema["required"] = ["name", "population"]
    form = {"type": "json_schema", "json_schema": {"name": "city", "schema": schema, "strict": True}}
    reply = model().generate(user("Describe the city of Paris."), response_format=form)
    return {"parsed": json.loads(str(reply.content))}


@scenario("wrong key")
def wrong_key() -> Record:
    return {"text": model(LOCKED_URL, "a wrong key").generate(user("Say hello.")).content}


if __name__ == "__main__":
    program.run()
