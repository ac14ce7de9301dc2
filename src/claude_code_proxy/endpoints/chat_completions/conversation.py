"""Chat messages -> system blocks and input messages, each where it stood.

One chat message makes one input message; joining, pairing and mending them is adaptation's part.
"""

from collections.abc import Iterable, Sequence
from typing import TypeVar, assert_never

import msgspec
from msgspec import Raw, Struct

from claude_code_proxy import messages
from claude_code_proxy.adjustment import Adjustment
from claude_code_proxy.endpoints.chat_completions import schema as chat
from claude_code_proxy.endpoints.chat_completions.content import to_blocks, to_texts
from claude_code_proxy.endpoints.json_text import mend_surrogates
from claude_code_proxy.errors import InvalidRequest

CUSTOM_TOOL_INPUT = "input"  # the one property of the function that stands for a custom tool
_any_object: msgspec.json.Decoder[dict[str, Raw]] = msgspec.json.Decoder(dict[str, Raw])
_B = TypeVar("_B", bound=messages.Block)
_EMPTY_OBJECT = Raw(b"{}")


class Conversation(Struct, frozen=True):
    system: tuple[messages.Text, ...]
    messages: tuple[messages.InputMessage, ...]
    adjustments: tuple[Adjustment, ...]


def to_conversation(chat_messages: Sequence[chat.ChatMessage]) -> Conversation:
    """Raises `InvalidRequest` that names the field, such as `messages[3].content[1].file`."""
    builder = _Builder()
    index = 0
    try:
        for index, message in enumerate(chat_messages):
            builder.add(message, index)
    except InvalidRequest as error:
        raise InvalidRequest(error.message, param=f"messages[{index}].{error.param}", code=error.code) from None
    return Conversation(tuple(builder.system), tuple(builder.messages), tuple(builder.adjustments))


class _Builder:
    def __init__(self) -> None:
        self.system: list[messages.Text] = []
        self.messages: list[messages.InputMessage] = []
        self.adjustments: list[Adjustment] = []
        self._function_call_id = ""

    def add(self, message: chat.ChatMessage, index: int) -> None:
        match message:
            case chat.ToolMessage():
                self._append("user", (_tool_result(message),))
            case chat.AssistantMessage():
                self._append("assistant", self._assistant(message, index))
            case chat.UserMessage():
                self._note_name(message.name, index)
                self._append("user", _marked(to_blocks(message.content), message.cache_control))
            case chat.SystemMessage() | chat.DeveloperMessage():
                self._add_system(message)
            case chat.FunctionMessage():
                result = messages.ToolResult(
                    self._function_call_id or f"call_fn_{message.name}", to_blocks(message.content)
                )
                self._append("user", (result,))
            case _:
                assert_never(message)

    def _append(self, role: messages.Role, blocks: tuple[messages.Block, ...]) -> None:
        self.messages.append(messages.InputMessage(role, blocks))

    def _add_system(self, message: chat.SystemMessage | chat.DeveloperMessage) -> None:
        """Leading ones make up the system prompt; a later one stays where it stands."""
        texts = _marked(to_texts(message.content), message.cache_control)
        if self.messages:
            self._append("system", texts)
        else:
            self.system += texts

    def _assistant(self, message: chat.AssistantMessage, index: int) -> tuple[messages.Block, ...]:
        self._note_name(message.name, index)
        blocks: list[messages.Block] = list(self._reasoning(message, index))
        blocks += to_texts(message.content)
        if message.refusal and not blocks:
            blocks.append(messages.Text(message.refusal))
        for position, call in enumerate(message.tool_calls or ()):
            blocks.append(self._tool_use(call, f"messages[{index}].tool_calls[{position}]"))
        if message.function_call is not None:
            self._function_call_id = f"call_fn_{index}"
            at = f"messages[{index}].function_call.arguments"
            call_input = self._arguments(message.function_call.arguments, at)
            blocks.append(messages.ToolUse(self._function_call_id, message.function_call.name, call_input))
        return _marked(tuple(blocks), message.cache_control)

    def _tool_use(self, call: chat.ToolCall | chat.CustomToolCall, at: str) -> messages.ToolUse:
        if isinstance(call, chat.ToolCall):
            arguments = self._arguments(call.function.arguments, f"{at}.function.arguments")
            return messages.ToolUse(call.id, call.function.name, arguments)
        return messages.ToolUse(
            call.id, call.custom.name, Raw(msgspec.json.encode({CUSTOM_TOOL_INPUT: call.custom.input}))
        )

    def _arguments(self, arguments: str | dict[str, Raw] | None, at: str) -> Raw:
        """The object that a call's arguments spell out; what is no object is wrapped into one, never lost."""
        if isinstance(arguments, dict):
            return Raw(msgspec.json.encode(arguments))
        if not arguments or arguments.strip() in ("", "null", '"null"'):
            return _EMPTY_OBJECT
        try:
            _any_object.decode(arguments)
        except msgspec.ValidationError:
            self._note_wrapped(at, "arguments that are no object stand under `value`")
            return Raw(f'{{"value":{arguments.strip()}}}')
        except (msgspec.DecodeError, RecursionError):
            return self._mended(arguments, at)
        return Raw(arguments)

    def _mended(self, arguments: str, at: str) -> Raw:
        mended = mend_surrogates(arguments.encode())
        if mended != arguments.encode():
            return self._arguments(mended.decode(), at)
        self._note_wrapped(at, "arguments that are no JSON stand under `_raw`")
        return Raw(msgspec.json.encode({"_raw": arguments}))

    def _note_wrapped(self, at: str, reason: str) -> None:
        self.adjustments.append(Adjustment(at, "wrapped", reason))

    def _note_name(self, name: str | None, index: int) -> None:
        if name:
            self.adjustments.append(Adjustment(f"messages[{index}].name", "ignored", "Claude knows roles, not names"))

    def _reasoning(self, message: chat.AssistantMessage, index: int) -> list[messages.Block]:
        """Signed thinking that the client kept for us. Unsigned reasoning is no use to Claude."""
        if message.thinking_blocks:
            return _signed(messages.decode_block(raw) for raw in message.thinking_blocks)
        if message.reasoning_details:
            return _signed(_detail(raw) for raw in message.reasoning_details)
        if message.reasoning_content or message.reasoning:
            field = "reasoning_content" if message.reasoning_content else "reasoning"
            self.adjustments.append(
                Adjustment(
                    f"messages[{index}].{field}", "ignored", "reasoning without its signature cannot be replayed"
                )
            )
        return []


class _Detail(Struct, frozen=True):
    text: str | None = None
    signature: str | None = None
    data: str | None = None


def _detail(raw: Raw) -> messages.Block | None:
    """One entry of `reasoning_details`: readable text with its signature, or an encrypted block."""
    try:
        detail = msgspec.json.decode(raw, type=_Detail)
    except msgspec.DecodeError:
        return None
    if detail.signature:
        return messages.Thinking(detail.text or "", detail.signature)
    return messages.RedactedThinking(detail.data) if detail.data else None


def _signed(blocks: Iterable[messages.Block | None]) -> list[messages.Block]:
    return [
        block
        for block in blocks
        if (isinstance(block, messages.Thinking) and block.signature) or isinstance(block, messages.RedactedThinking)
    ]


def _tool_result(message: chat.ToolMessage) -> messages.ToolResult:
    return messages.ToolResult(
        message.tool_call_id,
        to_blocks(message.content),
        is_error=bool(message.is_error),
        cache_control=message.cache_control,
    )


def _marked(blocks: tuple[_B, ...], cache_control: messages.CacheControl | None) -> tuple[_B, ...]:
    """A breakpoint on a message is one on its last block."""
    if cache_control is None or not blocks or not hasattr(blocks[-1], "cache_control"):
        return blocks
    return (*blocks[:-1], msgspec.structs.replace(blocks[-1], cache_control=cache_control))  # type: ignore[type-var]
