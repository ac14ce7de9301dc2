"""Late system messages stay where they stand: natively where the model has them, else as marked text in a user turn.

Never hoisted above the history, which would change the prompt's beginning with every turn.
https://platform.claude.com/docs/en/build-with-claude/mid-conversation-system
"""

from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adaptation.conversation.blocks import BLANK, is_blank
from claude_code_proxy.adjustment import Action, Adjustment

_END_OF_RESULTS = messages.Text("(end of the tool results)")
_OPEN, _CLOSE = "<system>\n", "\n</system>"


def is_marked(block: messages.Block) -> bool:
    """Whether `block` is system text that this module put into a user turn."""
    return type(block) is messages.Text and block.text.startswith(_OPEN) and block.text.endswith(_CLOSE)


def as_user(message: messages.InputMessage, *, notes: list[Adjustment]) -> messages.InputMessage:
    """Return the system message as a user message of marked text."""
    notes.append(
        Adjustment("messages", Action.MAPPED, "a late system message became a marked block of the user turn beside it")
    )
    marked = (_marked(block) for block in message.content if isinstance(block, messages.Text))
    return messages.InputMessage("user", tuple(marked))


def can_stand_between(before: messages.InputMessage | None, after: messages.InputMessage | None) -> bool:
    """Whether the service takes a system message there; None is the start or the end of the conversation.

    It must follow a user turn, or what the service did in an assistant's, and come last or before an assistant's.
    """
    if before is None:
        return False
    if before.role != "user" and not _is_hosted_result(before.content[-1]):
        return False
    return after is None or after.role == "assistant"


def unmarked(message: messages.InputMessage, *, notes: list[Adjustment]) -> messages.InputMessage:
    """Return a native system message without cache breakpoints, which it cannot hold."""
    if all(not isinstance(block, messages.Text) or block.cache_control is None for block in message.content):
        return message
    notes.append(
        Adjustment("messages", Action.DROPPED, "a cache breakpoint in a late system message, which cannot hold one")
    )
    return replace(
        message,
        content=tuple(
            replace(block, cache_control=None) if isinstance(block, messages.Text) else block
            for block in message.content
        ),
    )


def _is_hosted_result(block: messages.Block) -> bool:
    if isinstance(block, messages.UnknownBlock):
        return block.type.endswith("_tool_result")
    return isinstance(block, messages.WebSearchToolResult)


def parted_from_results(turn: messages.InputMessage, *, notes: list[Adjustment]) -> messages.InputMessage:
    """Return a user turn before a system message, with a text at its end if that is a tool result."""
    if not isinstance(turn.content[-1], messages.ToolResult):
        return turn
    notes.append(Adjustment("messages", Action.INSERTED, "a short text parts a system message from the tool results"))
    return replace(turn, content=(*turn.content, _END_OF_RESULTS))


def _marked(block: messages.Text) -> messages.Text:
    return replace(block, text=f"{_OPEN}{block.text}{_CLOSE}")


def without_blanks(request: messages.MessagesRequest, *, notes: list[Adjustment]) -> messages.MessagesRequest:
    """Return the system prompt without blank blocks, which the service refuses."""
    for block in request.system:
        if is_blank(block.text):
            break
    else:
        return request
    notes.append(BLANK)
    return replace(request, system=tuple(block for block in request.system if not is_blank(block.text)))
