"""The items of a response's output on the wire, as types.

https://platform.openai.com/docs/api-reference/responses/object#responses-object-output. Fields without a value are left
out where the service leaves them out: several readers do not take null there.
"""

from typing import TypeAlias

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from claude_code_proxy import messages
from claude_code_proxy.endpoints.openai.arguments import to_arguments, to_custom_text
from claude_code_proxy.endpoints.responses.tools.code_calls import CodeCallItem
from claude_code_proxy.endpoints.responses.tools.computer import ComputerCallItem, to_computer_call
from claude_code_proxy.endpoints.responses.tools.mcp_calls import McpCallItem, McpListToolsItem
from claude_code_proxy.endpoints.responses.tools.toolset import ToolOrigin
from claude_code_proxy.endpoints.responses.tools.web_calls import WebSearchCallItem

COMPLETED, IN_PROGRESS, INCOMPLETE = "completed", "in_progress", "incomplete"


class FlatUrlCitation(Struct, frozen=True, tag_field="type", tag="url_citation"):
    """`start_index` and `end_index` count characters of the text of the part."""

    url: str
    title: str
    start_index: int
    end_index: int


class OutputTextPart(Struct, frozen=True, tag_field="type", tag="output_text"):
    text: str
    annotations: tuple[FlatUrlCitation, ...] = ()
    logprobs: tuple[()] = ()


class OutputRefusal(Struct, frozen=True, tag_field="type", tag="refusal"):
    refusal: str


class MessageItem(Struct, frozen=True, tag_field="type", tag="message"):
    id: str
    status: str
    content: tuple[OutputTextPart | OutputRefusal, ...] = ()
    role: str = "assistant"


class SummaryText(Struct, frozen=True, tag_field="type", tag="summary_text"):
    text: str


class ReasoningItem(Struct, frozen=True, tag_field="type", tag="reasoning"):
    id: str
    summary: tuple[SummaryText, ...] = ()
    encrypted_content: str | UnsetType = UNSET


class FunctionCallItem(Struct, frozen=True, tag_field="type", tag="function_call"):
    id: str
    status: str
    call_id: str
    name: str
    arguments: str = ""
    namespace: str | UnsetType = UNSET


class CustomToolCallItem(Struct, frozen=True, tag_field="type", tag="custom_tool_call"):
    id: str
    status: str
    call_id: str
    name: str
    input: str = ""
    namespace: str | UnsetType = UNSET


class ToolSearchCallItem(Struct, frozen=True, tag_field="type", tag="tool_search_call"):
    id: str
    status: str
    call_id: str
    arguments: Raw
    execution: str = "client"


class LocalShellAction(Struct, frozen=True, tag_field="type", tag="exec"):
    """What to run: a program and its arguments."""

    command: list[str] = []
    env: dict[str, str] = {}
    timeout_ms: int | None = None
    user: str | None = None
    working_directory: str | None = None


class LocalShellCallItem(Struct, frozen=True, tag_field="type", tag="local_shell_call"):
    id: str
    status: str
    call_id: str
    action: LocalShellAction


class ShellAction(Struct, frozen=True):
    """What to run: commands of a shell."""

    commands: list[str] = []
    timeout_ms: int | None = None
    max_output_length: int | None = None


class ShellCallItem(Struct, frozen=True, tag_field="type", tag="shell_call"):
    id: str
    status: str
    call_id: str
    action: ShellAction


class PatchOperation(Struct, frozen=True):
    type: str = "update_file"
    path: str = ""
    diff: str | UnsetType = ""


class ApplyPatchCallItem(Struct, frozen=True, tag_field="type", tag="apply_patch_call"):
    id: str
    status: str
    call_id: str
    operation: PatchOperation


class CompactionItem(Struct, frozen=True, tag_field="type", tag="compaction"):
    """What stands for the conversation so far from now on."""

    id: str
    encrypted_content: str


CallItem: TypeAlias = (
    FunctionCallItem
    | CustomToolCallItem
    | ToolSearchCallItem
    | LocalShellCallItem
    | ShellCallItem
    | ApplyPatchCallItem
    | ComputerCallItem
)
HostedCallItem: TypeAlias = WebSearchCallItem | CodeCallItem | McpCallItem | McpListToolsItem
OutputItem: TypeAlias = MessageItem | ReasoningItem | CallItem | HostedCallItem | CompactionItem

_PREFIXES = {
    "function": "fc",
    "custom": "ctc",
    "tool_search": "tsc",
    "local_shell": "lsh",
    "shell": "sh",
    "apply_patch": "apc",
    "computer": "cu",
    "computer_use_preview": "cu",
}
_decode_shell = msgspec.json.Decoder(ShellAction, strict=False).decode
_decode_patch = msgspec.json.Decoder(PatchOperation, strict=False).decode


class _LocalShellInput(Struct, frozen=True):
    command: list[str] = []
    env: dict[str, str] = {}
    timeout_ms: int | None = None
    working_directory: str | None = None


_decode_local_shell = msgspec.json.Decoder(_LocalShellInput, strict=False).decode


def item_prefix(origin: ToolOrigin) -> str:
    """Return the beginning of the id of a call of this tool."""
    return _PREFIXES[origin.kind]


def empty_call(call: messages.ToolUse, origin: ToolOrigin, *, id: str) -> CallItem:
    """Return the item of a call that has just begun."""
    return to_call(call.id, "", origin=origin, id=id, status=IN_PROGRESS)


def to_call(call_id: str, arguments: str, *, origin: ToolOrigin, id: str, status: str) -> CallItem:
    """Return the item of a call. `arguments` is the JSON of its input, empty where it has just begun.

    A tool of OpenAI's own has a typed action: if what Claude wrote is not of its form, the action is empty.
    """
    namespace = origin.namespace or UNSET
    match origin.kind:
        case "function":
            return FunctionCallItem(id, status, call_id, origin.name, arguments, namespace)
        case "custom":
            text = to_custom_text(arguments) if arguments else ""
            return CustomToolCallItem(id, status, call_id, origin.name, text, namespace)
        case "tool_search":
            return ToolSearchCallItem(id, status, call_id, _object(arguments))
        case "local_shell":
            return LocalShellCallItem(id, status, call_id, _local_shell(arguments))
        case "shell":
            return ShellCallItem(id, status, call_id, _shell(arguments))
        case "computer" | "computer_use_preview":
            preview = origin.kind == "computer_use_preview"
            return to_computer_call(call_id, arguments, member=origin.name, preview=preview, id=id, status=status)
        case _:
            return ApplyPatchCallItem(id, status, call_id, _patch(arguments))


def _object(arguments: str) -> Raw:
    text = to_arguments(arguments)
    try:
        msgspec.json.decode(text, type=dict)
    except msgspec.DecodeError:
        return Raw(b"{}")
    return Raw(text.encode())


def _local_shell(arguments: str) -> LocalShellAction:
    try:
        found = _decode_local_shell(to_arguments(arguments))
    except msgspec.DecodeError:
        return LocalShellAction()
    return LocalShellAction(found.command, found.env, found.timeout_ms, None, found.working_directory)


def _shell(arguments: str) -> ShellAction:
    try:
        return _decode_shell(to_arguments(arguments))
    except msgspec.DecodeError:
        return ShellAction()


def _patch(arguments: str) -> PatchOperation:
    try:
        operation = _decode_patch(to_arguments(arguments))
    except msgspec.DecodeError:
        return PatchOperation()
    return PatchOperation(operation.type, operation.path, UNSET) if operation.type == "delete_file" else operation
