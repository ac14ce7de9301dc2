"""Messages and streams of them -> what a chat completions client gets, as the exchange puts it together."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from claude_code_proxy import messages, sse
from claude_code_proxy.endpoints.chat_completions import CHAT_COMPLETIONS
from claude_code_proxy.endpoints.endpoint import DecodedRequest, ReplyContext

CONTEXT = ReplyContext("chatcmpl-123", 1_800_000_000, "claude-sonnet-4-6", lambda _: None)
HELLO = {"role": "user", "content": "Hello."}


def decode_chat(**fields: Any) -> DecodedRequest:
    return CHAT_COMPLETIONS.decode(json.dumps({"messages": [HELLO]} | fields).encode(), "claude-default")


def translated(**fields: Any) -> Any:
    """Return the Messages request as plain JSON."""
    return json.loads(messages.encode_request(decode_chat(**fields).request))


def streamed(request: DecodedRequest, events: Iterable[messages.Event], context: ReplyContext = CONTEXT) -> bytes:
    (translator,) = request.translators(context)
    return b"".join([translator.feed(event) for event in events]) + translator.close()


def decoded(pieces: Sequence[bytes]) -> list[messages.Event]:
    decoder = sse.Decoder()
    return [messages.decode_event(data) for piece in pieces for data in decoder.feed(piece)]


def accumulated(events: Iterable[messages.Event]) -> messages.Message:
    accumulator = messages.Accumulator()
    for event in events:
        accumulator.feed(event)
    return accumulator.message()


def message(*content: messages.Block, stop_reason: str = "end_turn", **fields: Any) -> messages.Message:
    usage = fields.pop("usage", messages.Usage(input_tokens=10, output_tokens=5))
    return messages.Message("msg_1", "claude-x", content, stop_reason=stop_reason, usage=usage, **fields)
