"""One conversation with Claude through the real OpenAI SDK: each step prints what happened, and checks it.

The SDK knows nothing of Claude: it gets what every OpenAI client gets.
"""

import json
import time
from collections.abc import Awaitable, Callable

import openai
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletion, ChatCompletionMessageParam, ChatCompletionToolParam
from openai.types.completion_usage import CompletionUsage

from examples.features import Features, replayed
from examples.image import Sunset
from examples.terminal import Terminal

Step = tuple[str, Callable[[], Awaitable[str]]]  # its heading, and what takes it and returns its summary

MODEL = "claude-opus-5-5"
RETIRED = "claude-3-opus-20240229"
WEATHER: ChatCompletionToolParam = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city, now.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


class UnexpectedReply(Exception):
    """A step did not bring what it should."""


class Conversation:
    """The messages of the conversation so far, and what its answers cost."""

    def __init__(self, client: AsyncOpenAI, terminal: Terminal) -> None:
        self._client = client
        self._terminal = terminal
        self._history: list[ChatCompletionMessageParam] = []
        self.dollars = 0.0

    async def hold(self) -> bool:
        """Take all steps, in order; return whether each brought what it should."""
        good = [await self._step(number, step) for number, step in enumerate(self._steps(), 1)]
        return all(good)

    def _steps(self) -> list[Step]:
        return [
            ("A plain answer", self._plain),
            ("A streamed answer", self._streamed),
            ("A tool call, and its result", self._tool),
            ("A picture", self._picture),
            *Features(self._client, self._terminal, charge=self._add, expect=_expect).steps(),
            ("An error, in the SDK's own terms", self._error),
        ]

    async def _step(self, number: int, step: Step) -> bool:
        heading, take_step = step
        self._terminal.heading(number, heading)
        begun = time.perf_counter()
        try:
            summary = await take_step()
        except (UnexpectedReply, openai.OpenAIError) as error:
            self._terminal.bad(f"{type(error).__name__}: {error}")
            return False
        self._terminal.good(f"{summary} · {_milliseconds(begun)}")
        return True

    async def _plain(self) -> str:
        self._ask("Good morning! Did you notice that I am an OpenAI client?")
        raw = await self._client.chat.completions.with_raw_response.create(
            model=MODEL, messages=self._history, temperature=0.3
        )
        text = self._answered(raw.parse(), "stop")
        _expect("OpenAI client" in text, "an answer to what was asked")
        adjusted = raw.headers.get("x-claude-proxy-adjustments", "")
        _expect(adjusted.startswith("temperature="), "a header that says what became of the temperature")
        self._terminal.note(f"adjusted: {adjusted}")
        return f"finish_reason stop · {_tokens(raw.parse().usage)}"

    async def _streamed(self) -> str:
        self._ask("Then show me how you stream, and count to 20.")
        begun = time.perf_counter()
        first, texts, ended, usage = "", [""], "", None
        self._terminal.begin("claude")
        stream = await self._client.chat.completions.create(
            model=MODEL, messages=self._history, stream=True, stream_options={"include_usage": True}
        )
        async for chunk in stream:
            usage = chunk.usage or usage
            for choice in chunk.choices:
                ended = choice.finish_reason or ended
                if choice.delta.content:
                    first = first or _milliseconds(begun)
                    texts.append(choice.delta.content)
                    self._terminal.add(choice.delta.content)
        self._terminal.end()
        text = "".join(texts)
        _expect(text == ", ".join(map(str, range(1, 21))), "the numbers from 1 to 20")
        _expect(len(texts) > 10, "an answer in many chunks")
        _expect(ended == "stop", "a finish_reason at the end")
        self._history.append({"role": "assistant", "content": text})
        self._charge(usage)
        return f"first words after {first} · {len(texts) - 1} pieces · {_tokens(usage)}"

    async def _tool(self) -> str:
        self._ask("What is the weather in Lisbon?")
        completion = await self._client.chat.completions.create(model=MODEL, messages=self._history, tools=[WEATHER])
        message = completion.choices[0].message
        call = message.tool_calls[0] if message.tool_calls else None
        if call is None or call.type != "function":
            raise UnexpectedReply("no call of the tool")
        self._answered(completion, "tool_calls", call=f"{call.function.name}({call.function.arguments})")
        _expect(json.loads(call.function.arguments) == {"city": "Lisbon"}, "the city as the argument")
        self._history[-1] = replayed(message, call)
        result = "21 degrees, sunny, a light breeze from the sea"
        self._history.append({"role": "tool", "tool_call_id": call.id, "content": result})
        self._terminal.say("tool", result)
        completion = await self._client.chat.completions.create(model=MODEL, messages=self._history, tools=[WEATHER])
        _expect("21 degrees" in self._answered(completion, "stop"), "an answer that uses the result")
        return f"finish_reason tool_calls, then stop · {_tokens(completion.usage)}"

    async def _picture(self) -> str:
        picture = Sunset()
        self._ask("And what do I send you here?", picture)
        completion = await self._client.chat.completions.create(model=MODEL, messages=self._history, tools=[WEATHER])
        text = self._answered(completion, "stop")
        _expect("image/png" in text, "an answer that knows of the picture")
        return f"{len(picture.png())} bytes went along · {_tokens(completion.usage)}"

    async def _error(self) -> str:
        self._terminal.say("you", f"(asks for the model {RETIRED})")
        try:
            await self._client.chat.completions.create(model=RETIRED, messages=self._history)
        except openai.NotFoundError as error:
            self._terminal.note(f"openai.{type(error).__name__}: {error.message}")
            _expect((error.code, error.param) == ("model_not_found", "model"), "the code and the field in the error")
            return f"status {error.status_code} · code {error.code} · param {error.param}"
        raise UnexpectedReply("no error")

    def _ask(self, text: str, picture: Sunset | None = None) -> None:
        self._terminal.say("you", text)
        if picture is None:
            self._history.append({"role": "user", "content": text})
            return
        self._terminal.show(picture)
        self._history.append({
            "role": "user",
            "content": [
                {"type": "text", "text": text},
                {"type": "image_url", "image_url": {"url": picture.data_url()}},
            ],
        })

    def _answered(self, completion: ChatCompletion, ended: str, *, call: str = "") -> str:
        """Print the answer and add it to the history; return its text."""
        choice = completion.choices[0]
        text = choice.message.content or ""
        self._terminal.say("claude", f"{text} → {call}" if call else text)
        self._history.append({"role": "assistant", "content": text})
        self._charge(completion.usage)
        _expect(choice.finish_reason == ended, f"finish_reason {ended}, not {choice.finish_reason}")
        return text

    def _add(self, dollars: float) -> None:
        self.dollars += dollars

    def _charge(self, usage: CompletionUsage | None) -> None:
        self.dollars += float((usage.model_extra or {}).get("cost") or 0) if usage else 0


def _expect(holds: bool, what: str) -> None:
    if not holds:
        raise UnexpectedReply(f"there should have been {what}")


def _milliseconds(begun: float) -> str:
    return f"{(time.perf_counter() - begun) * 1000:.0f} ms"


def _tokens(usage: CompletionUsage | None) -> str:
    _expect(usage is not None and usage.completion_tokens > 0, "the count of tokens")
    return f"{usage.prompt_tokens} + {usage.completion_tokens} tokens" if usage else ""
