"""A turn that the service paused is heard as one: blocks counted through, counts summed, one beginning, one end."""

from collections.abc import Iterator, Sequence

from msgspec import Raw

from claude_code_proxy import messages
from claude_code_proxy.server.exchange.paused_turns import MOST_PAUSES, ContinuedStream, RepeatedStream, join, sum_usage
from claude_code_proxy.upstreams.upstream import CallStats, EventStream

SEARCH = messages.ServerToolUse("srvtoolu_1", "web_search", Raw(b'{"query": "x"}'))


def part(number: int, *blocks: messages.Block, stop: str, used: tuple[int, int]) -> messages.Message:
    usage = messages.Usage(input_tokens=used[0], output_tokens=used[1])
    return messages.Message(f"msg_{number}", "claude", blocks, stop_reason=stop, usage=usage)


class Played:
    """Gives the events of one Message, a few at a time."""

    def __init__(self, message: messages.Message, size: int) -> None:
        self.stats = CallStats(request_id=f"req_{message.id}")
        self._events = list(messages.as_events(message))
        self._size = size
        self.closed = False

    async def events(self) -> Sequence[messages.Event] | None:
        batch, self._events = self._events[: self._size], self._events[self._size :]
        return batch or None

    def close(self) -> None:
        self.closed = True


class Parts:
    def __init__(self, *parts: messages.Message, size: int = 2) -> None:
        self._parts: Iterator[Played] = iter([Played(message, size) for message in parts])
        self.sent_back: list[tuple[messages.Block, ...]] = []

    def first(self) -> EventStream:
        return next(self._parts)

    async def more(self, content: tuple[messages.Block, ...]) -> EventStream:
        self.sent_back.append(content)
        return next(self._parts)


async def collected(stream: EventStream) -> tuple[messages.Message, list[str]]:
    accumulator, kinds = messages.Accumulator(), []
    while (batch := await stream.events()) is not None:
        for event in batch:
            accumulator.feed(event)
            kinds.append(type(event).__name__)
    return accumulator.message(), kinds


async def test_trap_57_a_paused_turn_goes_on_and_is_one_message() -> None:
    one = part(1, messages.Text("Let me "), SEARCH, stop="pause_turn", used=(10, 5))
    two = part(2, messages.Text("look "), stop="pause_turn", used=(20, 6))
    three = part(3, messages.Text("it up."), stop="end_turn", used=(30, 7))
    for size in (1, 2, 3, 100):
        parts = Parts(one, two, three, size=size)
        message, kinds = await collected(ContinuedStream(parts.first(), parts.more))
        assert message.content == one.content + two.content + three.content
        assert message.stop_reason == "end_turn"
        assert (message.usage.input_tokens, message.usage.output_tokens) == (60, 18)
        assert kinds.count("MessageStart") == kinds.count("MessageDelta") == kinds.count("MessageStop") == 1
        assert parts.sent_back == [one.content, one.content + two.content]


async def test_streamed_and_whole_agree() -> None:
    one = part(1, messages.Text("a"), stop="pause_turn", used=(1, 2))
    two = part(2, messages.Text("b"), stop="end_turn", used=(3, 4))
    parts = Parts(one, two)
    message, _ = await collected(ContinuedStream(parts.first(), parts.more))
    assert message == join(one, two)


async def test_an_answer_without_a_pause_passes_untouched() -> None:
    only = part(1, messages.Text("Hello"), stop="end_turn", used=(1, 2))
    parts = Parts(only)
    message, _ = await collected(ContinuedStream(parts.first(), parts.more))
    assert message == only
    assert parts.sent_back == []


async def test_it_does_not_go_on_for_ever() -> None:
    pausing = [part(n, messages.Text("x"), stop="pause_turn", used=(1, 1)) for n in range(MOST_PAUSES + 2)]
    parts = Parts(*pausing)
    message, _ = await collected(ContinuedStream(parts.first(), parts.more))
    assert message.stop_reason == "pause_turn"
    assert len(message.content) == MOST_PAUSES + 1


async def test_closing_ends_the_running_part() -> None:
    only = Played(part(1, messages.Text("Hello"), stop="end_turn", used=(1, 2)), 2)
    stream = ContinuedStream(only, Parts().more)
    await stream.events()
    stream.close()
    assert only.closed
    assert stream.stats.request_id == "req_msg_1"


def test_a_sum_knows_what_each_request_used() -> None:
    one, two, three = (messages.Usage(input_tokens=n, output_tokens=1) for n in (1, 2, 3))
    assert sum_usage(sum_usage(one, two), three).requests == (one, two, three)
    assert sum_usage(one, sum_usage(two, three)).requests == (one, two, three)


async def test_what_was_thrown_away_is_told_with_what_took_its_place() -> None:
    used = messages.Usage(input_tokens=10, output_tokens=5)
    kept = part(2, messages.Text("Hello"), stop="end_turn", used=(20, 6))
    played = Played(kept, 2)
    stream = RepeatedStream(played, used)
    message, _ = await collected(stream)
    assert message.content == kept.content
    assert (message.usage.input_tokens, message.usage.output_tokens) == (30, 11)
    assert message.usage.requests == (used, kept.usage)
    assert stream.stats.request_id == "req_msg_2"
    stream.close()
    assert played.closed
