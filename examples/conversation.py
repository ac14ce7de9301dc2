"""One conversation with Claude through the real OpenAI SDK, step by step, each held to what it should bring.

The SDK knows nothing of Claude: what it gets is what any OpenAI client gets.
"""

import json
import time
from collections.abc import Awaitable, Callable

import openai
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletion, ChatCompletionMessageParam, ChatCompletionToolParam
from openai.types.completion_usage import CompletionUsage

from examples.image import Picture
from examples.features import Showpieces, replayed
from examples.terminal import Stage

Step = tuple[str, Callable[[], Awaitable[str]]]  # its heading; what it brought

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


class NotAsItShouldBe(Exception):
    """A step brought something else than it should."""


class Conversation:
    """What has been said so far, and what it took."""

    def __init__(self, client: AsyncOpenAI, stage: Stage) -> None:
        self._client = client
        self._stage = stage
        self._said: list[ChatCompletionMessageParam] = []
        self.dollars = 0.0

    async def hold(self) -> bool:
        """All steps, in order; whether each brought what it should."""
        good = [await self._step(number, step) for number, step in enumerate(self._steps(), 1)]
        return all(good)

    def _steps(self) -> list[Step]:
        return [
            ("A plain answer", self._plain),
            ("A streamed answer", self._streamed),
            ("A tool call, and its result", self._tool),
            ("A picture", self._picture),
            *Showpieces(self._client, self._stage, charge=self._add, expect=_expect).steps(),
            ("An error, in the SDK's own terms", self._error),
        ]

    async def _step(self, number: int, step: Step) -> bool:
        heading, take = step
        self._stage.heading(number, heading)
        begun = time.perf_counter()
        try:
            brought = await take()
        except (NotAsItShouldBe, openai.OpenAIError) as error:
            self._stage.bad(f"{type(error).__name__}: {error}")
            return False
        self._stage.good(f"{brought} · {_milliseconds(begun)}")
        return True

    async def _plain(self) -> str:
        self._ask("Good morning! Did you notice that I am an OpenAI client?")
        raw = await self._client.chat.completions.with_raw_response.create(
            model=MODEL, messages=self._said, temperature=0.3
        )
        text = self._answered(raw.parse(), "stop")
        _expect("OpenAI client" in text, "an answer to what was asked")
        adjusted = raw.headers.get("x-claude-proxy-adjustments", "")
        _expect(adjusted.startswith("temperature="), "a header that says what became of the temperature")
        self._stage.note(f"adjusted: {adjusted}")
        return f"finish_reason stop · {_tokens(raw.parse().usage)}"

    async def _streamed(self) -> str:
        self._ask("Then show me how you stream, and count to 20.")
        begun = time.perf_counter()
        first, texts, ended, usage = "", [""], "", None
        self._stage.begin("claude")
        stream = await self._client.chat.completions.create(
            model=MODEL, messages=self._said, stream=True, stream_options={"include_usage": True}
        )
        async for chunk in stream:
            usage = chunk.usage or usage
            for choice in chunk.choices:
                ended = choice.finish_reason or ended
                if choice.delta.content:
                    first = first or _milliseconds(begun)
                    texts.append(choice.delta.content)
                    self._stage.add(choice.delta.content)
        self._stage.end()
        text = "".join(texts)
        _expect(text == ", ".join(map(str, range(1, 21))), "the numbers from 1 to 20")
        _expect(len(texts) > 10, "an answer in many chunks")
        _expect(ended == "stop", "a finish_reason at the end")
        self._said.append({"role": "assistant", "content": text})
        self._charge(usage)
        return f"first words after {first} · {len(texts) - 1} pieces · {_tokens(usage)}"

    async def _tool(self) -> str:
        self._ask("What is the weather in Lisbon?")
        asked = await self._client.chat.completions.create(model=MODEL, messages=self._said, tools=[WEATHER])
        message = asked.choices[0].message
        call = message.tool_calls[0] if message.tool_calls else None
        if call is None or call.type != "function":
            raise NotAsItShouldBe("no call of the tool")
        self._answered(asked, "tool_calls", call=f"{call.function.name}({call.function.arguments})")
        _expect(json.loads(call.function.arguments) == {"city": "Lisbon"}, "the city as the argument")
        self._said[-1] = replayed(message, call)
        result = "21 degrees, sunny, a light breeze from the sea"
        self._said.append({"role": "tool", "tool_call_id": call.id, "content": result})
        self._stage.say("tool", result)
        told = await self._client.chat.completions.create(model=MODEL, messages=self._said, tools=[WEATHER])
        _expect("21 degrees" in self._answered(told, "stop"), "an answer that uses the result")
        return f"finish_reason tool_calls, then stop · {_tokens(told.usage)}"

    async def _picture(self) -> str:
        picture = Picture()
        self._ask("And what do I send you here?", picture)
        told = await self._client.chat.completions.create(model=MODEL, messages=self._said, tools=[WEATHER])
        text = self._answered(told, "stop")
        _expect("image/png" in text, "an answer that knows of the picture")
        return f"{len(picture.png())} bytes went along · {_tokens(told.usage)}"

    async def _error(self) -> str:
        self._stage.say("you", f"(asks for the model {RETIRED})")
        try:
            await self._client.chat.completions.create(model=RETIRED, messages=self._said)
        except openai.NotFoundError as error:
            self._stage.note(f"openai.{type(error).__name__}: {error.message}")
            _expect((error.code, error.param) == ("model_not_found", "model"), "the code and the field in the error")
            return f"status {error.status_code} · code {error.code} · param {error.param}"
        raise NotAsItShouldBe("no error")

    def _ask(self, text: str, picture: Picture | None = None) -> None:
        self._stage.say("you", text)
        if picture is None:
            self._said.append({"role": "user", "content": text})
            return
        self._stage.show(picture)
        self._said.append({
            "role": "user",
            "content": [
                {"type": "text", "text": text},
                {"type": "image_url", "image_url": {"url": picture.data_url()}},
            ],
        })

    def _answered(self, completion: ChatCompletion, ended: str, *, call: str = "") -> str:
        """Tells and keeps the answer; its words."""
        choice = completion.choices[0]
        text = choice.message.content or ""
        self._stage.say("claude", f"{text} → {call}" if call else text)
        self._said.append({"role": "assistant", "content": text})
        self._charge(completion.usage)
        _expect(choice.finish_reason == ended, f"finish_reason {ended}, not {choice.finish_reason}")
        return text

    def _add(self, dollars: float) -> None:
        self.dollars += dollars

    def _charge(self, usage: CompletionUsage | None) -> None:
        self.dollars += float((usage.model_extra or {}).get("cost") or 0) if usage else 0


def _expect(holds: bool, what: str) -> None:
    if not holds:
        raise NotAsItShouldBe(f"there should have been {what}")


def _milliseconds(begun: float) -> str:
    return f"{(time.perf_counter() - begun) * 1000:.0f} ms"


def _tokens(usage: CompletionUsage | None) -> str:
    _expect(usage is not None and usage.completion_tokens > 0, "the count of tokens")
    return f"{usage.prompt_tokens} + {usage.completion_tokens} tokens" if usage else ""
