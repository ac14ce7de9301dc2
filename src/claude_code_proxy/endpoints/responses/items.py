"""The items of a Responses request on the wire, as types, and how one of them is decoded.

A list of items is decoded one by one: clients send back whatever they received, so an item of a type that is not known
must not spoil the others. https://platform.openai.com/docs/api-reference/responses/create#responses-create-input
"""

from collections.abc import Callable
from typing import Literal, TypeAlias

import msgspec
from msgspec import Raw, Struct

from claude_code_proxy.endpoints.openai.body import UnionDecoder
from claude_code_proxy.endpoints.openai.request import Wire
from claude_code_proxy.endpoints.responses.schema import ReasoningOptions, TextOptions
from claude_code_proxy.messages.content import NO_JSON

CacheMark: TypeAlias = Raw  # `prompt_cache_breakpoint`; only whether it is there matters


class InputText(Wire, frozen=True, tag_field="type", tag="input_text"):
    text: str
    prompt_cache_breakpoint: CacheMark = NO_JSON


class PlainText(Wire, frozen=True, tag_field="type", tag="text"):
    """A part of another API that clients send here as well."""

    text: str
    prompt_cache_breakpoint: CacheMark = NO_JSON


class InputImage(Wire, frozen=True, tag_field="type", tag="input_image"):
    image_url: str | None = None
    file_id: str | None = None
    detail: str | None = None
    prompt_cache_breakpoint: CacheMark = NO_JSON


class InputFile(Wire, frozen=True, tag_field="type", tag="input_file"):
    file_data: str | None = None
    file_id: str | None = None
    file_url: str | None = None
    filename: str | None = None
    detail: str | None = None
    prompt_cache_breakpoint: CacheMark = NO_JSON


class InputAudio(Wire, frozen=True, tag_field="type", tag="input_audio"):
    input_audio: Raw = NO_JSON


class OutputTextInput(Wire, frozen=True, tag_field="type", tag="output_text"):
    text: str
    annotations: Raw = NO_JSON
    logprobs: Raw = NO_JSON
    prompt_cache_breakpoint: CacheMark = NO_JSON


class RefusalInput(Wire, frozen=True, tag_field="type", tag="refusal"):
    refusal: str


Part: TypeAlias = InputText | PlainText | InputImage | InputFile | InputAudio | OutputTextInput | RefusalInput
Content: TypeAlias = str | list[Part] | None


class InputItem(Wire, frozen=True, tag_field="type", tag="message"):
    """A message of any role. `phase` tells a commentary from an answer, and Claude has no such difference."""

    role: Literal["user", "assistant", "system", "developer"]
    content: Content = None
    id: str | None = None
    status: str | None = None
    phase: str | None = None


class FunctionCallInput(Wire, frozen=True, tag_field="type", tag="function_call"):
    call_id: str
    name: str
    arguments: str = ""
    namespace: str | None = None
    id: str | None = None
    status: str | None = None
    caller: Raw = NO_JSON
    async_: bool | None = msgspec.field(default=None, name="async")


class FunctionCallOutput(Wire, frozen=True, tag_field="type", tag="function_call_output"):
    call_id: str
    output: Content = None
    name: str | None = None
    namespace: str | None = None
    id: str | None = None
    status: str | None = None
    caller: Raw = NO_JSON


class CustomCallInput(Wire, frozen=True, tag_field="type", tag="custom_tool_call"):
    call_id: str
    name: str
    input: str = ""
    namespace: str | None = None
    id: str | None = None
    status: str | None = None
    caller: Raw = NO_JSON
    async_: bool | None = msgspec.field(default=None, name="async")


class CustomCallOutput(Wire, frozen=True, tag_field="type", tag="custom_tool_call_output"):
    call_id: str
    output: Content = None
    name: str | None = None
    id: str | None = None
    status: str | None = None
    caller: Raw = NO_JSON


class ReasoningInput(Wire, frozen=True, tag_field="type", tag="reasoning"):
    """`encrypted_content` is what this endpoint sealed; a summary alone cannot be handed back to Claude."""

    id: str | None = None
    summary: Raw = NO_JSON
    content: Raw = NO_JSON
    encrypted_content: str | None = None
    status: str | None = None


class ItemReference(Wire, frozen=True, tag_field="type", tag="item_reference"):
    id: str


class CompactionInput(Wire, frozen=True, tag_field="type", tag="compaction"):
    encrypted_content: str
    id: str | None = None
    created_by: str | None = None
    status: str | None = None


class CompactionTrigger(Wire, frozen=True, tag_field="type", tag="compaction_trigger"):
    id: str | None = None


class AdditionalTools(Wire, frozen=True, tag_field="type", tag="additional_tools"):
    """Tools that are offered from here on. Claude has one list of tools, so they join those of the request."""

    tools: list[Raw]
    role: str | None = None
    id: str | None = None


class ConfigurationUpdate(Wire, frozen=True, tag_field="type", tag="configuration_update"):
    reasoning: ReasoningOptions | None = None
    text: TextOptions | None = None
    id: str | None = None
    role: str | None = None


class ToolSearchCall(Wire, frozen=True, tag_field="type", tag="tool_search_call"):
    call_id: str | None = None
    arguments: Raw = NO_JSON
    execution: str | None = None
    id: str | None = None
    status: str | None = None


class ToolSearchOutput(Wire, frozen=True, tag_field="type", tag="tool_search_output"):
    """What a search found: the tools are offered from here on."""

    tools: list[Raw]
    call_id: str | None = None
    execution: str | None = None
    id: str | None = None
    status: str | None = None


class LocalShellCall(Wire, frozen=True, tag_field="type", tag="local_shell_call"):
    action: Raw
    call_id: str | None = None
    id: str | None = None
    status: str | None = None


class LocalShellCallOutput(Wire, frozen=True, tag_field="type", tag="local_shell_call_output"):
    """`id` names the call in the first version of the API, `call_id` in the present one."""

    output: str
    call_id: str | None = None
    id: str | None = None
    status: str | None = None


class ShellCall(Wire, frozen=True, tag_field="type", tag="shell_call"):
    call_id: str
    action: Raw
    id: str | None = None
    status: str | None = None
    environment: Raw = NO_JSON
    created_by: str | None = None
    caller: Raw = NO_JSON


class ShellCallOutput(Wire, frozen=True, tag_field="type", tag="shell_call_output"):
    call_id: str
    output: Raw
    id: str | None = None
    status: str | None = None
    max_output_length: int | None = None
    created_by: str | None = None
    caller: Raw = NO_JSON


class ApplyPatchCall(Wire, frozen=True, tag_field="type", tag="apply_patch_call"):
    call_id: str
    operation: Raw
    id: str | None = None
    status: str | None = None
    created_by: str | None = None
    caller: Raw = NO_JSON


class ApplyPatchCallOutput(Wire, frozen=True, tag_field="type", tag="apply_patch_call_output"):
    call_id: str
    status: str | None = None
    output: str | None = None
    id: str | None = None
    created_by: str | None = None
    caller: Raw = NO_JSON


class ComputerCall(Wire, frozen=True, tag_field="type", tag="computer_call"):
    call_id: str
    action: Raw = NO_JSON
    actions: Raw = NO_JSON
    pending_safety_checks: Raw = NO_JSON
    id: str | None = None
    status: str | None = None


class ScreenshotInput(Wire, frozen=True):
    type: str | None = None
    image_url: str | None = None
    file_id: str | None = None
    detail: str | None = None


class ComputerCallOutput(Wire, frozen=True, tag_field="type", tag="computer_call_output"):
    call_id: str
    output: ScreenshotInput
    acknowledged_safety_checks: Raw = NO_JSON
    id: str | None = None
    status: str | None = None


class HostedSearch(Wire, frozen=True, tag_field="type", tag="web_search_call"):
    """A search that the service ran. Its results are not in it."""

    id: str | None = None
    status: str | None = None
    action: Raw = NO_JSON


class LogsInput(Wire, frozen=True, tag_field="type", tag="logs"):
    logs: str


class CodeImageInput(Wire, frozen=True, tag_field="type", tag="image"):
    url: str


class CodeCallInput(Wire, frozen=True, tag_field="type", tag="code_interpreter_call"):
    id: str | None = None
    status: str | None = None
    code: str | None = None
    container_id: str | None = None
    outputs: list[LogsInput | CodeImageInput] | None = None


class McpCallInput(Wire, frozen=True, tag_field="type", tag="mcp_call"):
    name: str
    server_label: str
    arguments: str = ""
    output: str | None = None
    error: Raw = NO_JSON
    id: str | None = None
    status: str | None = None
    approval_request_id: str | None = None


class McpListTools(Wire, frozen=True, tag_field="type", tag="mcp_list_tools"):
    """The service asks the server again."""

    server_label: str
    tools: Raw = NO_JSON
    error: Raw = NO_JSON
    id: str | None = None


class McpApprovalRequest(Wire, frozen=True, tag_field="type", tag="mcp_approval_request"):
    id: str | None = None
    name: str | None = None
    arguments: str | None = None
    server_label: str | None = None


class McpApprovalResponse(Wire, frozen=True, tag_field="type", tag="mcp_approval_response"):
    approval_request_id: str
    approve: bool
    id: str | None = None
    reason: str | None = None


KnownItem: TypeAlias = (
    InputItem
    | FunctionCallInput
    | FunctionCallOutput
    | CustomCallInput
    | CustomCallOutput
    | ReasoningInput
    | ItemReference
    | CompactionInput
    | CompactionTrigger
    | AdditionalTools
    | ConfigurationUpdate
    | ToolSearchCall
    | ToolSearchOutput
    | LocalShellCall
    | LocalShellCallOutput
    | ShellCall
    | ShellCallOutput
    | ApplyPatchCall
    | ApplyPatchCallOutput
    | ComputerCall
    | ComputerCallOutput
    | HostedSearch
    | CodeCallInput
    | McpCallInput
    | McpListTools
    | McpApprovalRequest
    | McpApprovalResponse
)


class UnknownItem(Struct, frozen=True):
    """An item of a type that is not known here, with the JSON it came as."""

    type: str
    raw: Raw


Item: TypeAlias = KnownItem | UnknownItem


class _PeekedItem(Struct, frozen=True):
    type: str | None = None
    role: Raw = NO_JSON


_items: UnionDecoder[KnownItem] = UnionDecoder(KnownItem)
_peek = msgspec.json.Decoder(_PeekedItem).decode


def decode_item(raw: Raw, at: str, *, note_unknown: Callable[[str], None]) -> Item:
    """Decode one item. Raise `InvalidRequest` that names the field, such as `input[3].content[0].text`.

    Without a type it is a message if it has a role, else a reference. `note_unknown` gets the path of each field that
    the types have no place for.
    """
    item = _items.decode(raw, at, note_unknown=note_unknown, untyped=_untyped)
    if item is None:
        return UnknownItem(_peek(raw).type or "", raw)
    return item


def _untyped(raw: Raw) -> type[Struct]:
    return InputItem if _peek(raw).role else ItemReference
