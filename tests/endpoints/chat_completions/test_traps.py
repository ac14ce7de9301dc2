"""The known traps of translating to Claude and back, one test each; those of adaptation stand in tests/adaptation."""

import json
from typing import Any

import pytest
from msgspec import Raw

from claude_code_proxy import messages
from claude_code_proxy.endpoints.chat_completions import CHAT_COMPLETIONS
from claude_code_proxy.endpoints.openai.errors import to_openai_error
from claude_code_proxy.errors import InvalidRequest, UpstreamBroke
from claude_code_proxy.upstreams.anthropic.rejections import rejected, rejected_midway
from claude_code_proxy.upstreams.retry import wait_before_retry
from tests.endpoints.replies import CONTEXT, HELLO, decode_chat, message, streamed, translated
from tests.endpoints.strict_reader import read_stream

CALL = messages.ToolUse("toolu_1", "look", Raw(b'{"x":1}'))


def whole(*content: messages.Block, **fields: Any) -> dict[str, Any]:
    reply: dict[str, Any] = json.loads(decode_chat().reply((message(*content, **fields),), CONTEXT))
    return reply


def choice(*content: messages.Block, **fields: Any) -> dict[str, Any]:
    found: dict[str, Any] = whole(*content, **fields)["choices"][0]
    return found


def chunks(reply: messages.Message, **fields: Any) -> list[dict[str, Any]]:
    frames = streamed(decode_chat(stream=True, **fields), messages.as_events(reply)).decode().split("\n\n")
    return [json.loads(frame.removeprefix("data: ")) for frame in frames if frame and not frame.endswith("[DONE]")]


def test_trap_18_legacy_roles_and_calls() -> None:
    found = translated(
        messages=[
            {"role": "developer", "content": "Be brief."},
            HELLO,
            {"role": "assistant", "content": None, "function_call": {"name": "look", "arguments": "{}"}},
            {"role": "function", "name": "look", "content": "seen"},
        ]
    )
    assert found["system"] == [{"type": "text", "text": "Be brief."}]
    (call,), (result,) = found["messages"][1]["content"], found["messages"][2]["content"]
    assert (call["type"], result["type"]) == ("tool_use", "tool_result")
    assert call["id"] == result["tool_use_id"]


def test_trap_22_a_pdf_is_a_document_with_its_name_as_title() -> None:
    file = {"file_data": "data:application/pdf;base64,JVBERi0xLjQ=", "filename": "report.pdf"}
    found = translated(messages=[{"role": "user", "content": [{"type": "file", "file": file}]}])
    (block,) = found["messages"][0]["content"]
    assert (block["type"], block["title"]) == ("document", "report.pdf")
    assert block["source"] == {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0xLjQ="}


def test_trap_23_lone_surrogates_are_replaced_and_invalid_utf8_is_refused() -> None:
    body = rb'{"messages":[{"role":"user","content":"a\ud800b"}]}'
    assert CHAT_COMPLETIONS.decode(body, "m").request.messages[0].content == (messages.Text("a�b"),)
    with pytest.raises(InvalidRequest, match="UTF-8"):
        CHAT_COMPLETIONS.decode(b'{"messages":[{"role":"user","content":"\xff"}]}', "m")


TOOLS = [{"type": "function", "function": {"name": "look"}}]


def test_trap_37_no_choice_carries_no_flag_for_parallel_calls() -> None:
    found = translated(tools=TOOLS, tool_choice="none", parallel_tool_calls=False)
    assert found["tool_choice"] == {"type": "none"}


def test_trap_38_the_flag_for_parallel_calls_alone_forces_no_call() -> None:
    found = translated(tools=TOOLS, parallel_tool_calls=False)
    assert found["tool_choice"] == {"type": "auto", "disable_parallel_tool_use": True}


def test_trap_50_users_are_hashed_and_metadata_is_not_sent() -> None:
    found = translated(user="someone@example.com", metadata={"team": "blue"})
    assert set(found["metadata"]) == {"user_id"}
    assert "@" not in found["metadata"]["user_id"]
    assert len(found["metadata"]["user_id"]) <= 256


def test_trap_52_calls_are_counted_from_zero_whatever_stands_between() -> None:
    reply = message(
        messages.Thinking("hm", "s"), messages.Text("ok"), CALL, messages.ToolUse("toolu_2", "b", Raw(b"{}"))
    )
    found = [
        call["index"] for chunk in chunks(reply) for c in chunk["choices"] for call in c["delta"].get("tool_calls", ())
    ]
    assert sorted(set(found)) == [0, 1]
    assert found == sorted(found)


@pytest.mark.parametrize(
    ("stop_reason", "content", "finish_reason"),
    [
        ("end_turn", messages.Text("a"), "stop"),
        ("stop_sequence", messages.Text("a"), "stop"),
        ("tool_use", CALL, "tool_calls"),
        ("end_turn", CALL, "tool_calls"),
        ("refusal", messages.Text("a"), "content_filter"),
        ("something_new", messages.Text("a"), "stop"),
    ],
)
def test_trap_53_finish_reasons_are_openais_and_said_once(
    stop_reason: str, content: messages.Block, finish_reason: str
) -> None:
    reply = message(content, stop_reason=stop_reason)
    assert choice(content, stop_reason=stop_reason)["finish_reason"] == finish_reason
    reasons = [c["finish_reason"] for chunk in chunks(reply) for c in chunk["choices"] if c["finish_reason"]]
    assert reasons == [finish_reason]


def test_trap_54_a_refusal_is_no_empty_stop() -> None:
    details = messages.StopDetails("refusal", "cyber", "I will not help with that.")
    found = choice(stop_reason="refusal", stop_details=details)
    assert found["finish_reason"] == "content_filter"
    assert found["message"]["refusal"] == found["message"]["content"] == "I will not help with that."


def test_trap_55_a_full_window_is_length() -> None:
    assert choice(messages.Text("a"), stop_reason="model_context_window_exceeded")["finish_reason"] == "length"


def test_trap_56_max_tokens_is_length() -> None:
    assert choice(messages.Text("a"), stop_reason="max_tokens")["finish_reason"] == "length"


def test_trap_58_prompt_tokens_hold_the_cached_ones_once() -> None:
    usage = messages.Usage(
        input_tokens=10, output_tokens=5, cache_creation_input_tokens=200, cache_read_input_tokens=3000
    )
    found = whole(messages.Text("a"), usage=usage)["usage"]
    assert (found["prompt_tokens"], found["completion_tokens"], found["total_tokens"]) == (3210, 5, 3215)
    assert found["prompt_tokens_details"]["cached_tokens"] == 3000


def test_trap_59_later_counts_replace_earlier_ones() -> None:
    start = messages.MessageStart(
        messages.Message("m", "x", (), usage=messages.Usage(input_tokens=10, output_tokens=1))
    )
    end = messages.MessageDelta(messages.DeltaBody("end_turn"), messages.Usage(input_tokens=12, output_tokens=7))
    frames = streamed(
        decode_chat(stream=True, stream_options={"include_usage": True}), (start, end, messages.MessageStop())
    )
    usage = read_stream(frames, include_usage=True).usage
    assert usage is not None
    assert (usage["prompt_tokens"], usage["completion_tokens"]) == (12, 7)


def test_trap_60_an_error_in_the_stream_is_an_error_frame_and_no_end() -> None:
    event = messages.ErrorEvent(messages.ErrorBody("overloaded_error", "Overloaded"))
    (translator,) = decode_chat(stream=True).translators(CONTEXT)
    frame = translator.fail(rejected_midway(event, "req_1"))
    error = json.loads(frame.removeprefix(b"data: "))["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["message"] == "Overloaded"
    assert b"finish_reason" not in frame
    assert b"[DONE]" not in frame


def test_trap_61_an_end_without_message_stop_is_a_failure() -> None:
    events = [
        event for event in messages.as_events(message(messages.Text("a"))) if type(event) is not messages.MessageStop
    ]
    with pytest.raises(UpstreamBroke):
        streamed(decode_chat(stream=True), events)


def test_trap_62_a_call_without_arguments_says_so_as_a_delta() -> None:
    events: tuple[messages.Event, ...] = (
        messages.MessageStart(message()),
        messages.ContentBlockStart(0, messages.ToolUse("toolu_1", "look", Raw(b"{}"))),
        messages.ContentBlockStop(0),
        messages.MessageDelta(messages.DeltaBody("tool_use")),
        messages.MessageStop(),
    )
    (found,) = read_stream(streamed(decode_chat(stream=True), events)).choices
    assert found.calls[0]["function"]["arguments"] == "{}"


def test_trap_63_arguments_pass_as_they_were_written() -> None:
    written = Raw(b'{ "path": "a\\/b",  "n": 1.0 }')
    (call,) = choice(messages.ToolUse("toolu_1", "look", written), stop_reason="tool_use")["message"]["tool_calls"]
    assert call["function"]["arguments"] == bytes(written).decode()


def test_trap_64_a_hosted_call_is_never_the_clients() -> None:
    searched = (
        messages.ServerToolUse("srvtoolu_1", "web_search", Raw(b'{"query":"x"}')),
        messages.WebSearchToolResult("srvtoolu_1", Raw(b"[]")),
        messages.Text("Found."),
    )
    found = choice(*searched)
    assert "tool_calls" not in found["message"]
    assert found["finish_reason"] == "stop"
    assert not any("tool_calls" in c["delta"] for chunk in chunks(message(*searched)) for c in chunk["choices"])


def test_trap_65_text_in_many_blocks_is_joined_with_nothing() -> None:
    assert choice(messages.Text("The sky "), messages.Text("is blue"), messages.Text("."))["message"]["content"] == (
        "The sky is blue."
    )


def test_trap_66_thinking_stays_out_of_the_content_and_keeps_its_signature() -> None:
    found = choice(messages.Thinking("Let me see.", "sig=="), messages.Text("42"))["message"]
    assert (found["content"], found["reasoning_content"]) == ("42", "Let me see.")
    assert found["thinking_blocks"][0]["signature"] == found["reasoning_details"][0]["signature"] == "sig=="
    assert found["reasoning_details"][0]["index"] == 0


def test_trap_67_overload_may_be_tried_again_and_an_empty_purse_may_not() -> None:
    overloaded = rejected(529, {}, body=b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}')
    assert to_openai_error(overloaded).status == 503
    assert wait_before_retry(overloaded, 1, chance=0.5) is not None
    body = (
        b'{"error":{"type":"rate_limit_error","message":"x","details":{"error_code":"enforced_spend_limit_reached"}}}'
    )
    spent = rejected(429, {}, body=body)
    reply = to_openai_error(spent)
    assert (reply.status, reply.code, reply.should_retry) == (429, "insufficient_quota", False)
    assert wait_before_retry(spent, 1, chance=0.5) is None


def test_trap_68_an_empty_turn_has_text_and_a_call_has_none() -> None:
    assert choice()["message"]["content"] == ""
    assert choice(CALL, stop_reason="tool_use")["message"]["content"] is None


def test_trap_69_the_model_is_the_one_that_was_asked_for() -> None:
    assert whole(messages.Text("a"))["model"] == CONTEXT.model
    assert {chunk["model"] for chunk in chunks(message(messages.Text("a")))} == {CONTEXT.model}


def test_trap_70_a_page_of_html_is_an_error_with_its_status_and_ray() -> None:
    error = rejected(502, {b"cf-ray": b"8f00-FRA"}, body=b"<html><body>Bad gateway</body></html>")
    reply = to_openai_error(error)
    assert reply.status == 502
    assert "8f00-FRA" in reply.message
    assert "<html>" not in reply.message
