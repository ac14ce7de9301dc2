"""Anthropic's Python SDK against the native endpoint: whole, streams, the tool runner, counting, models, errors."""

from typing import Any

from anthropic import Anthropic, beta_tool
from pydantic import BaseModel

from tests.clients.program import MODEL, NEWEST_MODEL, Program, Record, base_urls, said

URL, LOCKED_URL = (url.removesuffix("/v1") for url in base_urls())
program = Program()
scenario = program.scenario


class City(BaseModel):
    """A city."""

    name: str
    population: int


@beta_tool
def get_weather(city: str) -> str:
    """Return the weather.

    Args:
        city: The name of the city.
    """
    return f"{city}: 21 degrees"


def client(url: str = URL, key: str = "any key") -> Anthropic:
    return Anthropic(base_url=url, api_key=key, max_retries=0)


def ask(text: str, *, model: str = MODEL, **fields: Any) -> Any:
    return {"model": model, "max_tokens": 1024, "messages": [said(text)], **fields}


def answer(message: Any) -> Record:
    text = "".join(block.text for block in message.content if block.type == "text")
    return {"text": text, "finish": [message.stop_reason], "model": message.model, "usage": message.usage.model_dump()}


@scenario("plain")
def plain() -> Record:
    return answer(client().messages.create(**ask("Say hello.")))


@scenario("streamed")
def streamed() -> Record:
    with client().messages.stream(**ask("Tell me about the sea in a few words.")) as stream:
        pieces = list(stream.text_stream)
        return {**answer(stream.get_final_message()), "pieces": len(pieces)}


@scenario("thinking goes back as it came")
def thinking() -> Record:
    fields = ask("Say hello.", model=NEWEST_MODEL)
    first = client().messages.create(**fields)
    history = [*fields["messages"], {"role": "assistant", "content": first.content}, said("Say goodbye.")]
    return {
        **answer(client().messages.create(**{**fields, "messages": history})),
        "kinds": [b.type for b in first.content],
    }


@scenario("tool runner")
def tool_runner() -> Record:
    runner = client().beta.messages.tool_runner(
        **ask("What is the weather in Paris? Use get_weather."), tools=[get_weather]
    )
    messages = list(runner)
    called = [block.name for message in messages for block in message.content if block.type == "tool_use"]
    return {**answer(messages[-1]), "called": called}


@scenario("tool runner, streamed")
def tool_runner_streamed() -> Record:
    runner = client().beta.messages.tool_runner(
        **ask("What is the weather in Paris? Use get_weather."), tools=[get_weather], stream=True
    )
    messages = [stream.get_final_message() for stream in runner]
    called = [block.name for message in messages for block in message.content if block.type == "tool_use"]
    return {**answer(messages[-1]), "called": called}


@scenario("structured output")
def structured_output() -> Record:
    reply = client().messages.parse(**ask("Describe the city of Paris."), output_format=City)
    assert reply.parsed_output is not None
    return {"parsed": reply.parsed_output.model_dump()}


@scenario("tokens are counted")
def counted() -> Record:
    short, long = ask("Hello"), ask("Hello " * 500)
    counts = [
        client().messages.count_tokens(model=MODEL, messages=one["messages"]).input_tokens for one in (short, long)
    ]
    return {"counts": counts}


@scenario("models")
def models() -> Record:
    page = client().models.list(limit=2)
    return {
        "models": [model.id for model in page],
        "first_page": len(page.data),
        "name": client().models.retrieve(MODEL).id,
    }


@scenario("wrong key")
def wrong_key() -> Record:
    return answer(client(LOCKED_URL, "a wrong key").messages.create(**ask("Say hello.")))


@scenario("bad request")
def bad_request() -> Record:
    return answer(client().messages.create(**ask("Say hello.", model=NEWEST_MODEL, extra_body={"temperature": 0.5})))


@scenario("overloaded")
def overloaded() -> Record:
    return answer(client().messages.create(**ask("[[simulate: status=529]]")))


@scenario("error in a stream")
def error_in_a_stream() -> Record:
    with client().messages.stream(**ask("Tell me about the sea. [[simulate: pace=50 error_after=8]]")) as stream:
        return answer(stream.get_final_message())


if __name__ == "__main__":
    program.run()
