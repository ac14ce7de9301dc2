"""Messages -> the whole completion. https://platform.openai.com/docs/api-reference/completions/object"""

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from claude_code_proxy import messages
from claude_code_proxy.endpoints.endpoint import ReplyContext
from claude_code_proxy.endpoints.openai.reply import CompletionUsage, finish_reason, refusal_text, to_usage


class CompletionShape(Struct, frozen=True):
    """What of the request decides the form of its reply. `echo` is what stands before the answer."""

    echo: str = ""
    include_usage: bool = False


class CompletionChoice(Struct, frozen=True):
    index: int
    text: str
    finish_reason: str
    logprobs: None = None


class _Completion(Struct, frozen=True):
    id: str
    created: int
    model: str
    choices: list[CompletionChoice]
    usage: CompletionUsage
    object: str = "text_completion"


def to_completion(replies: Sequence[messages.Message], context: ReplyContext, *, shape: CompletionShape) -> bytes:
    """One choice for each of `replies`."""
    choices = [
        CompletionChoice(index, shape.echo + _text(message), finish_reason(message.stop_reason, called_tools=False))
        for index, message in enumerate(replies)
    ]
    usage = to_usage([message.usage for message in replies], context)
    return msgspec.json.encode(_Completion(context.id, context.created, context.model, choices, usage))


def _text(message: messages.Message) -> str:
    text = "".join(block.text for block in message.content if isinstance(block, messages.Text))
    return text or refusal_text(message.stop_reason, message.stop_details) or ""
