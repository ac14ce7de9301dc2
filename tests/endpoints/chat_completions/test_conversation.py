"""Chat messages as input messages. The ordinary cases stand in the fixtures."""

import json
from typing import Any

import msgspec
import pytest

from claude_code_proxy import messages
from claude_code_proxy.endpoints.chat_completions import schema as chat
from claude_code_proxy.endpoints.chat_completions.conversation import Conversation, to_conversation
from claude_code_proxy.errors import InvalidRequest
from tests.endpoints.replies import HELLO, decode_chat, translated
from tests.timing import shortest

CACHED = {"cache_control": {"type": "ephemeral"}}


def conversation(*chat_messages: Any) -> Conversation:
    return to_conversation(msgspec.json.decode(json.dumps(chat_messages).encode(), type=list[chat.ChatMessage]))


def call(id: str = "call_1", arguments: Any = "{}") -> dict[str, Any]:
    return {"id": id, "type": "function", "function": {"name": "look", "arguments": arguments}}


def test_system_messages_lead_until_someone_speaks() -> None:
    made = conversation(
        {"role": "system", "content": "A"},
        {"role": "developer", "content": "B"},
        {"role": "user", "content": ""},
        {"role": "system", "content": "C"},
    )
    assert made.system == (messages.Text("A"), messages.Text("B"))
    assert [message.role for message in made.messages] == ["user", "system"]


def test_a_refusal_is_said_where_nothing_else_was() -> None:
    made = conversation(
        {"role": "assistant", "content": None, "refusal": "No."},
        {"role": "assistant", "content": "No.", "refusal": "No."},
        {
            "role": "assistant",
            "refusal": "No.",
            "thinking_blocks": [{"type": "thinking", "thinking": "", "signature": "x"}],
        },
    )
    assert [message.content for message in made.messages] == [
        (messages.Text("No."),),
        (messages.Text("No."),),
        (messages.Thinking("", "x"), messages.Text("No.")),
    ]


def test_a_breakpoint_on_a_message_is_one_on_its_last_block() -> None:
    made = conversation(
        {"role": "user", "content": [{"type": "text", "text": "A"}, {"type": "text", "text": "B"}]} | CACHED,
        {"role": "assistant", "content": "C", "tool_calls": [call()]} | CACHED,
        {"role": "tool", "tool_call_id": "call_1", "content": "D"} | CACHED,
        {"role": "user", "content": ""} | CACHED,
        {"role": "assistant", "thinking_blocks": [{"type": "thinking", "thinking": "", "signature": "x"}]} | CACHED,
    )
    marked = [[getattr(block, "cache_control", None) is not None for block in m.content] for m in made.messages]
    assert marked == [[False, True], [False, True], [True], [], [False]]


def test_a_legacy_result_answers_the_call_before_it() -> None:
    function_call = {"name": "look", "arguments": "{}"}
    made = conversation(
        {"role": "assistant", "function_call": function_call},
        {"role": "function", "name": "look", "content": "A"},
        {"role": "assistant", "function_call": function_call},
        {"role": "function", "name": "look", "content": "B"},
    )
    ids = [getattr(message.content[0], "id", None) or message.content[0].tool_use_id for message in made.messages]  # type: ignore[union-attr]
    assert ids == ["call_fn_0", "call_fn_0", "call_fn_2", "call_fn_2"]


def test_a_legacy_result_without_a_call_keeps_its_name() -> None:
    (message,) = conversation({"role": "function", "name": "look", "content": "A"}).messages
    assert message.content == (messages.ToolResult("call_fn_look", (messages.Text("A"),)),)


def test_every_drop_is_named_with_its_place() -> None:
    made = conversation(
        {"role": "system", "content": "A", "name": "boss"},
        {
            "role": "user",
            "content": [{"type": "image_url", "image_url": {"url": "https://a", "detail": "low"}}],
            "name": "ada",
        },
        {"role": "assistant", "content": "B", "name": "claude", "audio": {"id": "a"}, "reasoning": "Hm."},
        {"role": "assistant", "tool_calls": [call(arguments="[]")]},
        {"role": "assistant", "function_call": {"name": "look", "arguments": "?"}},
    )
    assert [(note.path, note.action) for note in made.adjustments] == [
        ("messages[0].name", "ignored"),
        ("messages[1].content[0].image_url.detail", "ignored"),
        ("messages[2].audio", "ignored"),
        ("messages[2].reasoning", "ignored"),
        ("messages[3].tool_calls[0].function.arguments", "mapped"),
        ("messages[4].function_call.arguments", "mapped"),
        ("messages[1].name", "ignored"),
        ("messages[2].name", "ignored"),
    ]


@pytest.mark.parametrize("nothing", [None, ""])
def test_what_says_nothing_is_no_drop(nothing: Any) -> None:
    fields = ("name", "reasoning_content", "reasoning")
    made = conversation(
        {"role": "assistant", "content": "A", "audio": None, "annotations": []} | dict.fromkeys(fields, nothing)
    )
    assert made.adjustments == ()


def test_an_error_is_named_with_its_place() -> None:
    audio = {"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]}
    with pytest.raises(InvalidRequest) as caught:
        conversation({"role": "user", "content": "A"}, audio)
    assert caught.value.param == "messages[1].content[0].input_audio"


def test_what_says_nothing_or_is_said_twice_is_told() -> None:
    conversation = [
        {"role": "system", "content": ""},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "No.", "refusal": "I will not."},
        {"role": "developer", "content": []},
    ]
    adjustments = [(note.path, note.action) for note in decode_chat(messages=conversation).adjustments]
    assert adjustments == [
        ("messages[0].content", "ignored"),
        ("messages[2].refusal", "ignored"),
        ("messages[3].content", "ignored"),
    ]


def picture(
    text: str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgAAACAAAB4iG8MwAAAABJRU5ErkJggg==",
) -> Any:
    return {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{text}"}}


def test_what_an_assistant_showed_stands_in_the_next_user_message() -> None:
    shown = {"role": "assistant", "content": [{"type": "text", "text": "Here."}, picture()]}
    found = translated(messages=[HELLO, shown, {"role": "user", "content": "And now?"}, shown])["messages"]
    assert [message["role"] for message in found] == ["user", "assistant", "user", "assistant", "user"]
    assert {block["type"] for message in found if message["role"] == "assistant" for block in message["content"]} == {
        "text"
    }
    assert [block["type"] for block in found[2]["content"]] == ["text", "text", "image"]
    assert found[2]["content"][0]["text"] == "And now?"
    assert [block["type"] for block in found[4]["content"]] == ["text", "image"]


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image_url", "image_url": {"url": "data:image/svg+xml;base64,PHN2Zy8+"}},
        {"type": "image_url", "image_url": {"url": "http://example.com/a.png"}},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,?"}},
        {"type": "file", "file": {"filename": "a.docx", "file_data": "data:application/zip;base64,UEsDBBQ="}},
        {"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}},
        {"type": "hologram", "data": "AA=="},
    ],
)
def test_what_an_assistant_showed_and_claude_cannot_read_is_text(part: Any) -> None:
    conversation = [HELLO, {"role": "assistant", "content": [part]}, HELLO]
    decoded = decode_chat(messages=conversation)
    (block,) = decoded.request.messages[1].content
    assert isinstance(block, messages.Text)
    assert decoded.request.messages[2].content == (messages.Text("Hello."),)
    (note,) = decoded.adjustments
    assert (note.path, note.action, note.changes_meaning) == ("messages[1].content[0]", "dropped", True)


def test_the_text_of_a_result_that_is_an_image_is_an_image() -> None:
    result = json.dumps([{"$type": "text", "text": "seen"}, {"$type": "data", "uri": picture()["image_url"]["url"]}])
    decoded = decode_chat(messages=[{"role": "tool", "tool_call_id": "c", "content": result}])
    (block,) = decoded.request.messages[0].content
    assert isinstance(block, messages.ToolResult)
    assert [type(inner) for inner in block.content] == [messages.Text, messages.Image]
    assert [(note.path, note.action) for note in decoded.adjustments] == [("messages[0].content", "mapped")]


def test_a_system_prompt_beside_the_messages_stands_before_all() -> None:
    parts = [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}]
    for system in ("Be brief.", parts):
        found = translated(system=system, messages=[{"role": "system", "content": "Be kind."}, HELLO])
        assert [block["text"] for block in found["system"]] == ["Be brief.", "Be kind."]


def test_names_tell_speakers_of_one_role_apart() -> None:
    picture_of = {"role": "user", "name": "Cy", "content": [picture()]}
    talk = [{"role": "user", "name": "Al", "content": "Hi."}, {"role": "assistant", "name": "Bo", "content": "Yes?"}]
    decoded = decode_chat(messages=[*talk, picture_of])
    first, answer, last = decoded.request.messages
    assert first.content == (messages.Text("Al: Hi."),)
    assert answer.content == (messages.Text("Yes?"),), "the only one of its role"
    assert [type(block) for block in last.content] == [messages.Image, messages.Text]
    assert [(note.path, note.action) for note in decoded.adjustments] == [
        ("messages[0].name", "emulated"),
        ("messages[1].name", "ignored"),
        ("messages[2].name", "emulated"),
    ]


def test_one_name_for_all_says_nothing() -> None:
    talk = [{"role": "user", "name": "Al", "content": "Hi."}, {"role": "user", "name": "Al", "content": "Ho."}, HELLO]
    decoded = decode_chat(messages=talk)
    assert [message.content for message in decoded.request.messages] == [
        (messages.Text("Hi."),),
        (messages.Text("Ho."),),
        (messages.Text("Hello."),),
    ]


def test_names_take_time_that_grows_with_their_number() -> None:
    """Eight times as many take about eight times as long; 64 times if each were compared with each."""

    def seconds(many: int) -> float:
        named = [chat.UserMessage(f"x{index}", name=f"n{index}") for index in range(many)]
        return shortest(lambda: to_conversation(named))

    assert seconds(16_000) < 24 * seconds(2_000)
