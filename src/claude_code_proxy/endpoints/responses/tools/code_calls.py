"""Code that the service ran, both ways: `code_interpreter_call` items <-> calls of Claude's code execution.

Claude has a shell and an editor in its container. The code of an item is the command, or the JSON of what was edited.
https://platform.claude.com/docs/en/agents-and-tools/tool-use/code-execution-tool
"""

from collections.abc import Iterator, Sequence

import msgspec
from msgspec import Raw, Struct

from claude_code_proxy import messages
from claude_code_proxy.endpoints.responses import items
from claude_code_proxy.endpoints.responses.tools.hosted_call import HostedResult, Inner

CODE_TOOLS = frozenset({"code_execution", "bash_code_execution", "text_editor_code_execution"})
_encode = msgspec.json.encode


class CodeLogs(Struct, frozen=True, tag_field="type", tag="logs"):
    logs: str


class CodeCallItem(Struct, frozen=True, tag_field="type", tag="code_interpreter_call"):
    id: str
    status: str
    code: str = ""
    container_id: str = ""
    outputs: tuple[CodeLogs, ...] | None = None


class _CodeInput(Struct, frozen=True):
    """The input of the Python tool has `code`, that of the shell `command`; so has the editor's, beside a `path`."""

    code: str | None = None
    command: str | None = None
    path: str | None = None


class _CodeResult(Struct, frozen=True):
    """A result of any of the tools."""

    type: str = ""
    stdout: str | None = None
    stderr: str | None = None
    content: Raw = Raw(b"")
    error_code: str | None = None


_decode_input = msgspec.json.Decoder(_CodeInput).decode
_decode_result = msgspec.json.Decoder(_CodeResult).decode
_decode_text = msgspec.json.Decoder(str).decode


class CodeCall:
    """A call, as a `HostedItem`."""

    prefix = "ci"
    opening = ("response.code_interpreter_call.in_progress",)
    delta = ""

    def __init__(self, *, container: str, outputs: bool) -> None:
        self._container = container
        self._with_outputs = outputs
        self._code = ""

    def begun(self, id: str) -> CodeCallItem:
        return CodeCallItem(id, "in_progress", container_id=self._container)

    def read(self, input: bytes) -> Iterator[Inner]:
        self._code = _code_of(input)
        code = _encode(self._code)
        if self._code:
            yield "response.code_interpreter_call_code.delta", b',"delta":' + code
        yield "response.code_interpreter_call_code.done", b',"code":' + code
        yield "response.code_interpreter_call.interpreting", b""

    def ended(self, id: str, result: HostedResult | None) -> tuple[CodeCallItem, str]:
        if result is None:
            return CodeCallItem(id, "incomplete", self._code, self._container), ""
        status, logs = _logs_of(result.content)
        outputs = tuple(map(CodeLogs, logs)) if self._with_outputs else None
        item = CodeCallItem(id, status, self._code, self._container, outputs)
        return item, "response.code_interpreter_call.completed" if status == "completed" else ""


def to_code_blocks(item: items.CodeCallInput, call_id: str) -> tuple[messages.Block, messages.Block]:
    """Return the call and its result as blocks of the assistant's turn."""
    command = Raw(_encode({"command": item.code or ""}))
    logs = "\n".join(output.logs for output in item.outputs or () if isinstance(output, items.LogsInput))
    content: dict[str, object] = {
        "type": "bash_code_execution_result",
        "stdout": logs,
        "stderr": "",
        "return_code": 1 if item.status == "failed" else 0,
        "content": [],
    }
    result = {"type": "bash_code_execution_tool_result", "tool_use_id": call_id, "content": content}
    return (
        messages.ServerToolUse(call_id, "bash_code_execution", command),
        messages.UnknownBlock("bash_code_execution_tool_result", _encode(result)),
    )


def _code_of(input: bytes) -> str:
    try:
        found = _decode_input(input)
    except msgspec.DecodeError:
        return input.decode()
    if found.code is not None:
        return found.code
    return found.command if found.command is not None and found.path is None else input.decode()


def _logs_of(content: Raw) -> tuple[str, Sequence[str]]:
    """Return the status of a call and what it printed."""
    try:
        result = _decode_result(content)
    except msgspec.DecodeError:
        return "completed", ()
    if result.error_code is not None:
        return "failed", (result.error_code,)
    texts = (result.stdout, result.stderr, _viewed(result.content))
    return "completed", [text for text in texts if text]


def _viewed(content: Raw) -> str:
    """Return the text that the editor showed; the shell has a list of files here."""
    try:
        return _decode_text(content)
    except msgspec.DecodeError:
        return ""
