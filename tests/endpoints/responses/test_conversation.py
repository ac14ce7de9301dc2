"""Items -> turns: what goes where, what is joined, and what comes back as it was."""

import pytest
from msgspec import Raw

from claude_code_proxy import messages
from claude_code_proxy.endpoints.responses.conversation import ConversationBuilder
from claude_code_proxy.endpoints.responses.reasoning import sealed
from claude_code_proxy.errors import InvalidRequest
from tests.endpoints.responses.responses_replies import SEALER, adjusted, decode, translated, turns

USER = {"role": "user", "content": "Add 1 and 2."}
CALL = {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "add", "arguments": '{"a": 1}'}
OUTPUT = {"type": "function_call_output", "call_id": "c1", "output": "3"}
THOUGHT = messages.Thinking("I add.", "c2lnbmF0dXJl")
REASONING = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": sealed(THOUGHT, SEALER)}
TOOL_USE = {"type": "tool_use", "id": "c1", "name": "add", "input": {"a": 1}}


def test_items_of_one_turn_are_one_message() -> None:
    said = {"role": "assistant", "content": [{"type": "output_text", "text": "Adding.", "annotations": []}]}
    assert turns(USER, REASONING, said, CALL, OUTPUT) == [
        ("user", [{"type": "text", "text": "Add 1 and 2."}]),
        (
            "assistant",
            [
                {"type": "thinking", "thinking": "I add.", "signature": "c2lnbmF0dXJl"},
                {"type": "text", "text": "Adding."},
                TOOL_USE,
            ],
        ),
        ("user", [{"type": "tool_result", "tool_use_id": "c1", "content": [{"type": "text", "text": "3"}]}]),
    ]


def test_signed_thinking_comes_back_byte_for_byte_whatever_its_summary() -> None:
    redacted = messages.RedactedThinking("b3BhcXVl")
    items: list[object] = [REASONING | {"summary": [{"type": "summary_text", "text": "changed"}]}]
    items.append(REASONING | {"encrypted_content": sealed(redacted, SEALER)})
    request = decode(input=[USER, *items, CALL])
    assert request.request.messages[1].content[:2] == (THOUGHT, redacted)


@pytest.mark.parametrize("content", [None, "gAAAAABqPBJRAhmec86F", sealed(messages.Text("no thought"), SEALER)])  # type: ignore[arg-type]
def test_reasoning_from_elsewhere_is_left_out_and_named(content: str | None) -> None:
    request = decode(input=[USER, REASONING | {"encrypted_content": content}, CALL])
    assert [len(message.content) for message in request.request.messages] == [1, 1]
    assert adjusted(request) == {"input[1]": "ignored"}


def test_leading_instructions_are_the_system_prompt_and_later_ones_stand_where_they_are() -> None:
    made = translated(
        instructions="Be brief.",
        input=[{"role": "developer", "content": "Use tools."}, USER, {"role": "system", "content": "Now in French."}],
    )
    assert [block["text"] for block in made["system"]] == ["Be brief.", "Use tools."]
    assert [message["role"] for message in made["messages"]] == ["user", "system"]


@pytest.mark.parametrize(
    ("call", "name", "arguments"),
    [
        (CALL | {"namespace": "maths"}, "maths__add", {"a": 1}),
        (CALL | {"arguments": ""}, "add", {}),
        (
            {"type": "custom_tool_call", "call_id": "c1", "name": "patch", "input": "*** Begin"},
            "patch",
            {"input": "*** Begin"},
        ),
        ({"type": "tool_search_call", "call_id": "c1", "arguments": {"query": "x"}}, "tool_search", {"query": "x"}),
        ({"type": "tool_search_call", "id": "c1", "call_id": None}, "tool_search", {}),
        (
            {"type": "local_shell_call", "call_id": "c1", "action": {"command": ["ls"]}},
            "local_shell",
            {"command": ["ls"]},
        ),
        ({"type": "shell_call", "call_id": "c1", "action": {"commands": ["ls"]}}, "shell", {"commands": ["ls"]}),
        ({"type": "apply_patch_call", "call_id": "c1", "operation": {"path": "a"}}, "apply_patch", {"path": "a"}),
    ],
)
def test_calls(call: object, name: str, arguments: object) -> None:
    assert turns(USER, call)[1] == ("assistant", [{"type": "tool_use", "id": "c1", "name": name, "input": arguments}])


@pytest.mark.parametrize(
    ("output", "result"),
    [
        ({"type": "function_call_output", "call_id": "c1"}, {}),
        ({"type": "custom_tool_call_output", "call_id": "c1", "output": "ok"}, {"text": "ok"}),
        ({"type": "local_shell_call_output", "id": "c1", "output": "ok"}, {"text": "ok"}),
        ({"type": "shell_call_output", "call_id": "c1", "output": [{"stdout": "ok"}]}, {"text": '[{"stdout": "ok"}]'}),
        ({"type": "apply_patch_call_output", "call_id": "c1", "status": "completed"}, {"text": "completed"}),
        (
            {"type": "apply_patch_call_output", "call_id": "c1", "status": "failed", "output": "no such file"},
            {"text": "no such file", "is_error": True},
        ),
    ],
)
def test_outputs(output: object, result: dict[str, object]) -> None:
    (block,) = turns(USER, CALL, output)[2][1]
    assert block["tool_use_id"] == "c1"
    assert block.get("is_error", False) == result.get("is_error", False)
    assert [inner["text"] for inner in block.get("content", [])] == ([result["text"]] if "text" in result else [])


def test_what_claude_has_nothing_for_is_named() -> None:
    skipped = [
        {"type": "hologram"},
        {"type": "image_generation_call", "id": "ig_1", "result": "x"},
        {"type": "web_search_call", "id": "ws_1"},
    ]
    request = decode(input=[USER, *skipped])
    assert adjusted(request) == dict.fromkeys(["input[1]", "input[2]", "input[3]"], "ignored")
    assert [note.changes_meaning for note in request.adjustments] == [True, True, False]


def test_a_reference_stands_for_the_item_that_is_kept() -> None:
    builder = ConversationBuilder(SEALER, {"msg_1": b'{"role":"assistant","content":"Three."}'})
    builder.add_text("Add.")
    builder.add_item(_raw('{"type":"item_reference","id":"msg_1"}'), "input[1]")
    assert [message.role for message in builder.conversation().turns] == ["user", "assistant"]
    with pytest.raises(InvalidRequest) as refusal:
        builder.add_item(_raw('{"id":"msg_2"}'), "input[2]")
    assert (refusal.value.status, refusal.value.param) == (404, "input")


def test_earlier_turns_stand_before_the_input() -> None:
    builder = ConversationBuilder(SEALER, {})
    builder.add_earlier([
        messages.InputMessage("system", (messages.Text("Be kind."),)),
        messages.InputMessage("user", (messages.Text("Hi."),)),
        messages.InputMessage("assistant", (THOUGHT, messages.Text("Hello."))),
    ])
    builder.add_text("Bye.")
    made = builder.conversation()
    assert made.system == (messages.Text("Be kind."),)
    assert [message.role for message in made.turns] == ["user", "assistant", "user"]
    assert made.turns[1].content[0] == THOUGHT


def _raw(text: str) -> Raw:
    return Raw(text.encode())


SUMMARY = messages.Compaction("They added 1 and 2.", signature="c2lnbmF0dXJl", tool_changes=Raw(b"[]"))
COMPACTION = {"type": "compaction", "id": "cmp_1", "encrypted_content": sealed(SUMMARY, SEALER)}


def test_a_compaction_comes_back_as_claude_made_it() -> None:
    request = decode(input=[USER, REASONING, COMPACTION, CALL, OUTPUT]).request
    assert request.messages[2].content == (SUMMARY, messages.ToolUse("c1", "add", Raw(b'{"a": 1}')))


def test_a_compaction_that_was_made_elsewhere_is_refused_by_its_field() -> None:
    with pytest.raises(InvalidRequest) as caught:
        decode(input=[USER, COMPACTION | {"encrypted_content": "b3BlbmFp"}])
    assert (caught.value.param, caught.value.code) == ("input[1].encrypted_content", "invalid_encrypted_content")


def test_a_trigger_asks_for_a_compaction_and_is_last() -> None:
    trigger = {"type": "compaction_trigger"}
    assert decode(input=[USER, trigger]).request.compaction == messages.Summarize()
    with pytest.raises(InvalidRequest) as caught:
        decode(input=[USER, trigger, USER])
    assert caught.value.param == "input[1]"
