"""Which scenarios each client's program has, and what its record must show."""

from tests.clients import expectations as seen
from tests.clients.expectations import Expectation

WRONG_KEY = r"Incorrect\s+API key"
OVERFLOW = r"maximum context length is 200000 tokens\. However, your messages resulted in \d+ tokens"

ANSWERS: dict[str, Expectation] = {
    "plain": seen.echo_of("Say hello."),
    "image": seen.echo_of("image/png"),
    "pdf": seen.echo_of("application/pdf"),
    "stop sequence": seen.stopped,
    "reasoning effort": seen.answer,
}
TOOLS: dict[str, Expectation] = {
    "tool call and its result": seen.tool_loop,
    "parallel tools and their results": seen.parallel_tool_loop,
    "streamed tool call": seen.weather_call,
    "streamed tool without arguments": seen.call_without_arguments,
}
FAILURES: dict[str, Expectation] = {
    "wrong key": seen.failure(401, "Incorrect API key"),
    "unknown model": seen.failure(404, "claude-none-9"),
    "context overflow": seen.failure(400, OVERFLOW),
    "rate limit": seen.failure(429, "rate limit"),
    "error in a stream": seen.broken("Overloaded"),
    "stream cut off": seen.broken("closed the connection before its answer was complete"),
}
OPENAI: dict[str, Expectation] = {
    **ANSWERS,
    **TOOLS,
    **FAILURES,
    "streamed": seen.streamed,
    "streamed with usage": seen.streamed_with_usage,
    "stream helper": seen.streamed,
    "stream helper with a tool": seen.helper_call,
    "tool without arguments": seen.call_without_arguments,
    "system and developer": seen.answer,
    "cut at max_completion_tokens": seen.cut,
    "parse helper": seen.parsed_city,
    "json object": seen.json_object,
    "newest model, with what it refuses": seen.weather_call,
    "two choices": seen.two_choices,
    "two choices, streamed": seen.two_choices,
    "models": seen.models,
    "bad request": seen.failure(400, r"messages\[0\]\.role"),
}
LANGCHAIN_AND_LITELLM: dict[str, Expectation] = {
    **ANSWERS,
    **TOOLS,
    **FAILURES,
    "plain, async": seen.echo_of("Say hello."),
    "streamed": seen.streamed,
    "streamed with usage": seen.streamed_with_usage,
    "cut at max_tokens": seen.cut,
    "structured output": seen.parsed_city,
}
BY_BOTH_PROVIDERS: dict[str, Expectation] = {
    "plain": seen.echo_of("Say hello."),
    **TOOLS,
    "streamed with usage": seen.streamed_with_usage,
    "parse helper": seen.parsed_city,
}

FRAMEWORK: dict[str, Expectation] = {
    "plain": seen.echo_of("Say hello."),
    "streamed": seen.streamed,
    "tools run by the library": seen.tools_run("stop"),
    "structured output": seen.city,
    "wrong key": seen.failure(401, WRONG_KEY),
}
BY_HAND: dict[str, Expectation] = {
    "plain": seen.echo_of("Say hello."),
    "streamed": seen.streamed,
    "tool call and its result": seen.tool_loop,
    "structured output": seen.city,
}
NATIVE: dict[str, Expectation] = {
    "plain": seen.native_echo_of("Say hello."),
    "streamed": seen.native_stream,
    "thinking goes back as it came": seen.replayed_thinking,
    "tool runner": seen.tools_run("end_turn"),
    "tool runner, streamed": seen.tools_run("end_turn"),
    "structured output": seen.city,
    "tokens are counted": seen.growing_counts,
    "models": seen.paged_models,
    "wrong key": seen.failure(401, "API key"),
    "bad request": seen.failure(400, "temperature"),
    "overloaded": seen.failure(529, "Overloaded"),
    "error in a stream": seen.broken("Overloaded"),
}

CLIENTS: dict[str, dict[str, Expectation]] = {
    "openai_python": {
        **OPENAI,
        "plain, async": seen.echo_of("Say hello."),
        "streamed, async": seen.streamed,
        "stream helper that parses": seen.parsed_city,
        "parsed tool call": seen.parsed_weather_call,
        "Azure: plain": seen.echo_of("Say hello."),
        "Azure: streamed": seen.streamed,
        "Azure: wrong key": seen.failure(401, WRONG_KEY),
    },
    "openai_node": {**OPENAI, "run-tools helper": seen.tools_run_by_the_helper},
    "langchain": {
        **LANGCHAIN_AND_LITELLM,
        "system": seen.answer,
        "structured output by a tool": seen.city_by_a_tool,
        "structured output by JSON mode": seen.json_object,
    },
    "litellm": {
        **LANGCHAIN_AND_LITELLM,
        "system with a cache breakpoint": seen.answer,
        "json object": seen.json_object,
    },
    "vercel_ai": {
        **{name: expected for name, expected in ANSWERS.items() if name != "plain"},
        **FAILURES,
        **{f"compatible: {name}": expected for name, expected in BY_BOTH_PROVIDERS.items()},
        **{f"openai chat: {name}": expected for name, expected in BY_BOTH_PROVIDERS.items()},
        "system": seen.answer,
        "cut at max_tokens": seen.cut,
    },
    "pydantic_ai": FRAMEWORK,
    "openai_agents": {**FRAMEWORK, "handoff": seen.handoff},
    "llm": FRAMEWORK,
    "instructor": {
        "plain": seen.echo_of("Say hello."),
        **{f"by {way}": seen.city for way in ("a tool", "JSON mode", "JSON Schema", "Markdown")},
        "a stream of partial objects": seen.city,
        "a list of objects": seen.city,
        "wrong key": seen.failure(None, WRONG_KEY),
    },
    "smolagents": FRAMEWORK,
    "aider": {
        "plain": seen.terminal("Say hello."),
        "streamed": seen.terminal("about the sea"),
        "edits a file by blocks": seen.edited_file,
        "edits a whole file": seen.edited_file,
        "is not misled by its own example": seen.untouched_file,
        "wrong key": seen.failure(401, r"Incorrect\s+API key"),
    },
    "openai_go": {
        **BY_HAND,
        "wrong key": seen.failure(401, WRONG_KEY),
        "error in a stream": seen.broken("Overloaded"),
    },
    "async_openai": {
        **BY_HAND,
        "wrong key": seen.failure(None, WRONG_KEY),
        "error in a stream": seen.broken("Overloaded"),
    },
    "openai_java": {
        **BY_HAND,
        "wrong key": seen.failure(401, WRONG_KEY),
        "error in a stream": seen.broken("Overloaded"),
    },
    "anthropic_python": NATIVE,
    "anthropic_node": NATIVE,
}
