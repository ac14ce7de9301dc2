"""Streamed and whole responses: order, ids, and that the last event and a whole reply are the same."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from claude_code_proxy import messages
from claude_code_proxy.endpoints.responses.endpoint import DecodedResponsesRequest
from claude_code_proxy.errors import UpstreamBroke, UpstreamUnavailable
from tests.endpoints.responses.responses_replies import (
    CONTEXT,
    ENCRYPTED,
    decode,
    events,
    kinds,
    message,
    streamed,
    whole,
)

ADD = {"type": "function", "name": "add", "parameters": {"type": "object"}, "strict": False}
TOOLS: list[dict[str, Any]] = [
    ADD,
    {"type": "custom", "name": "patch"},
    {"type": "namespace", "name": "maths", "description": "Sums.", "tools": [ADD]},
    {"type": "tool_search", "execution": "client"},
    {"type": "local_shell"},
    {"type": "shell"},
    {"type": "apply_patch"},
    {"type": "web_search"},
]
CITATION = Raw(b'[{"type":"web_search_result_location","url":"https://a.example","title":"A","cited_text":"x"}]')
SEARCH = messages.ServerToolUse("srvtoolu_1", "web_search", Raw(b'{"query":"weather"}'))
FOUND = messages.WebSearchToolResult("srvtoolu_1", Raw(b'[{"type":"web_search_result","url":"https://a.example"}]'))
BLOCKS: list[messages.Block] = [
    messages.Text("The sum is 3."),
    messages.Text("Cited.", CITATION),
    messages.Thinking("I add.", "c2ln"),
    messages.Thinking("", "c2ln"),
    messages.RedactedThinking("b3BhcXVl"),
    messages.ToolUse("c1", "add", Raw(b'{"a":1}')),
    messages.ToolUse("c2", "patch", Raw(b'{"input":"*** Begin"}')),
    messages.ToolUse("c3", "maths__add", Raw(b"{}")),
    messages.ToolUse("c4", "tool_search", Raw(b'{"query":"x"}')),
    messages.ToolUse("c5", "local_shell", Raw(b'{"command":["ls"]}')),
    messages.ToolUse("c6", "shell", Raw(b'{"commands":["ls"]}')),
    messages.ToolUse("c7", "apply_patch", Raw(b'{"type":"create_file","path":"a","diff":"+x"}')),
    SEARCH,
    FOUND,
    messages.UnknownBlock("hologram", b'{"type":"hologram"}'),
]
_event: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)


def both(request: DecodedResponsesRequest, made: messages.Message) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    return streamed(request, messages.as_events(made)), whole(request, made)


def test_the_order_of_events() -> None:
    made = message(
        messages.Thinking("I add.", "c2ln"), messages.Text("Adding."), messages.ToolUse("c1", "add", Raw(b'{"a":1}'))
    )
    found, _ = both(decode(tools=TOOLS), made)
    assert kinds(found) == [
        "created",
        "in_progress",
        "output_item.added",
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
        "output_item.done",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
        "completed",
    ]
    assert [event["output_index"] for event in found if "output_index" in event] == [0] * 6 + [1] * 6 + [2] * 4


@given(
    content=st.lists(st.sampled_from(BLOCKS), max_size=8), reason=st.sampled_from(["end_turn", "max_tokens", "refusal"])
)
def test_the_last_event_is_the_whole_reply(content: list[messages.Block], reason: str) -> None:
    request = decode(tools=TOOLS, include=[*ENCRYPTED, "web_search_call.action.sources"])
    found, reply = both(request, message(*content, stop_reason=reason))
    assert found[-1]["response"] == reply
    assert Response.model_validate(reply).id == "resp_123"
    added = [event["item"]["id"] for event in found if event["type"] == "response.output_item.added"]
    done = [event["item"] for event in found if event["type"] == "response.output_item.done"]
    assert [item["id"] for item in done] == added
    assert len(set(added)) == len(added)
    assert done == reply["output"]
    for event in found:
        if event["type"] != "response.output_item.added" or event["item"]["type"] != "web_search_call":
            _event.validate_python(event)


@given(content=st.lists(st.sampled_from(BLOCKS), max_size=6))
def test_everything_that_goes_out_is_accepted_back(content: list[messages.Block]) -> None:
    _, reply = both(decode(tools=TOOLS, include=ENCRYPTED), message(*content))
    again = decode(tools=TOOLS, input=[{"role": "user", "content": "x"}, *reply["output"]])
    assert all(note.path.startswith(("tools", "input")) and not note.changes_meaning for note in again.adjustments)
    back = [block for turn in again.request.messages if turn.role == "assistant" for block in turn.content]
    thoughts = [block for block in content if isinstance(block, messages.AnyThinking)]
    assert [block for block in back if isinstance(block, messages.AnyThinking)] == thoughts
    calls = [block.id for block in content if isinstance(block, messages.ToolUse)]
    assert [block.id for block in back if isinstance(block, messages.ToolUse)] == calls


def test_text_of_several_blocks_is_one_message_with_citations_by_character() -> None:
    _, reply = both(decode(), message(messages.Text("It is 20 °C. "), messages.Text("Mild.", CITATION)))
    (item,) = reply["output"]
    (part,) = item["content"]
    assert part["text"] == "It is 20 °C. Mild."
    assert part["annotations"] == [
        {"type": "url_citation", "url": "https://a.example", "title": "A", "start_index": 13, "end_index": 18}
    ]


@pytest.mark.parametrize(
    ("block", "item"),
    [
        (BLOCKS[5], {"type": "function_call", "call_id": "c1", "name": "add", "arguments": '{"a":1}'}),
        (BLOCKS[6], {"type": "custom_tool_call", "call_id": "c2", "name": "patch", "input": "*** Begin"}),
        (BLOCKS[7], {"type": "function_call", "call_id": "c3", "name": "add", "namespace": "maths", "arguments": "{}"}),
        (BLOCKS[8], {"type": "tool_search_call", "call_id": "c4", "execution": "client", "arguments": {"query": "x"}}),
        (
            BLOCKS[10],
            {
                "type": "shell_call",
                "call_id": "c6",
                "action": {"commands": ["ls"], "timeout_ms": None, "max_output_length": None},
            },
        ),
        (
            BLOCKS[11],
            {
                "type": "apply_patch_call",
                "call_id": "c7",
                "operation": {"type": "create_file", "path": "a", "diff": "+x"},
            },
        ),
    ],
)
def test_calls_come_back_as_the_kind_of_item_that_their_tool_has(block: messages.Block, item: dict[str, Any]) -> None:
    _, reply = both(decode(tools=TOOLS), message(block, stop_reason="tool_use"))
    (found,) = reply["output"]
    assert {name: value for name, value in found.items() if name not in {"id", "status"}} == item
    assert found["status"] == "completed"


def test_a_search_is_one_item_with_its_sources_where_asked_for() -> None:
    made = message(SEARCH, FOUND, messages.Text("Mild."))
    found, reply = both(decode(tools=TOOLS, include=["web_search_call.action.sources"]), made)
    assert kinds(found)[2:7] == [
        "output_item.added",
        "web_search_call.in_progress",
        "web_search_call.searching",
        "web_search_call.completed",
        "output_item.done",
    ]
    sources = [{"type": "url", "url": "https://a.example"}]
    action = {"type": "search", "query": "weather", "queries": ["weather"], "sources": sources}
    assert reply["output"][0]["action"] == action
    _, plain = both(decode(tools=TOOLS), made)
    assert "sources" not in plain["output"][0]["action"]


def test_thinking_is_sealed_only_where_asked_for() -> None:
    made = message(messages.Thinking("I add.", "c2ln"), messages.Text("3"))
    _, plain = both(decode(), made)
    assert "encrypted_content" not in plain["output"][0]
    _, asked = both(decode(include=ENCRYPTED), made)
    assert "c2ln" not in asked["output"][0]["encrypted_content"]


def test_a_turn_that_was_cut_is_incomplete() -> None:
    found, reply = both(
        decode(tools=TOOLS), message(messages.ToolUse("c1", "add", Raw(b'{"a":')), stop_reason="max_tokens")
    )
    assert found[-1]["type"] == "response.incomplete"
    assert (reply["status"], reply["incomplete_details"]) == ("incomplete", {"reason": "max_output_tokens"})
    assert (reply["output"][0]["status"], reply["output"][0]["arguments"]) == ("incomplete", '{"a":')
    assert reply["completed_at"] is None


def test_a_refusal_is_a_part_of_its_own() -> None:
    details = messages.StopDetails("refusal", "bio", "No.")
    found, reply = both(decode(), message(stop_reason="refusal", stop_details=details))
    assert reply["output"][0]["content"] == [{"type": "refusal", "refusal": "No."}]
    assert reply["status"] == "completed"
    assert "refusal.delta" in kinds(found)
    _, begun = both(decode(), message(messages.Text("Well,"), stop_reason="refusal", stop_details=details))
    assert [part["type"] for part in begun["output"][0]["content"]] == ["output_text", "refusal"]


def test_a_broken_stream_fails_with_words_and_keeps_what_was_there() -> None:
    (translator,) = decode().translators(CONTEXT)
    frames = translator.feed(messages.MessageStart(message()))
    with pytest.raises(UpstreamBroke):
        translator.close()
    frames += translator.fail(UpstreamBroke("The upstream's stream ended."))
    last = events(frames)[-1]
    assert last["type"] == "response.failed"
    assert last["response"]["status"] == "failed"
    assert last["response"]["error"] == {"code": "server_error", "message": "The upstream's stream ended."}


def test_a_failure_before_the_first_event_begins_with_created() -> None:
    (translator,) = decode().translators(CONTEXT)
    found = events(translator.fail(UpstreamUnavailable("Not there.")))
    assert kinds(found) == ["created", "in_progress", "failed"]


def test_usage_adds_up() -> None:
    usage = messages.Usage(
        input_tokens=10,
        output_tokens=7,
        cache_read_input_tokens=3,
        cache_creation_input_tokens=2,
        output_tokens_details=messages.TokenDetails(4),
    )
    _, reply = both(decode(), message(messages.Text("x"), usage=usage))
    assert reply["usage"] == {
        "input_tokens": 15,
        "input_tokens_details": {"cached_tokens": 3, "cache_write_tokens": 2},
        "output_tokens": 7,
        "output_tokens_details": {"reasoning_tokens": 4},
        "total_tokens": 22,
        "cost": 0.25,
    }


def test_a_compaction_is_one_item_that_comes_back() -> None:
    summary = messages.Compaction("They said hello.", signature="c2ln", tool_changes=Raw(b"[]"))
    made = message(summary, stop_reason="compaction")
    request = decode(input=[{"role": "user", "content": "Hello."}, {"type": "compaction_trigger"}])
    streamed_events = streamed(request, messages.as_events(made))
    last = streamed_events[-1]["response"]
    assert (last["status"], [item["type"] for item in last["output"]]) == ("completed", ["compaction"])
    assert whole(request, made)["output"] == last["output"]
    assert decode(input=last["output"]).request.messages[0].content == (summary,)


def test_a_compaction_that_failed_is_no_response() -> None:
    with pytest.raises(UpstreamBroke):
        whole(decode(), message(messages.Compaction(), stop_reason="compaction"))


def test_silence_is_filled_with_an_event_that_counts() -> None:
    (translator,) = decode().translators(CONTEXT)
    made = translator.keep_alive() + translator.keep_alive()
    made += b"".join(map(translator.feed, messages.as_events(message(messages.Text("Hi."))))) + translator.close()
    assert kinds(events(made))[:4] == ["created", "in_progress", "in_progress", "output_item.added"]
