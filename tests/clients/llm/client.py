"""The library and command `llm` with a model of `extra-openai-models.yaml`, as its users add one."""

import json
import os
from pathlib import Path
from typing import Any

from tests.clients.program import MODEL, Program, Record, base_urls

URL, LOCKED_URL = base_urls()
program = Program()
scenario = program.scenario
OPTIONS = "can_stream: true\n  supports_tools: true\n  supports_schema: true"
CONFIG = "- model_id: {id}\n  model_name: {model}\n  api_base: {url}\n  {options}\n"

home = Path.cwd() if "LLM_USER_PATH" not in os.environ else Path(os.environ["LLM_USER_PATH"])
home.mkdir(parents=True, exist_ok=True)
models = [
    CONFIG.format(id=id_, model=MODEL, url=url, options=OPTIONS) for id_, url in (("open", URL), ("locked", LOCKED_URL))
]
(home / "extra-openai-models.yaml").write_text("".join(models))

import llm  # noqa: E402 - it reads its models when it is imported

SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "population": {"type": "integer"}},
    "required": ["name", "population"],
}


def get_weather(city: str) -> str:
    """Return the weather of a city."""
    return f"{city}: 21 degrees"


def model(name: str = "open") -> Any:
    found = llm.get_model(name)
    found.key = "any key"
    return found


@scenario("plain")
def plain() -> Record:
    return {"text": model().prompt("Say hello.", stream=False).text(), "finish": ["stop"]}


@scenario("streamed")
def streamed() -> Record:
    pieces = [piece for piece in model().prompt("Tell me about the sea in a few words.", stream=True) if piece]
    return {"text": "".join(pieces), "pieces": len(pieces), "finish": ["stop"]}


@scenario("tools run by the library")
def tools() -> Record:
    called: list[str] = []
    chain = model().chain(
        "What is the weather in Paris? Use get_weather.",
        tools=[get_weather],
        before_call=lambda tool, call: called.append(tool.name),
        stream=False,
    )
    return {"text": chain.text(), "finish": ["stop"], "called": called}


@scenario("structured output")
def structured_output() -> Record:
    text = model().prompt("Describe the city of Paris.", schema=SCHEMA, stream=False).text()
    return {"parsed": json.loads(text)}


@scenario("wrong key")
def wrong_key() -> Record:
    return {"text": model("locked").prompt("Say hello.", stream=False).text(), "finish": ["stop"]}


if __name__ == "__main__":
    program.run()
