"""The Agent SDK: starts Claude Code processes and talks to them. The only module that uses the SDK's names.

The SDK is imported when the first process is started, because it is an optional extra.
"""

import os
import platform
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import msgspec

from claude_code_proxy import __version__, messages
from claude_code_proxy.credentials.claude_command import environment
from claude_code_proxy.errors import UpstreamUnavailable
from claude_code_proxy.upstreams.claude_code.conversation import blocks
from claude_code_proxy.upstreams.claude_code.failures import Failure
from claude_code_proxy.upstreams.claude_code.launch import SERVER, Launch
from claude_code_proxy.upstreams.claude_code.process import OnCall, ProcessReport, TurnEnded
from claude_code_proxy.upstreams.claude_code.transcript import Context, TranscriptOrigin, rows

if TYPE_CHECKING:
    from claude_agent_sdk import ClaudeAgentOptions, ClaudeSDKClient

_RAW = {
    "CLAUDE_AGENT_SDK_MCP_NO_PREFIX": "1",
    "CLAUDE_CODE_DISABLE_NONSTREAMING_FALLBACK": "1",
    "CLAUDE_CODE_DISABLE_REFUSAL_FALLBACK": "1",
    "CLAUDE_CODE_DISABLE_REFUSAL_RETRY": "1",
    "CLAUDE_CODE_MAX_MCP_DESCRIPTION_LENGTH": "100000",
    "CLAUDE_CODE_MAX_RETRIES": "0",
    "DISABLE_AUTO_COMPACT": "1",
    "ENABLE_TOOL_SEARCH": "0",
}
_INLINE_RESULT = 500_000  # characters; the most that the runtime keeps in a live conversation
_LARGEST_MESSAGE = 256 * 1024 * 1024


class Sdk:
    """Starts processes.

    `config_dir` holds the login, `private` is an empty directory of the proxy, and `extra` are variables that are added
    to the environment which the process inherits.
    """

    def __init__(self, inherited: Mapping[str, str], *, config_dir: Path, private: Path, extra: Mapping[str, str]):
        self._environment = {**environment(inherited, config_dir=config_dir, private=private), **_RAW, **extra}
        self._private = private
        self._work = private / "empty"
        self._work.mkdir(exist_ok=True)
        self._context = Context(_environment_row(inherited, self._work))

    async def __call__(self, launch: Launch, past: Sequence[messages.InputMessage], *, on_call: OnCall) -> "SdkProcess":
        from claude_agent_sdk import ClaudeSDKClient, ClaudeSDKError  # noqa: PLC0415

        folder = Path(tempfile.mkdtemp(prefix="conversation-", dir=self._private))
        client = ClaudeSDKClient(self._options(launch, past, folder=folder, on_call=on_call))
        try:
            await client.connect()
        except (ClaudeSDKError, OSError, RuntimeError) as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise UpstreamUnavailable("Claude Code could not be started.") from error
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return SdkProcess(client, folder)

    def _options(
        self, launch: Launch, past: Sequence[messages.InputMessage], *, folder: Path, on_call: OnCall
    ) -> "ClaudeAgentOptions":
        from claude_agent_sdk import ClaudeAgentOptions  # noqa: PLC0415

        extra = {"CLAUDE_CODE_EXTRA_BODY": launch.body.decode(), "CLAUDE_CODE_TMPDIR": str(folder)}
        if launch.max_tokens:
            extra["CLAUDE_CODE_MAX_OUTPUT_TOKENS"] = str(launch.max_tokens)
        if not past:
            extra["CLAUDE_CODE_SKIP_PROMPT_HISTORY"] = "1"
        elif past[-1].role == "user":
            extra["CLAUDE_CODE_RESUME_INTERRUPTED_TURN"] = "1"
        return ClaudeAgentOptions(
            model=launch.model,
            system_prompt=_system_prompt(launch.system, folder),
            tools=[],
            mcp_servers={SERVER: {"type": "sdk", "name": SERVER, "instance": _server(launch, on_call)}}
            if launch.tools
            else {},
            allowed_tools=[f"mcp__{SERVER}"] if launch.tools else [],
            strict_mcp_config=True,
            setting_sources=[],
            effort=launch.effort,
            thinking=_thinking(launch),
            include_partial_messages=True,
            verbatim_prompts=True,
            cwd=self._work,
            env={**self._environment, **extra},
            client_app=f"claude-code-proxy/{__version__}",
            max_buffer_size=_LARGEST_MESSAGE,
            stderr=_discard,
            **(self._resumed(past, launch) if past else {"extra_args": {"no-session-persistence": None}}),
        )

    def _resumed(self, past: Sequence[messages.InputMessage], launch: Launch) -> dict[str, Any]:
        """Return the options that resume a history; the SDK reads it from a session store."""
        now = datetime.now().astimezone()
        stamp = now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        origin = TranscriptOrigin(uuid4(), launch.model, stamp, cwd=str(self._work), version=_version())
        context = self._context.attachments(launch.model, f"{now:%Y-%m-%d}")
        history = rows(past, origin, context=context)
        store = _ReplayedHistory(history, lambda entries: self._context.learn(launch.model, entries))
        return {"resume": str(origin.session), "session_store": store, "session_store_flush": "eager"}


class SdkProcess:
    """A `Process`."""

    def __init__(self, client: "ClaudeSDKClient", folder: Path) -> None:
        self._client = client
        self._folder = folder
        # The SDK has no method that kills a process at once.
        self._pid: int = client._transport._process.pid  # noqa: SLF001

    @property
    def pid(self) -> int:
        return self._pid

    async def reports(self) -> AsyncIterator[Sequence[ProcessReport]]:
        from claude_agent_sdk import ClaudeSDKError  # noqa: PLC0415

        resets_at: float | None = None
        failed = False
        try:
            async for message in self._client.receive_messages():
                resets_at = _reset_time(message) or resets_at
                found = _to_report(message, resets_at)
                failed = failed or isinstance(found, Failure)
                if found is not None:
                    yield (found,)
        except ClaudeSDKError as error:
            if not failed:
                yield (Failure(f"its process ended ({type(error).__name__})"),)
        except Exception as error:  # noqa: BLE001 - the SDK may raise a bare Exception
            yield (Failure(f"its process ended ({type(error).__name__})"),)
        else:
            yield (Failure("its process ended"),)

    async def send(self, prompt: list[dict[str, Any]]) -> None:
        from claude_agent_sdk import ClaudeSDKError  # noqa: PLC0415

        async def turn() -> AsyncIterator[dict[str, Any]]:
            yield {"type": "user", "message": {"role": "user", "content": prompt}, "parent_tool_use_id": None}

        try:
            await self._client.query(turn())
        except ClaudeSDKError as error:
            raise ConnectionError from error

    async def interrupt(self) -> None:
        with suppress(Exception):  # it may be gone already, and then there is nothing to stop
            await self._client.interrupt()

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)

    async def close(self) -> None:
        try:
            await self._client.disconnect()
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)


def _to_report(message: Any, resets_at: float | None) -> ProcessReport | None:
    """Return an SDK message as an event, a failure or the end of the turn; None if it is about something else."""
    from claude_agent_sdk import AssistantMessage, ResultMessage  # noqa: PLC0415
    from claude_agent_sdk.types import StreamEvent  # noqa: PLC0415

    match message:
        case StreamEvent(parent_tool_use_id=None):
            return messages.decode_event(msgspec.json.encode(message.event))
        case AssistantMessage() if message.error is not None:
            text = "".join(getattr(block, "text", "") for block in message.content)
            return Failure(text, message.error, resets_at=resets_at)
        case ResultMessage(is_error=True):
            text = message.result or "; ".join(message.errors or ()) or message.subtype
            return Failure(text, status=message.api_error_status, resets_at=resets_at)
        case ResultMessage():
            return TurnEnded()
        case _:
            return None


def _reset_time(message: Any) -> float | None:
    from claude_agent_sdk import RateLimitEvent  # noqa: PLC0415

    return message.rate_limit_info.resets_at if isinstance(message, RateLimitEvent) else None


def _discard(_: str) -> None:
    """Discard a line of standard error, which may quote a request."""


def _version() -> str:
    from claude_agent_sdk._cli_version import __cli_version__  # noqa: PLC0415

    return str(__cli_version__)


def _environment_row(inherited: Mapping[str, str], cwd: Path) -> dict[str, Any]:
    """Return the transcript row in which Claude Code describes its environment to the model."""
    return {
        "type": "environment",
        "snapshot": {
            "workingDirectory": str(cwd),
            "isWorktree": False,
            "isGitRepo": False,
            "additionalWorkingDirectories": [],
            "platform": sys.platform,
            "shell": Path(inherited.get("SHELL") or "bash").name,
            "osVersion": f"{platform.system()} {platform.release()}",
        },
    }


class _ReplayedHistory:
    """A session store that holds one history and stores nothing; `on_entries` receives what is written to it."""

    def __init__(self, history: list[dict[str, Any]], on_entries: Callable[[Sequence[dict[str, Any]]], None]) -> None:
        self._history = history
        self._on_entries = on_entries

    async def append(self, key: Any, entries: Sequence[dict[str, Any]]) -> None:  # noqa: ARG002 - the SDK's signature
        self._on_entries(entries)

    async def load(self, key: Any) -> list[dict[str, Any]]:  # noqa: ARG002 - the SDK's signature
        return self._history


def _thinking(launch: Launch) -> Any:
    """Return the option that turns thinking on or off; the body of the requests has the rest. None is its default."""
    if launch.thinking is None:
        return None
    return {"type": "disabled"} if launch.thinking_off else {"type": "adaptive"}


def _system_prompt(text: str, folder: Path) -> Any:
    """Write the prompt to a file: an argument could be too long, and every user of the machine can see it."""
    if not text:
        return ""
    path = folder / "system.txt"
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
    return {"type": "file", "path": str(path)}


def _server(launch: Launch, on_call: OnCall) -> Any:
    """Return an in-process MCP server with the caller's tools. Schemas are passed on unchanged."""
    import mcp_types  # noqa: PLC0415
    from mcp.server.lowlevel import Server  # noqa: PLC0415

    offered = [
        mcp_types.Tool(
            name=tool.name,
            description=tool.description or "",
            input_schema=msgspec.json.decode(tool.input_schema),
            annotations=mcp_types.ToolAnnotations(read_only_hint=True),  # so that calls run side by side
            meta={"anthropic/maxResultSizeChars": _INLINE_RESULT},
        )
        for tool in launch.tools
    ]

    async def list_tools(_context: Any, _params: Any) -> Any:
        return mcp_types.ListToolsResult(tools=offered)

    async def call_tool(_context: Any, params: Any) -> Any:
        result = await on_call(params.meta["claudecode/toolUseId"])
        content = [_content(block) for block in blocks(result.content)]
        return mcp_types.CallToolResult(content=content, is_error=result.is_error)

    return Server(SERVER, on_list_tools=list_tools, on_call_tool=call_tool)


def _content(block: dict[str, Any]) -> Any:
    import mcp_types  # noqa: PLC0415

    if block["type"] == "image":
        source = block["source"]
        return mcp_types.ImageContent(type="image", data=source["data"], mime_type=source["media_type"])
    return mcp_types.TextContent(type="text", text=block["text"])
