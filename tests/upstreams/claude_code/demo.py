"""`make demo-claude-code`: an agent's loop through the real Claude Code, against the simulated service, and printed.

A made-up login, a scratch home, and a network of its own where the machine allows it: nothing can leave.
"""

import asyncio
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.upstreams.claude_code import environment
from tests.upstreams.claude_code.stage import Stage, login, private_network, staged

MODEL = "claude-sonnet-5-5"
STEPS = 4
TOOL = {
    "type": "function",
    "function": {
        "name": "run_query",
        "description": "Runs a query over the sales table.",
        "parameters": {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]},
    },
}
TASK = f"Find out which region sold most, query by query. steps: {STEPS}"
SYSTEM = "You are an agent. Work step by step, with the tools you have."


async def run(home: Path) -> None:
    async with staged(home, login_document=login()) as stage, stage.client() as client:
        print(f"\nAn agent's loop: OpenAI SDK → {stage.url} → Claude Code → a simulated service\n")
        await _loop(stage, client)


async def _loop(stage: Stage, client: Any) -> None:
    conversation: list[Any] = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": TASK}]
    print(f"   you     {TASK}")
    for step in range(STEPS + 1):
        begun = time.perf_counter()
        reply = await client.chat.completions.create(model=MODEL, messages=conversation, tools=[TOOL])
        message, took = reply.choices[0].message, time.perf_counter() - begun
        conversation.append(message.model_dump(exclude_none=True))
        for call in message.tool_calls or ():
            print(f"   claude  {call.function.name}({call.function.arguments})   {took:.2f} s")
            conversation.append({
                "role": "tool",
                "tool_call_id": call.id,
                "content": f"row {step}: north {40 + step} %",
            })
            print(f"   tool    {conversation[-1]['content']}")
        if not message.tool_calls:
            print(f"   claude  {message.content}   {took:.2f} s")
    _close(stage)


def _close(stage: Stage) -> None:
    processes = stage.runtimes()
    sent = stage.service.requests[-1]
    print(f"\n{len(stage.bodies)} requests to the service, by {len(processes)} process of {_megabytes(processes)} MB.")
    print(f"It was told who asks: {sent.headers['user-agent']}\n")


def _megabytes(processes: list[int]) -> str:
    """Return what each takes, with its share of what several share."""
    rollups = [Path(f"/proc/{pid}/smaps_rollup") for pid in processes]
    lines = [line for path in rollups if path.exists() for line in path.read_text().splitlines()]
    return ", ".join(str(int(line.split()[1]) // 1024) for line in lines if line.startswith("Pss:")) or "?"


def main() -> None:
    environment.python()
    with tempfile.TemporaryDirectory() as home, private_network() as alone:
        print("In a network of its own." if alone else f"Without a network of its own (process {os.getpid()}).")
        asyncio.run(run(Path(home)))


if __name__ == "__main__":
    main()
