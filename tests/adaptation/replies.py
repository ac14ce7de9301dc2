"""Replies for tests: a message as a stream in small pieces, through a filter, put together again."""

from collections.abc import Iterator

from claude_code_proxy import messages
from claude_code_proxy.adaptation.reply.filters import ReplyFilter


def message(*content: messages.Block | str, stop_reason: str = "end_turn") -> messages.Message:
    blocks = tuple(messages.Text(block) if isinstance(block, str) else block for block in content)
    return messages.Message("msg_1", "claude", blocks, stop_reason=stop_reason, usage=messages.Usage(output_tokens=5))


def events(reply: messages.Message, size: int) -> Iterator[messages.Event]:
    """Yield the stream of `reply`, its text and arguments in pieces of `size` characters, with a ping between."""
    for event in messages.as_events(reply):
        match event:
            case messages.ContentBlockDelta(index, messages.TextDelta(text)):
                for at in range(0, len(text), size):
                    yield messages.ContentBlockDelta(index, messages.TextDelta(text[at : at + size]))
                    yield messages.Ping()
            case messages.ContentBlockDelta(index, messages.InputJsonDelta(text)):
                for at in range(0, len(text), size):
                    yield messages.ContentBlockDelta(index, messages.InputJsonDelta(text[at : at + size]))
            case _:
                yield event


def passed(reply_filter: ReplyFilter, reply: messages.Message, size: int = 1) -> list[messages.Event]:
    out = [passed_on for event in events(reply, size) for passed_on in reply_filter.feed(event)]
    return [*out, *reply_filter.close()]


def streamed(reply_filter: ReplyFilter, reply: messages.Message, size: int = 1) -> messages.Message:
    """Return what a client puts together from the stream. Blocks must come in order, with consecutive indexes."""
    together = messages.Accumulator()
    opened, closed = 0, 0
    for event in passed(reply_filter, reply, size):
        match event:
            case messages.ContentBlockStart(index):
                assert (opened, closed) == (index, index)
                opened += 1
            case messages.ContentBlockDelta(index):
                assert (opened, closed) == (index + 1, index)
            case messages.ContentBlockStop(index):
                closed += 1
                assert (opened, closed) == (index + 1, index + 1)
            case _:
                pass
        together.feed(event)
    return together.message()
