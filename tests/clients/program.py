"""What the Python clients' programs share: their texts and tools, and how a program reports what its client saw.

A program is started with two base URLs, of an open proxy and of one that wants another key, and prints one JSON line
per scenario. An exception is a thing that a client saw, too.
"""

import asyncio
import inspect
import json
import sys
from collections.abc import Callable
from typing import Any

Record = dict[str, Any]

MODEL = "claude-sonnet-4-6"
NEWEST_MODEL = "claude-opus-5-5"  # refuses sampling and forced tools
SMALL_MODEL = "claude-haiku-4-5"  # a window of 200,000 tokens
TOO_LONG = "word " * 300_000
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
PDF = "JVBERi0xLjQKMSAwIG9iajw8L1R5cGUvQ2F0YWxvZy9QYWdlcyAyIDAgUj4+ZW5kb2JqCnRyYWlsZXI8PC9Sb290IDEgMCBSPj4KJSVFT0YK"

CITY = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
NOTHING: dict[str, Any] = {"type": "object", "properties": {}}


def tool(name: str, parameters: dict[str, Any]) -> dict[str, Any]:
    function = {"name": name, "description": f"The {name.partition('_')[2]}.", "parameters": parameters}
    return {"type": "function", "function": function}


def flat_tool(name: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """Return a function as the Responses API has it."""
    function = tool(name, parameters)["function"]
    return {"type": "function", **function, "strict": False}


WEATHER = tool("get_weather", CITY)
POPULATION = tool("get_population", CITY)
CLOCK = tool("get_time", NOTHING)


class Program:
    """The scenarios of one client, in the order of their definition."""

    def __init__(self) -> None:
        self._scenarios: dict[str, Callable[[], Any]] = {}

    def scenario(self, name: str) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
        def add(function: Callable[[], Any]) -> Callable[[], Any]:
            self._scenarios[name] = function
            return function

        return add

    def run(self) -> None:
        asyncio.run(self._run())

    async def _run(self) -> None:
        for name, function in self._scenarios.items():
            try:
                seen = function()
                record = await seen if inspect.isawaitable(seen) else seen
            except Exception as error:  # noqa: BLE001 - whatever the client raises is what it saw
                record = {"error": described(error)}
            print(json.dumps({"scenario": name, **record}), flush=True)


def described(error: Exception) -> Record:
    return {
        "type": type(error).__name__,
        "message": str(error),
        "status": getattr(error, "status_code", None),
        "code": getattr(error, "code", None),
        "param": getattr(error, "param", None),
    }


def base_urls() -> tuple[str, str]:
    """Return the base URLs of the open proxy and of the proxy that wants another key."""
    return sys.argv[1], sys.argv[2]


def said(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}
