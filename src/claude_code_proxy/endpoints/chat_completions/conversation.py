"""Chat messages -> system blocks and input messages, each where it stood.

One chat message makes one input message; joining, pairing and mending them is adaptation's part.
"""

from collections.abc import Sequence
from typing import TypeVar, assert_never

import msgspec
from msgspec import Raw, Struct

from claude_code_proxy import messages
from claude_code_proxy.adjustment import Action, Adjustment
from claude_code_proxy.endpoints.chat_completions import schema as chat
from claude_code_proxy.endpoints.chat_completions.content import (
    ResultBlock,
    check_readable,
    stand_in,
    to_media,
    to_result_blocks,
    to_text,
    to_texts,
    to_user_blocks,
)
from claude_code_proxy.endpoints.chat_completions.foreign.parts import parts_in
from claude_code_proxy.endpoints.chat_completions.reasoning import signed_thoughts
from claude_code_proxy.endpoints.chat_completions.support import MESSAGE
from claude_code_proxy.endpoints.openai.arguments import to_custom_call_input, to_input
from claude_code_proxy.endpoints.support import Fate, Support, asks_for_something, ignored
from claude_code_proxy.errors import InvalidRequest
from claude_code_proxy.messages.content import NO_JSON

_B = TypeVar("_B", bound=messages.Block)
_IGNORED = ("audio", "annotations")
_IGNORED_UNSIGNED = (*_IGNORED, "reasoning_content", "reasoning")  # no loss beside signed thoughts

_SHOWABLE = messages.Image | messages.Document
_SHOWN_BELOW = "(shown in the next message)"
_SHOWN_BEFORE = messages.Text("(shown by the assistant in its message before:)")
_EMPTY_SYSTEM = Support(Fate.IGNORED, "An empty system message says nothing.")
_REFUSAL_BESIDE_TEXT = Support(Fate.IGNORED, "The words of the message stand for it.")


class Conversation(Struct, frozen=True):
    system: tuple[messages.Text, ...]
    messages: tuple[messages.InputMessage, ...]
    adjustments: tuple[Adjustment, ...]


def to_conversation(
    chat_messages: Sequence[chat.ChatMessage], *, system: str | list[chat.TextPart] | None = None
) -> Conversation:
    """Translate all messages. Raise `InvalidRequest` that names the field, such as `messages[3].content[1].file`."""
    builder = _Builder()
    if system:
        builder.system += (messages.Text(system),) if isinstance(system, str) else map(to_text, system)
    builder.add(chat_messages)
    return Conversation(tuple(builder.system), tuple(builder.messages), tuple(builder.adjustments))


class _Speaker(Struct, frozen=True):
    """The speaker of a message by name, the client's field that names it, and the index of the input message."""

    role: messages.Role
    name: str
    field: str
    at: int


class _Builder:
    """Translates chat messages, one after another. `_at` is the index of the current one."""

    def __init__(self) -> None:
        self.system: list[messages.Text] = []
        self.messages: list[messages.InputMessage] = []
        self.adjustments: list[Adjustment] = []
        self._at = 0
        self._speakers: list[_Speaker] = []
        self._shown: list[messages.Block] = []  # by the assistant, until a user message can hold it
        self._function_call_id = ""

    def add(self, chat_messages: Sequence[chat.ChatMessage]) -> None:
        """Add a whole conversation. What the assistant showed last needs a user message of its own."""
        try:
            for message in chat_messages:
                self._add(message)
                self._at += 1
        except InvalidRequest as error:
            raise error.replace(param=self._path(error.param or "")) from error.__cause__
        if self._speakers:
            self._name_speakers()
        if self._shown:
            self.messages.append(messages.InputMessage("user", tuple(self._shown)))

    def _add(self, message: chat.ChatMessage) -> None:
        role: messages.Role = "user"
        blocks: tuple[messages.Block, ...]
        match message:
            case chat.ToolMessage():
                blocks = (self._tool_result(message),)
            case chat.AssistantMessage():
                role, blocks = "assistant", self._assistant(message)
            case chat.UserMessage():
                blocks = self._user(message)
            case chat.SystemMessage() | chat.DeveloperMessage():
                texts = self._system(message)
                if not self.messages:  # only what follows other messages stays where it stands
                    self.system += texts
                    return
                role, blocks = "system", texts
            case chat.FunctionMessage():
                blocks = (self._function_result(message),)
            case _:
                assert_never(message)
        self.messages.append(messages.InputMessage(role, blocks))

    def _user(self, message: chat.UserMessage) -> tuple[messages.Block, ...]:
        """Return the user's own blocks, and after them what the assistant showed before, which only a user can."""
        if message.name:
            self._note_speaker("user", message.name)
        blocks: tuple[messages.Block, ...] = to_user_blocks(message.content, note=self._note)
        if self._shown:
            blocks = (*blocks, *self._shown)
            self._shown.clear()
        return _marked(blocks, message.cache_control) if message.cache_control is not None else blocks

    def _system(self, message: chat.SystemMessage | chat.DeveloperMessage) -> tuple[messages.Text, ...]:
        if message.name:
            self._ignore("name", MESSAGE["name"])
        texts = to_texts(message.content)
        if not texts:
            self._ignore("content", _EMPTY_SYSTEM)
        return _marked(texts, message.cache_control) if message.cache_control is not None else texts

    def _assistant(self, message: chat.AssistantMessage) -> tuple[messages.Block, ...]:
        """Return thinking first, then text, then calls: the order in which Claude writes them."""
        if message.name:
            self._note_speaker("assistant", message.name)
        thoughts = self._thoughts(message) if message.thinking_blocks or message.reasoning_details else []
        if not (message.audio is message.annotations is message.reasoning_content is message.reasoning is NO_JSON):
            self._note_ignored(message, _IGNORED if thoughts else _IGNORED_UNSIGNED)
        words = self._words(message.content)
        if message.refusal and not words:
            words = (messages.Text(message.refusal),)
        elif message.refusal:
            self._ignore("refusal", _REFUSAL_BESIDE_TEXT)
        blocks: list[messages.Block] = [*thoughts, *words]
        if message.tool_calls:
            blocks += [self._tool_use(call, position) for position, call in enumerate(message.tool_calls)]
        if message.function_call is not None:
            blocks.append(self._function_use(message.function_call))
        return tuple(blocks) if message.cache_control is None else _marked(tuple(blocks), message.cache_control)

    def _words(self, content: chat.Content) -> tuple[messages.Text, ...]:
        """Return the text of an assistant, with text in place of images and files, which only a user can show."""
        if isinstance(content, str):
            return (messages.Text(content),) if content else ()
        return tuple(self._word(part, f"content[{index}]") for index, part in enumerate(content or ()))

    def _word(self, part: chat.Part, at: str) -> messages.Text:
        if isinstance(part, chat.TextPart | chat.RefusalPart):
            return to_text(part)
        try:
            if isinstance(part, chat.ImagePart | chat.FilePart):
                self._shown += (_SHOWN_BEFORE, check_readable(to_media(part, at, note=self._note)))
                reason = "Claude writes text only: what the assistant showed stands in the user's next message"
                self._note(Adjustment(at, Action.MAPPED, reason))
                return messages.Text(_SHOWN_BELOW)
            reason = "Claude writes text only"
        except InvalidRequest as error:
            reason = error.message
        self._note(Adjustment(at, Action.DROPPED, f"text stands in its place: {reason}", changes_meaning=True))
        return messages.Text(stand_in(part))

    def _note_ignored(self, message: chat.AssistantMessage, names: tuple[str, ...]) -> None:
        for name in names:
            value = getattr(message, name)
            if value is not NO_JSON and asks_for_something(value, MESSAGE[name]):
                self._ignore(name, MESSAGE[name])

    def _thoughts(self, message: chat.AssistantMessage) -> list[messages.AnyThinking]:
        """Return the signed thinking blocks of a message."""
        thoughts = signed_thoughts(message.thinking_blocks or (), message.reasoning_details or ())
        if not thoughts:
            name = "thinking_blocks" if message.thinking_blocks else "reasoning_details"
            self._ignore(name, MESSAGE[name])
        return thoughts

    def _tool_use(self, call: chat.ToolCall | chat.CustomToolCall, position: int) -> messages.ToolUse:
        if isinstance(call, chat.CustomToolCall):
            return messages.ToolUse(call.id, call.custom.name, to_custom_call_input(call.custom.input))
        at = f"tool_calls[{position}].function.arguments"
        return messages.ToolUse(call.id, call.function.name, self._input(call.function, at))

    def _function_use(self, call: chat.FunctionCall) -> messages.ToolUse:
        """Translate a legacy call. It has no id, so one is made up; the next function message is its result."""
        self._function_call_id = f"call_fn_{self._at}"
        return messages.ToolUse(self._function_call_id, call.name, self._input(call, "function_call.arguments"))

    def _input(self, call: chat.FunctionCall, at: str) -> Raw:
        def note(reason: str) -> None:
            self.adjustments.append(Adjustment(self._path(at), Action.MAPPED, reason))

        return to_input(call.arguments, note=note)

    def _tool_result(self, message: chat.ToolMessage) -> messages.ToolResult:
        return messages.ToolResult(
            message.tool_call_id,
            *self._result(message.content, is_error=bool(message.is_error)),
            cache_control=message.cache_control,
        )

    def _function_result(self, message: chat.FunctionMessage) -> messages.ToolResult:
        id = self._function_call_id or f"call_fn_{message.name}"
        return messages.ToolResult(id, *self._result(message.content, is_error=False))

    def _result(self, content: chat.Content, *, is_error: bool) -> tuple[tuple[ResultBlock, ...], bool]:
        """Return the blocks of a result, and whether it failed; its text may be the JSON of parts."""
        if not isinstance(content, str):
            return to_result_blocks(content or (), note=self._note), is_error
        found = parts_in(content)
        if found is None:
            return (messages.Text(content),) if content else (), is_error
        reason = "the text is the JSON of images or files, which Claude sees as such"
        self._note(Adjustment("content", Action.MAPPED, reason))
        return to_result_blocks(found.parts, note=self._note), is_error or found.is_error

    def _path(self, field: str) -> str:
        return f"messages[{self._at}].{field}"

    def _note_speaker(self, role: messages.Role, name: str) -> None:
        self._speakers.append(_Speaker(role, name, self._path("name"), len(self.messages)))

    def _name_speakers(self) -> None:
        """Put names before the text where several speakers share a role, which alone would not tell them apart."""
        names: dict[str, set[str]] = {}
        for speaker in self._speakers:
            names.setdefault(speaker.role, set()).add(speaker.name)
        for speaker in self._speakers:
            if len(names[speaker.role]) == 1:
                self.adjustments.append(ignored(speaker.field, MESSAGE["name"]))
                continue
            content = _with_name(self.messages[speaker.at].content, speaker.name)
            self.messages[speaker.at] = messages.InputMessage(speaker.role, content)
            reason = "the speaker's name stands before the text"
            self.adjustments.append(Adjustment(speaker.field, Action.EMULATED, reason))

    def _ignore(self, field: str, support: Support) -> None:
        self._note(ignored(field, support))

    def _note(self, adjustment: Adjustment) -> None:
        """Keep an adjustment whose path is relative to the message."""
        self.adjustments.append(msgspec.structs.replace(adjustment, path=self._path(adjustment.path)))


def _with_name(content: tuple[messages.Block, ...], name: str) -> tuple[messages.Block, ...]:
    """Put a name before the first text; at the end where there is none, so that no block changes its place."""
    for index, block in enumerate(content):
        if isinstance(block, messages.Text):
            named = msgspec.structs.replace(block, text=f"{name}: {block.text}")
            return (*content[:index], named, *content[index + 1 :])
    return (*content, messages.Text(f"(from {name})")) if content and isinstance(content[-1], _SHOWABLE) else content


def _marked(blocks: tuple[_B, ...], cache_control: messages.CacheControl) -> tuple[_B, ...]:
    """Put the cache breakpoint of a message on its last block; thinking blocks can have none."""
    if not blocks or isinstance(blocks[-1], messages.AnyThinking | messages.UnknownBlock):
        return blocks
    return (*blocks[:-1], msgspec.structs.replace(blocks[-1], cache_control=cache_control))
