"""What few gateways can, each a step of the demo: thinking kept through a tool loop, an answer by schema, a web search.

Like the rest of the conversation through the OpenAI SDK, each held to what it should bring.
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

from examples.terminal import Stage

THINKER = "claude-sonnet-5-5"
ROUNDS = 3
_STEP: ChatCompletionToolParam = {
    "type": "function",
    "function": {
        "name": "look_up",
        "description": "Looks a thing up.",
        "parameters": {"type": "object", "properties": {"what": {"type": "string"}}, "required": ["what"]},
    },
}
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
    """The turn with its call as most clients send it back: only what OpenAI's API knows of it."""
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


class Showpieces:
    """`charge` is told the dollars of each answer; `expect` what must hold, and raises."""

    def __init__(
        self,
        client: AsyncOpenAI,
        stage: Stage,
        *,
        charge: Callable[[float], None],
        expect: Callable[[bool, str], None],
    ) -> None:
        self._client = client
        self._stage = stage
        self._charge = charge
        self._expect = expect

    def steps(self) -> list[tuple[str, Callable[[], Awaitable[str]]]]:
        return [
            ("A model that thinks, in a tool loop", self._thinking),
            ("An answer by a schema", self._schema),
            ("A web search, with its sources", self._search),
        ]

    async def _thinking(self) -> str:
        """The client forgets the thinking, as they all do; the proxy puts it back, and the upstream checks its seal."""
        said: list[ChatCompletionMessageParam] = [
            {"role": "user", "content": f"Use look_up for each part of the question. steps: {ROUNDS}"}
        ]
        self._stage.say("you", f"Use look_up for each part of the question. steps: {ROUNDS}")
        reasoned, last = 0, ""
        for _ in range(ROUNDS + 1):
            told = await self._client.chat.completions.create(
                model=THINKER, messages=said, tools=[_STEP], reasoning_effort="high"
            )
            message = told.choices[0].message
            reasoned, last = reasoned + _reasoning_tokens(told), message.content or ""
            self._paid(told)
            if not message.tool_calls:
                break
            (call,) = message.tool_calls
            if call.type != "function":
                break
            self._stage.say("claude", f"→ {call.function.name}({call.function.arguments})")
            said.append(replayed(message, call))
            said.append({"role": "tool", "tool_call_id": call.id, "content": "found"})
        self._stage.say("claude", last)
        self._expect(len(said) == 1 + 2 * ROUNDS, f"{ROUNDS} calls, one after the other")
        self._expect(reasoned > 0, "tokens of thinking in every round")
        return f"{ROUNDS} rounds · {reasoned} tokens of thinking, which the proxy kept for the model"

    async def _schema(self) -> str:
        question = "Plan a trip to Lisbon."
        self._stage.say("you", question)
        told = await self._client.chat.completions.create(
            model=THINKER, messages=[{"role": "user", "content": question}], response_format=_TRIP
        )
        text = told.choices[0].message.content or ""
        self._stage.say("claude", text)
        self._paid(told)
        trip = json.loads(text)
        self._expect(set(trip) == {"city", "days"} and trip["days"] >= 1, "bare JSON that fits the schema")
        return f"checked against the schema as it was given · {', '.join(trip)}"

    async def _search(self) -> str:
        question = "Search the web for news of proxies."
        self._stage.say("you", question)
        told = await self._client.chat.completions.create(
            model=THINKER, messages=[{"role": "user", "content": question}], web_search_options={}
        )
        message = told.choices[0].message
        text = message.content or ""
        self._stage.say("claude", text)
        self._paid(told)
        cited = [annotation.url_citation for annotation in message.annotations or ()]
        self._expect(bool(cited), "a source for what was found")
        for citation in cited[:2]:
            self._stage.note(f"“{text[citation.start_index : citation.end_index].strip()[:50]}” ← {citation.url}")
        self._expect(not message.tool_calls, "no call that the client would have to answer")
        return f"sources as annotations: {len(cited)} · finish_reason {told.choices[0].finish_reason}"

    def _paid(self, told: ChatCompletion) -> None:
        usage = told.usage
        self._charge(float((usage.model_extra or {}).get("cost") or 0) if usage else 0.0)


def _reasoning_tokens(told: ChatCompletion) -> int:
    details = told.usage.completion_tokens_details if told.usage else None
    return (details.reasoning_tokens or 0) if details else 0
