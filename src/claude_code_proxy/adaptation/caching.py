"""Where the prompt cache's breakpoints go: the ends of what stays the same, from the tools to the latest turn.

A caller's own breakpoints are kept, as many as the service takes, and then none are added. The same request always gets
the same ones: cached is only what has the same bytes.
https://platform.claude.com/docs/en/build-with-claude/prompt-caching
"""

from collections.abc import Iterator

from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adaptation import breakpoints
from claude_code_proxy.adaptation.conversation import system
from claude_code_proxy.adjustment import Adjustment
from claude_code_proxy.messages.rough_count import size_of
from claude_code_proxy.models.model import Model

_CHARACTERS_PER_TOKEN = 3  # fewer than are usual: a needless breakpoint is free, a missing one is not
_MARK = messages.CacheControl()


def place_breakpoints(
    request: messages.MessagesRequest, model: Model, *, automatic: bool, notes: list[Adjustment]
) -> messages.MessagesRequest:
    """Return the last step: nothing before a breakpoint may change after it."""
    own = breakpoints.controls(request)
    if own or request.cache_control is not None:
        return breakpoints.kept(request, own, notes=notes)
    return _marked(request, model) if automatic else request


def _marked(request: messages.MessagesRequest, model: Model) -> messages.MessagesRequest:
    minimum = model.cache_minimum * _CHARACTERS_PER_TOKEN
    missing = _missing(request, minimum)
    goes_on = bool(request.tools) or len(request.messages) > 1
    if missing <= 0:
        request = replace(request, tools=_marked_tools(request), system=_marked_system(request.system))
    if goes_on and (missing <= 0 or _is_long(request.messages, missing)):
        request = replace(request, messages=_marked_messages(request.messages))
    return request


def _missing(request: messages.MessagesRequest, minimum: int) -> int:
    """Return what tools and system prompt lack to be cached for themselves; not counted on once they lack nothing."""
    for block in request.system:
        minimum -= len(block.text)
    for tool in request.tools:
        if minimum <= 0:
            break
        minimum -= size_of(tool)
    return minimum


def _is_long(conversation: tuple[messages.InputMessage, ...], enough: int) -> bool:
    size = 0
    for message in conversation:
        for block in message.content:
            size += size_of(block)
        if size >= enough:
            return True
    return False


def _marked_tools(request: messages.MessagesRequest) -> tuple[messages.AnyTool, ...]:
    """With two or more system blocks, the breakpoints go there; with fewer, the tools get one."""
    if not request.tools or len(request.system) > 1:
        return request.tools
    return (*request.tools[:-1], messages.with_cache_control(request.tools[-1], _MARK))


def _marked_system(blocks: tuple[messages.Text, ...]) -> tuple[messages.Text, ...]:
    """Return the first block, which is the one that stays when later ones hold the time or the like, and the last."""
    if not blocks:
        return ()
    first = replace(blocks[0], cache_control=_MARK)
    return (first,) if len(blocks) == 1 else (first, *blocks[1:-1], replace(blocks[-1], cache_control=_MARK))


def _marked_messages(conversation: tuple[messages.InputMessage, ...]) -> tuple[messages.InputMessage, ...]:
    """Two places: where this request ends, which the next may read, and one that the last may have written.

    That is the end of the user's turn before; or, where late system text ends the conversation, what stands before it:
    such text is often another one next time.
    """
    users = _users_backwards(conversation)
    at = next(users)
    content = conversation[at].content
    late = _late_text(content)
    changed = list(conversation)
    if late == len(content) and (before := next(users, None)) is not None:
        changed[before] = _marked_turn(changed[before], len(changed[before].content))
    else:
        changed[at] = _marked_turn(changed[at], late)
    changed[at] = _marked_turn(changed[at], len(content))
    return tuple(changed)


def _users_backwards(conversation: tuple[messages.InputMessage, ...]) -> Iterator[int]:
    return (at for at in range(len(conversation) - 1, -1, -1) if conversation[at].role == "user")


def _late_text(content: tuple[messages.Block, ...]) -> int:
    """Where the late system text at the end of a turn begins."""
    start = len(content)
    while start > 0 and system.is_marked(content[start - 1]):
        start -= 1
    return start


def _marked_turn(turn: messages.InputMessage, end: int) -> messages.InputMessage:
    """With a breakpoint on the last block before `end` that can have one."""
    for at in range(end - 1, -1, -1):
        block = turn.content[at]
        if isinstance(block, breakpoints.Cacheable):
            marked = replace(block, cache_control=_MARK)
            return messages.InputMessage(turn.role, (*turn.content[:at], marked, *turn.content[at + 1 :]))
    return turn
