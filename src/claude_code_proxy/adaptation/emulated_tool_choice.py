"""A forced tool on a model that refuses forcing -> a strict tool, one instruction, and an answer that is held to it.

Nothing but calls of the right tool is passed on, so a caller sees what a forced model would have given it.
"""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

from msgspec import Raw, Struct
from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adaptation import thinking
from claude_code_proxy.adaptation.reply.filters import OutputMismatch
from claude_code_proxy.adaptation.reply.schema_check import CheckNeeded, CheckResults, complaint
from claude_code_proxy.adjustment import Action, Adjustment
from claude_code_proxy.models.model import Model

_PATH = "tool_choice"
_JUDGED = frozenset({"end_turn", "tool_use", "stop_sequence", None})
_UNUSED = messages.Text("This call was not carried out.")


class EmulatedToolChoice(Struct, frozen=True):
    """The tool that must be called, by the name that is sent; None: any. `schemas`: of those that may be, by name."""

    name: str | None
    schemas: Mapping[str, bytes] = MappingProxyType({})

    def allows(self, block: messages.Block) -> bool:
        """Tell whether a call is allowed. The service's own calls count where any tool will do."""
        if not isinstance(block, messages.ToolUse | messages.ServerToolUse):
            return False
        return self.name is None or block.name == self.name

    def complaint(self, block: messages.Block, results: CheckResults) -> str | None:
        """Return what is wrong with the arguments of a call."""
        if not isinstance(block, messages.ToolUse) or block.name not in self.schemas:
            return None
        arguments = bytes(block.input).decode() or "{}"
        return complaint(self.schemas[block.name], arguments, path=_PATH, results=results)


_ANYTHING = EmulatedToolChoice(None)


def normalize_tool_choice(
    request: messages.MessagesRequest, model: Model, *, notes: list[Adjustment]
) -> tuple[messages.MessagesRequest, EmulatedToolChoice | None]:
    """Native where the model has it. Tools must be settled; what is added to the conversation is not in place yet.

    Making the tools strict as far as they can be is left to `strict`.
    """
    choice = request.tool_choice
    if not isinstance(choice, messages.ChooseAny | messages.ChooseTool) or _is_native(model):
        return request, None
    name = choice.name if isinstance(choice, messages.ChooseTool) else None
    notes.append(
        Adjustment(
            _PATH,
            Action.EMULATED,
            "this model cannot be forced: by an instruction and strict tools; the answer is checked",
        )
    )
    tool_text = f"the tool `{name}`" if name else "at least one of the tools"
    instruction = f"Answer with a call of {tool_text} now, and with no other text."
    changed = replace(
        request,
        tool_choice=messages.ChooseAuto(choice.disable_parallel_tool_use),
        messages=(*request.messages, messages.InputMessage("system", (messages.Text(instruction),))),
    )
    schemas = {
        tool.name: bytes(tool.input_schema)
        for tool in request.tools
        if isinstance(tool, messages.Tool) and name in {None, tool.name}
    }
    return changed, EmulatedToolChoice(name, schemas)


def to_be_strict(
    emulated: EmulatedToolChoice | None, request: messages.MessagesRequest, *, model: Model
) -> Collection[str]:
    """Return the tools to make strict for forcing's sake; none where replayed thinking is bound to them as they are."""
    if emulated is None or (model.prefix_binding and thinking.is_replayed(request.messages)):
        return ()
    return emulated.schemas


def _is_native(model: Model) -> bool:
    """Tell whether the model can be forced: not one that always thinks and cannot be forced while it does."""
    can_think_off = model.thinking_default == "off" or model.thinking_off is not None
    return model.forced_tool_choice and (model.forced_with_adaptive or can_think_off)


def judge(
    emulated: EmulatedToolChoice,
    message: messages.Message,
    *,
    request: messages.MessagesRequest,
    results: CheckResults,
) -> OutputMismatch | None:
    """Whether the answer calls the tool as its schema has it; if not, what to ask for once more.

    `request` is what was sent.
    """
    if message.stop_reason not in _JUDGED:
        return None
    calls = [block for block in message.content if emulated.allows(block)]
    tool_text = f"`{emulated.name}`" if emulated.name else "a tool"
    if not calls:
        repair_text = f"That was not a call of {tool_text}, and only such a call can be used. Call {tool_text} now."
        message_text = f"The model did not call {tool_text}, as 'tool_choice' asks for."
        return _mismatch(message_text, repair_text, message=message, request=request)
    for call in calls:
        if (found := emulated.complaint(call, results)) is not None:
            repair_text = (
                f"The arguments of that call cannot be used: {found} Call {tool_text} again now, with arguments "
            )
            message_text = f"The model called {tool_text} with arguments that its schema does not allow: {found}"
            return _mismatch(
                message_text, repair_text + "that are right in this respect.", message=message, request=request
            )
    return None


def _mismatch(
    message_text: str, repair_text: str, *, message: messages.Message, request: messages.MessagesRequest
) -> OutputMismatch:
    answer = messages.InputMessage("assistant", message.content)
    results = (
        messages.ToolResult(block.id, (_UNUSED,), is_error=True)
        for block in message.content
        if isinstance(block, messages.ToolUse)
    )
    repair_message = messages.InputMessage("user", (*results, messages.Text(repair_text)))
    return OutputMismatch(
        message_text,
        path=_PATH,
        code="tool_choice_not_met",
        repair=replace(request, messages=(*request.messages, answer, repair_message)),
        was_held=True,
    )


class CallsOnly:
    """The reply filter that passes on no text before the first call that is allowed, and no other calls.

    Until that call is whole and can be used it holds everything back, so that a bad one can still be asked for again.
    An answer without a good call is a refusal or was cut short, and passes as it is.
    """

    def __init__(self, emulated: EmulatedToolChoice, results: CheckResults) -> None:
        self._emulated = emulated
        self._results = results
        self._held: list[messages.Event] | None = []
        self._call: messages.ToolUse | None = None  # that is coming in
        self._arguments: list[str] = []
        self._is_spoilt = False
        self._new_indexes: dict[int, int] = {}  # of the blocks that are passed on

    def message(self, message: messages.Message) -> messages.Message:
        first = next((at for at, block in enumerate(message.content) if self._emulated.allows(block)), None)
        if first is None:
            return message
        kept = (block for at, block in enumerate(message.content) if self._is_kept(block, begun=at >= first))
        return replace(message, content=tuple(kept))

    def feed(self, event: messages.Event) -> Sequence[messages.Event]:
        if self._held is None:
            return self._placed(event, begun=True)
        match event:
            case messages.Ping():
                return ()
            case messages.MessageDelta():
                return self._released(event)
            case _:
                self._held.append(event)
                return self._released() if self._is_good(event) else ()

    def close(self) -> Sequence[messages.Event]:
        return ()

    def _is_good(self, event: messages.Event) -> bool:
        """Whether with this event there is a call that can be used, and none before it that cannot."""
        match event:
            case messages.ContentBlockStart(content_block=block) if (
                self._emulated.allows(block) and not self._is_spoilt
            ):
                self._call = block if isinstance(block, messages.ToolUse) else None
                self._arguments = []
                return self._call is None
            case messages.ContentBlockDelta(delta=messages.InputJsonDelta(partial_json=piece)) if self._call:
                self._arguments.append(piece)
            case messages.ContentBlockStop() if self._call:
                whole = replace(self._call, input=Raw("".join(self._arguments).encode()))
                self._call = None
                return self._can_be_used(whole)
            case _:
                pass
        return False

    def _can_be_used(self, call: messages.ToolUse) -> bool:
        """Tell whether a call may pass now; one that takes long to check waits for the end of the answer."""
        try:
            self._is_spoilt = self._emulated.complaint(call, self._results) is not None
        except CheckNeeded:
            return False
        return not self._is_spoilt

    def _released(self, *more: messages.Event) -> list[messages.Event]:
        """All that was held back, as far as it is passed on at all."""
        held, self._held = [*(self._held or ()), *more], None
        starts = (event for event in held if isinstance(event, messages.ContentBlockStart))
        first = next((event.index for event in starts if self._emulated.allows(event.content_block)), None)
        if first is None:
            self._emulated, first = _ANYTHING, 0
        passed: list[messages.Event] = []
        for event in held:
            passed += self._placed(
                event, begun=not isinstance(event, messages.ContentBlockStart) or event.index >= first
            )
        return passed

    def _placed(self, event: messages.Event, *, begun: bool) -> Sequence[messages.Event]:
        """Return the event with its block's place among those that are passed on; nothing for one that is not."""
        match event:
            case messages.ContentBlockStart(index=index, content_block=block):
                if not self._is_kept(block, begun=begun):
                    return ()
                self._new_indexes[index] = len(self._new_indexes)
            case messages.ContentBlockDelta(index=index) | messages.ContentBlockStop(index=index):
                pass
            case _:
                return (event,)
        return (replace(event, index=self._new_indexes[index]),) if index in self._new_indexes else ()

    def _is_kept(self, block: messages.Block, *, begun: bool) -> bool:
        if isinstance(block, messages.ToolUse):
            return self._emulated.allows(block)
        return begun or not isinstance(block, messages.Text)
