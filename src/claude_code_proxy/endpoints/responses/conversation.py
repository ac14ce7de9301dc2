"""Items of input -> system blocks and input messages, each where it stood.

Items of the assistant that follow each other make one turn, in their order: thinking, text, calls. Pairing calls with
their results, and joining the turns of a user, is adaptation's part.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import msgspec
from msgspec import Raw, Struct

from claude_code_proxy import messages
from claude_code_proxy.adjustment import Action, Adjustment
from claude_code_proxy.endpoints.openai.arguments import to_custom_call_input, to_input
from claude_code_proxy.endpoints.responses import items
from claude_code_proxy.endpoints.responses.content import to_blocks, to_result_blocks, to_texts
from claude_code_proxy.endpoints.responses.reasoning import Seal, opened, opened_summary
from claude_code_proxy.endpoints.responses.support import ITEMS
from claude_code_proxy.endpoints.responses.tools.computer import TOOLSET_NAME, to_member
from claude_code_proxy.endpoints.responses.tools.hosted_history import HostedHistory, HostedInput
from claude_code_proxy.endpoints.responses.tools.tool_choice import claude_name
from claude_code_proxy.endpoints.responses.tools.toolset import ToolList
from claude_code_proxy.endpoints.support import ignored
from claude_code_proxy.errors import InvalidRequest
from claude_code_proxy.messages.json_text import is_given

_CallItem: TypeAlias = (
    items.FunctionCallInput
    | items.CustomCallInput
    | items.ToolSearchCall
    | items.LocalShellCall
    | items.ShellCall
    | items.ApplyPatchCall
    | items.ComputerCall
)
_OutputItem: TypeAlias = (
    items.FunctionCallOutput
    | items.CustomCallOutput
    | items.ToolSearchOutput
    | items.LocalShellCallOutput
    | items.ShellCallOutput
    | items.ApplyPatchCallOutput
    | items.ComputerCallOutput
)
_UNSEALED = "it has no thinking that was sealed here, so nothing of it can be handed back"
_WITHOUT_RESULTS = "what Claude needs of the call is not in it, or its tool is not among those of the request"
_EMPTY = Raw(b"{}")


class ItemConversation(Struct, frozen=True):
    """`paths` has the client's field of each block of each message. `tools` are the lists among the items."""

    system: tuple[messages.Text, ...]
    turns: tuple[messages.InputMessage, ...]
    paths: tuple[tuple[str, ...], ...]
    tools: tuple[ToolList, ...]
    configuration: items.ConfigurationUpdate | None
    compacts: bool
    adjustments: tuple[Adjustment, ...]
    own: tuple[messages.InputMessage, ...]  # turns of this input alone, without those of earlier responses


class ConversationBuilder:
    """Translates one item after another.

    `stored` has the JSON of items that references name, by their ids. `tools` are those of the request.
    """

    def __init__(self, seal: Seal, stored: Mapping[str, bytes], *, tools: Sequence[Raw] = ()) -> None:
        self._seal = seal
        self._hosted = HostedHistory(tools)
        self._taken = (0, 0)  # blocks and notes that were made of the last item, if it is of a hosted call
        self._stored = stored
        self._system: list[messages.Text] = []
        self._own_system: list[messages.Text] = []
        self._turns: list[tuple[messages.Role, list[messages.Block], list[str]]] = []
        self._earlier = 0  # turns of earlier responses
        self._tools: list[ToolList] = []
        self._configuration: items.ConfigurationUpdate | None = None
        self._trigger = ""  # the path of the item that asks for a compaction
        self._notes: list[Adjustment] = []

    def add_earlier(self, earlier: Sequence[messages.InputMessage]) -> None:
        """Begin with the turns of earlier responses."""
        for message in earlier:
            if message.role == "system" and not self._turns:
                self._system += [block for block in message.content if isinstance(block, messages.Text)]
            else:
                self._turns.append((message.role, list(message.content), ["input"] * len(message.content)))
        self._earlier = len(self._turns)

    def add_conversation(self, kept: Sequence[Raw]) -> None:
        """Begin with the items of a conversation."""
        for raw in kept:
            self.add_item(raw, "conversation")
        self._earlier = len(self._turns)
        self._own_system.clear()

    def add_text(self, text: str) -> None:
        """Add the input where it is one string."""
        self._append("user", (messages.Text(text),) if text else (), path="input")

    def add_instructions(self, texts: Sequence[messages.Text]) -> None:
        self._system[:0] = texts

    def add_item(self, raw: Raw, at: str) -> None:
        """Translate an item of the input. Raise `InvalidRequest` that names its field."""
        if self._trigger:
            raise InvalidRequest(
                "A 'compaction_trigger' must be the last item of the input.", param=self._trigger, code="invalid_value"
            )
        self._add(items.decode_item(raw, at, note_unknown=self._note_unknown), at)

    def conversation(self) -> ItemConversation:
        turns = tuple(messages.InputMessage(role, tuple(blocks)) for role, blocks, _ in self._turns)
        leading = (messages.InputMessage("system", tuple(self._own_system)),) if self._own_system else ()
        return ItemConversation(
            tuple(self._system),
            turns,
            tuple(tuple(paths) for _, _, paths in self._turns),
            tuple(self._tools),
            self._configuration,
            bool(self._trigger),
            tuple(self._notes),
            own=(*leading, *turns[self._earlier :]),
        )

    def _add(self, item: items.Item, at: str) -> None:
        if not isinstance(item, items.ReasoningInput):
            self._taken = (0, 0)
        match item:
            case items.InputItem():
                self._add_message(item, at)
            case items.ReasoningInput():
                self._add_reasoning(item, at)
            case (
                items.FunctionCallInput()
                | items.CustomCallInput()
                | items.ToolSearchCall()
                | items.LocalShellCall()
                | items.ShellCall()
                | items.ApplyPatchCall()
                | items.ComputerCall()
            ):
                self._append("assistant", (self._call(item, at),), path=at)
            case (
                items.FunctionCallOutput()
                | items.CustomCallOutput()
                | items.ToolSearchOutput()
                | items.LocalShellCallOutput()
                | items.ShellCallOutput()
                | items.ApplyPatchCallOutput()
                | items.ComputerCallOutput()
            ):
                self._append("user", (self._result(item, at),), path=at)
            case items.ItemReference():
                self._add_reference(item, at)
            case items.HostedSearch() | items.CodeCallInput() | items.McpCallInput():
                self._add_hosted(item, at)
            case _:
                self._add_other(item, at)

    def _add_other(self, item: items.Item, at: str) -> None:
        """Take what an item says that is no part of a turn; name what is left out."""
        match item:
            case items.AdditionalTools():
                self._tools.append(ToolList(item.tools, f"{at}.tools"))
            case items.ConfigurationUpdate():
                self._configuration = item
            case items.CompactionInput():
                self._add_compaction(item, at)
            case items.CompactionTrigger():
                self._trigger = at
            case items.UnknownItem():
                self._notes.append(ignored(at, ITEMS.get(item.type, ITEMS["(any other)"])))
            case _:
                self._notes.append(ignored(at, ITEMS[str(type(item).__struct_config__.tag)]))

    def _add_message(self, item: items.InputItem, at: str) -> None:
        at = f"{at}.content"
        if item.role == "user":
            self._append("user", to_blocks(item.content, at, note=self._notes.append), path=at)
        elif item.role == "assistant":
            self._append("assistant", to_texts(item.content, at, role=item.role), path=at)
        elif self._turns:
            self._append("system", to_texts(item.content, at, role=item.role), path=at)
        else:
            texts = to_texts(item.content, at, role=item.role)
            self._system += texts
            self._own_system += texts

    def _add_hosted(self, item: HostedInput, at: str) -> None:
        blocks = self._hosted.blocks(item, at)
        self._append("assistant", blocks, path=at)
        if not blocks:
            self._notes.append(Adjustment(at, Action.IGNORED, _WITHOUT_RESULTS))
        self._taken = (len(blocks), 0 if blocks else 1)

    def _add_reasoning(self, item: items.ReasoningInput, at: str) -> None:
        blocks = opened(item.encrypted_content, self._seal) if item.encrypted_content else ()
        if not blocks:
            self._notes.append(Adjustment(at, Action.IGNORED, _UNSEALED))
        elif not isinstance(blocks[0], messages.AnyThinking):
            self._take_back()
        self._append("assistant", blocks, path=at)
        self._taken = (0, 0)

    def _take_back(self) -> None:
        """Remove what was made of the item before: the sealed blocks that follow it are the call as it was."""
        blocks, notes = self._taken
        if blocks:
            _, turn, paths = self._turns[-1]
            del turn[-blocks:], paths[-blocks:]
        if notes:
            del self._notes[-notes:]

    def _add_compaction(self, item: items.CompactionInput, at: str) -> None:
        summary = opened_summary(item.encrypted_content, self._seal)
        if summary is None:
            raise InvalidRequest(
                "This compaction was not made here, or its key is gone (STATE_KEY), so it cannot be read. Send "
                "the items that it stands for.",
                param=f"{at}.encrypted_content",
                code="invalid_encrypted_content",
            )
        self._turns.append(("assistant", [summary], [at]))

    def _add_reference(self, item: items.ItemReference, at: str) -> None:
        raw = self._stored.get(item.id)
        if raw is None:
            raise InvalidRequest(
                f"Item with id '{item.id}' not found. Items are not persisted when `store` is set to false. Try again "
                "with `store` set to true, or remove this item from your input.",
                param="input",
                status=404,
            )
        self.add_item(Raw(raw), at)

    def _append(self, role: messages.Role, blocks: Sequence[messages.Block], *, path: str) -> None:
        """Add blocks to the assistant's turn if it goes on, else as a turn of their own."""
        if not blocks:
            return
        if not (role == "assistant" and len(self._turns) > self._earlier and self._turns[-1][0] == role):
            self._turns.append((role, [], []))
        _, turn, paths = self._turns[-1]
        turn += blocks
        paths += [path] * len(blocks)

    def _call(self, item: _CallItem, at: str) -> messages.ToolUse:
        match item:
            case items.FunctionCallInput():
                arguments = to_input(item.arguments, note=self._noting(f"{at}.arguments"))
                return messages.ToolUse(item.call_id, claude_name(item.name, item.namespace), arguments)
            case items.CustomCallInput():
                name = claude_name(item.name, item.namespace)
                return messages.ToolUse(item.call_id, name, to_custom_call_input(item.input))
            case items.ToolSearchCall():
                return messages.ToolUse(_id(item.call_id, item.id), "tool_search", _object(item.arguments))
            case items.LocalShellCall():
                return messages.ToolUse(_id(item.call_id, item.id), "local_shell", _object(item.action))
            case items.ShellCall():
                return messages.ToolUse(item.call_id, "shell", _object(item.action))
            case items.ApplyPatchCall():
                return messages.ToolUse(item.call_id, "apply_patch", _object(item.operation))
            case items.ComputerCall():
                return _computer_call(item, at)

    def _result(self, item: _OutputItem, at: str) -> messages.ToolResult:
        match item:
            case items.FunctionCallOutput() | items.CustomCallOutput():
                content = to_result_blocks(item.output, f"{at}.output", note=self._notes.append)
                return messages.ToolResult(item.call_id, content)
            case items.ToolSearchOutput():
                self._tools.append(ToolList(item.tools, f"{at}.tools"))
                found = msgspec.json.encode(item.tools).decode()
                return messages.ToolResult(_id(item.call_id, item.id), (messages.Text(f"Found these tools: {found}"),))
            case items.LocalShellCallOutput():
                return _text_result(_id(item.call_id, item.id), item.output)
            case items.ShellCallOutput():
                return _text_result(item.call_id, bytes(item.output).decode())
            case items.ApplyPatchCallOutput():
                result = _text_result(item.call_id, item.output or item.status or "")
                return msgspec.structs.replace(result, is_error=item.status == "failed")

            case items.ComputerCallOutput(output=shown):
                image = items.InputImage(shown.image_url, shown.file_id)
                content = to_result_blocks([image], f"{at}.output", note=self._notes.append)
                return messages.ToolResult(item.call_id, content)

    def _noting(self, path: str) -> Callable[[str], None]:
        return lambda reason: self._notes.append(Adjustment(path, Action.MAPPED, reason))

    def _note_unknown(self, path: str) -> None:
        self._notes.append(Adjustment(path, Action.IGNORED, "not a field of this API"))


def with_uploads(conversation: ItemConversation, files: Sequence[str]) -> ItemConversation:
    """Put files into the container of code: those that it has not yet, at the end of the last message of a user."""
    uploads = [_upload(file) for file in files]
    turns = conversation.turns
    present = {block for turn in turns for block in turn.content if isinstance(block, messages.UnknownBlock)}
    missing = tuple(block for block in uploads if block not in present)
    at = max((index for index, turn in enumerate(turns) if turn.role == "user"), default=None)
    if not missing or at is None:
        return conversation
    changed = msgspec.structs.replace(turns[at], content=turns[at].content + missing)
    paths = (*conversation.paths[at], *("tools" for _ in missing))
    return msgspec.structs.replace(
        conversation,
        turns=(*turns[:at], changed, *turns[at + 1 :]),
        paths=(*conversation.paths[:at], paths, *conversation.paths[at + 1 :]),
        own=tuple(changed if turn is turns[at] else turn for turn in conversation.own),
    )


def _upload(file_id: str) -> messages.UnknownBlock:
    block = msgspec.json.encode({"type": "container_upload", "file_id": file_id})
    return messages.UnknownBlock("container_upload", block)


def _computer_call(item: items.ComputerCall, at: str) -> messages.ToolUse:
    try:
        member, input = to_member(item.action, item.actions)
    except msgspec.DecodeError as error:
        raise InvalidRequest(f"Invalid action of a computer: {error}.", param=at, code="invalid_value") from None
    return messages.ToolUse(item.call_id, member, input, toolset_name=TOOLSET_NAME)


def _id(call_id: str | None, item_id: str | None) -> str:
    return call_id or item_id or ""


def _object(raw: Raw) -> Raw:
    """Return the JSON of an object as the input of a call; `{}` where none is given."""
    return to_input(bytes(raw).decode(), note=lambda _: None) if is_given(raw) else _EMPTY


def _text_result(call_id: str, text: str) -> messages.ToolResult:
    return messages.ToolResult(call_id, (messages.Text(text),) if text else ())
