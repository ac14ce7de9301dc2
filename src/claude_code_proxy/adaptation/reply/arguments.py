"""Tool calls in the caller's words <-> in those sent upstream: names, and the shape of arguments.

Going down, the history's calls are renamed like the tools; coming up, a reply's calls get the caller's names back. Only
a call whose arguments have another shape is held back in a stream, until it is whole.
"""

from collections.abc import Sequence

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adaptation.schemas.input_schema import WRAP, InputSchema
from claude_code_proxy.messages.json_text import object_in


class Renames(Struct, frozen=True):
    """`sent` has the upstream's name for each of the caller's, `restored` the way back; `shapes` are by sent name."""

    sent: dict[str, str]
    restored: dict[str, str]
    shapes: dict[str, InputSchema]

    def __bool__(self) -> bool:
        return bool(self.sent or self.restored or self.shapes)

    def down(self, conversation: Sequence[messages.InputMessage]) -> tuple[messages.InputMessage, ...]:
        return tuple(
            replace(message, content=tuple(map(self._down, message.content)))
            if message.role == "assistant" and any(type(block) is messages.ToolUse for block in message.content)
            else message
            for message in conversation
        )

    def _down(self, block: messages.Block) -> messages.Block:
        if not isinstance(block, messages.ToolUse):
            return block
        name = self.sent.get(block.name, block.name)
        shape = self.shapes.get(name)
        return replace(block, name=name, input=reshaped(block.input, shape) if shape else block.input)

    def up(self, call: messages.ToolUse) -> messages.ToolUse:
        """Return a whole call of a reply, as the caller declared the tool."""
        shape = self.shapes.get(call.name)
        return replace(
            call,
            name=self.restored.get(call.name, call.name),
            input=restored(call.input, shape) if shape else call.input,
        )


def reshaped(arguments: Raw, shape: InputSchema) -> Raw:
    """Arguments by the caller's schema -> by the one that was sent."""
    if shape.wrapped:
        return Raw(b'{"' + WRAP.encode() + b'":' + (bytes(arguments).strip() or b"{}") + b"}")
    return _renamed(arguments, {restored: sent for sent, restored in shape.keys})


def restored(arguments: Raw, shape: InputSchema) -> Raw:
    """Arguments by the schema that was sent -> by the caller's. What does not fit it, or was cut short, stays."""
    if not shape.wrapped:
        return _renamed(arguments, dict(shape.keys))
    try:
        fields = _decode_fields(arguments)
    except msgspec.DecodeError:
        return arguments
    return _unwrapped(fields[WRAP]) if fields.keys() == {WRAP} else arguments


def _unwrapped(value: Raw) -> Raw:
    """Return the value under the wrapper; the object within where the model wrote that as a string."""
    if bytes(memoryview(value)[:1]) != b'"':
        return value
    return object_in(msgspec.json.decode(value, type=str)) or value


_decode_fields = msgspec.json.Decoder(dict[str, Raw]).decode


def _renamed(arguments: Raw, names: dict[str, str]) -> Raw:
    try:
        fields = _decode_fields(arguments)
    except (msgspec.DecodeError, RecursionError):
        return arguments
    return Raw(msgspec.json.encode({names.get(key, key): value for key, value in fields.items()}))


class RestoredCalls:
    """The reply filter that gives calls the caller's names and shapes back."""

    def __init__(self, renames: Renames) -> None:
        self._renames = renames
        self._held: messages.ContentBlockStart | None = None
        self._pieces: list[str] = []

    def message(self, message: messages.Message) -> messages.Message:
        return replace(
            message,
            content=tuple(
                self._renames.up(block) if isinstance(block, messages.ToolUse) else block for block in message.content
            ),
        )

    def feed(self, event: messages.Event) -> Sequence[messages.Event]:
        match event:
            case messages.ContentBlockStart(content_block=messages.ToolUse() as call):
                if call.name in self._renames.shapes:
                    self._held, self._pieces = event, []
                return (
                    replace(event, content_block=replace(call, name=self._renames.restored.get(call.name, call.name))),
                )
            case messages.ContentBlockDelta(delta=messages.InputJsonDelta(partial_json=piece)) if self._held:
                self._pieces.append(piece)
                return ()
            case messages.ContentBlockStop() | messages.MessageDelta() if self._held:
                return (*self.close(), event)  # a message that was cut short may not have closed its last block
            case _:
                return (event,)

    def close(self) -> Sequence[messages.Event]:
        """Return the arguments of a call that is held back."""
        if self._held is None:
            return ()
        index, call = self._held.index, self._held.content_block
        self._held = None
        text = "".join(self._pieces)
        if not text or not isinstance(call, messages.ToolUse):
            return ()
        whole = restored(Raw(text.encode()), self._renames.shapes[call.name])
        return (messages.ContentBlockDelta(index, messages.InputJsonDelta(bytes(whole).decode())),)
