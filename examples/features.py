"""Features that few gateways have: thinking that survives a tool loop, an answer that fits a schema, a web search.

Each is a step of the demo: it prints what happened, and checks it.
"""

import json
from collections.abc import Awaitable, Callable

from openai import AsyncOpenAI
from openai.types.chat import (
    ChatCompletion,
    ChatCompletionMessage,
    ChatCompletionMessageFunctionToolCall,
    ChatCompletionMessageParam,
    ChatCompletionToolParam,
)
from openai.types.shared_params import ResponseFormatJSONSchema

from examples.terminal import Terminal

THINKER = "claude-sonnet-5-5"
TASK = "Plan a weekend in Lisbon: a flight, a hotel, the weather. steps: 3"
RESULTS = {
    "find_flight": "Friday 18:10, back on Sunday 20:45, 160 euros",
    "find_hotel": "a room by the river, 95 euros a night",
    "check_weather": "21 degrees, sunny",
}


def _tool(name: str) -> ChatCompletionToolParam:
    parameters: dict[str, object] = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    return {"type": "function", "function": {"name": name, "parameters": parameters}}


_TOOLS = [_tool(name) for name in RESULTS]
_TRIP: ResponseFormatJSONSchema = {
    "type": "json_schema",
    "json_schema": {
        "name": "trip",
        "schema": {
            "type": "object",
            "properties": {"city": {"type": "string", "minLength": 1}, "days": {"type": "integer", "minimum": 1}},
            "required": ["city", "days"],
            "additionalProperties": False,
        },
    },
}


def replayed(message: ChatCompletionMessage, call: ChatCompletionMessageFunctionToolCall) -> ChatCompletionMessageParam:
    """Return the turn as most clients send it back: with the fields of OpenAI's API alone, so without thinking."""
    return {
        "role": "assistant",
        "content": message.content,
        "tool_calls": [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.function.name, "arguments": call.function.arguments},
            }
        ],
    }


class Features:
    """The steps. `charge` takes the dollars of each answer; `expect` raises if its condition does not hold."""

    def __init__(
        self,
        client: AsyncOpenAI,
        terminal: Terminal,
        *,
        charge: Callable[[float], None],
        expect: Callable[[bool, str], None],
    ) -> None:
        self._client = client
        self._terminal = terminal
        self._charge = charge
        self._expect = expect

    def steps(self) -> list[tuple[str, Callable[[], Awaitable[str]]]]:
        return [
            ("A model that thinks, in a tool loop", self._thinking),
            ("An answer by a schema", self._schema),
            ("A web search, with its sources", self._search),
        ]

    async def _thinking(self) -> str:
        """Send each turn back without its thinking; the proxy restores it, and the upstream checks its signature."""
        history: list[ChatCompletionMessageParam] = [{"role": "user", "content": TASK}]
        self._terminal.say("you", TASK)
        reasoning_tokens, last = 0, ""
        for _ in range(len(RESULTS) + 1):
            completion = await self._client.chat.completions.create(
                model=THINKER, messages=history, tools=_TOOLS, reasoning_effort="high"
            )
            message = completion.choices[0].message
            reasoning_tokens, last = reasoning_tokens + _reasoning_tokens(completion), message.content or ""
            self._charge_usage(completion)
            if not message.tool_calls:
                break
            (call,) = message.tool_calls
            if call.type != "function":
                break
            self._terminal.say("claude", f"→ {call.function.name}({call.function.arguments})")
            history.append(replayed(message, call))
            history.append({"role": "tool", "tool_call_id": call.id, "content": RESULTS[call.function.name]})
            self._terminal.say("tool", RESULTS[call.function.name])
        self._terminal.say("claude", last)
        self._expect(len(history) == 1 + 2 * len(RESULTS), f"{len(RESULTS)} calls, one after the other")
        self._expect(reasoning_tokens > 0, "tokens of thinking in every round")
        return f"{len(RESULTS)} rounds · {reasoning_tokens} tokens of thinking, kept by the proxy for the model"

    async def _schema(self) -> str:
        question = "Plan a trip to Lisbon."
        self._terminal.say("you", question)
        completion = await self._client.chat.completions.create(
            model=THINKER, messages=[{"role": "user", "content": question}], response_format=_TRIP
        )
        text = completion.choices[0].message.content or ""
        self._terminal.say("claude", text)
        self._charge_usage(completion)
        trip = json.loads(text)
        self._expect(set(trip) == {"city", "days"} and trip["days"] >= 1, "bare JSON that fits the schema")
        return f"fits the schema · {', '.join(trip)}"

    async def _search(self) -> str:
        question = "Search the web for news of proxies."
        self._terminal.say("you", question)
        completion = await self._client.chat.completions.create(
            model=THINKER, messages=[{"role": "user", "content": question}], web_search_options={}
        )
        message = completion.choices[0].message
        text = message.content or ""
        self._terminal.say("claude", text)
        self._charge_usage(completion)
        cited = [annotation.url_citation for annotation in message.annotations or ()]
        self._expect(bool(cited), "a source for what was found")
        for citation in cited[:2]:
            self._terminal.note(f"“{text[citation.start_index : citation.end_index].strip()[:50]}” ← {citation.url}")
        self._expect(not message.tool_calls, "no call that the client would have to answer")
        return f"sources as annotations: {len(cited)} · finish_reason {completion.choices[0].finish_reason}"

    def _charge_usage(self, completion: ChatCompletion) -> None:
        usage = completion.usage
        self._charge(float((usage.model_extra or {}).get("cost") or 0) if usage else 0.0)


def _reasoning_tokens(completion: ChatCompletion) -> int:
    details = completion.usage.completion_tokens_details if completion.usage else None
    return (details.reasoning_tokens or 0) if details else 0
