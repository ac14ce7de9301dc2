"""Which scenarios of the Responses API each client's second program has, `responses` beside `client`."""

from tests.clients import expectations as seen
from tests.clients.expectations import Expectation
from tests.clients.scenarios import WRONG_KEY

RATE_LIMIT = seen.failure(429, "rate limit")
OVERFLOW = r"maximum context length is 200000 tokens"
BROKEN = seen.broken("Overloaded")

SDK: dict[str, Expectation] = {
    "plain": seen.echo_of("Say hello."),
    "streamed": seen.streamed,
    "stream helper": seen.streamed,
    "stream helper with a tool": seen.helper_call,
    "stream helper that parses": seen.parsed_city,
    "parse helper": seen.parsed_city,
    "tool call and its result": seen.tool_loop,
    "tool loop by the id of the response": seen.known_tool_loop,
    "what is kept": seen.kept,
    "cut at max_output_tokens": seen.cut_response,
    "wrong key": seen.failure(401, WRONG_KEY),
    "bad request": seen.failure(400, r"input\[0\]\.role"),
    "rate limit": RATE_LIMIT,
    "error in a stream": BROKEN,
}
FRAMEWORK: dict[str, Expectation] = {
    "plain": seen.echo_of("Say hello."),
    "streamed": seen.streamed,
    "tools run by the library": seen.tools_run("stop"),
    "two turns by the id of the response": seen.echo_of("Say goodbye."),
    "structured output": seen.city,
    "wrong key": seen.failure(401, WRONG_KEY),
}

RESPONSES: dict[str, dict[str, Expectation]] = {
    "openai_python": {
        **SDK,
        "plain, async": seen.echo_of("Say hello."),
        "parallel tools and their results": seen.parallel_tool_loop,
        "streamed tool without arguments": seen.call_without_arguments,
        "reasoning goes back as it came": seen.sealed_reasoning,
        "image": seen.echo_of("image/png"),
        "pdf": seen.echo_of("application/pdf"),
        "unknown earlier response": seen.failure(400, "Previous response with id 'resp_none' not found"),
        "context overflow": seen.failure(400, OVERFLOW),
        "stream cut off": seen.broken("closed the connection before its answer was complete"),
    },
    "openai_node": SDK,
    "langchain": {
        "plain": seen.echo_of("Say hello."),
        "streamed": seen.streamed,
        "tool call and its result": seen.tool_loop,
        "parallel tools and their results": seen.parallel_tool_loop,
        "tool loop by the id of the response": seen.known_tool_loop,
        "streamed tool without arguments": seen.call_without_arguments,
        "structured output": seen.parsed_city,
        "reasoning goes back as it came": seen.sealed_reasoning,
        "wrong key": seen.failure(401, WRONG_KEY),
        "rate limit": RATE_LIMIT,
        "error in a stream": BROKEN,
    },
    "vercel_ai": {
        "plain": seen.echo_of("Say hello."),
        "streamed": seen.streamed,
        "tool call and its result": seen.tool_loop,
        "two turns with references to items": seen.references(1),
        "two turns, nothing kept": seen.references(0),
        "structured output": seen.city,
        "cut at max_tokens": seen.cut,
        "wrong key": seen.failure(401, WRONG_KEY),
        "error in a stream": BROKEN,
    },
    "pydantic_ai": FRAMEWORK,
    "openai_agents": {
        **FRAMEWORK,
        "two tools, streamed, by the id of the response": seen.two_tools_run,
        "two turns in a session": seen.echo_of("Say goodbye."),
        "handoff": seen.handoff,
    },
}
