"""Actions of a computer, both ways."""

import json
from typing import Any

import msgspec
import pytest
from msgspec import Raw
from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.endpoints.responses.tools.computer import COMPUTER_TOOLSET, TOOLSET_NAME, to_actions, to_member
from tests.adaptation.requests import NEWEST, PNG, accepted, adapted
from tests.endpoints.responses.responses_replies import adjusted, decode, frames_of, message, translated, whole
from tests.endpoints.strict_responses import read_response_stream

USER = {"role": "user", "content": "Save it."}
NOW = {"type": "computer"}
PREVIEW = {"type": "computer_use_preview", "display_width": 800, "display_height": 600, "environment": "linux"}
CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("left_click", {"coordinate": [3, 4]}, {"type": "click", "button": "left", "x": 3, "y": 4}),
    (
        "right_click",
        {"coordinate": [3, 4], "text": "ctrl"},
        {"type": "click", "button": "right", "x": 3, "y": 4, "keys": ["CTRL"]},
    ),
    ("middle_click", {"coordinate": [3, 4]}, {"type": "click", "button": "wheel", "x": 3, "y": 4}),
    ("double_click", {"coordinate": [3, 4]}, {"type": "double_click", "x": 3, "y": 4}),
    ("mouse_move", {"coordinate": [3, 4]}, {"type": "move", "x": 3, "y": 4}),
    (
        "left_click_drag",
        {"start_coordinate": [1, 2], "coordinate": [3, 4]},
        {"type": "drag", "path": [{"x": 1, "y": 2}, {"x": 3, "y": 4}]},
    ),
    ("key", {"text": "ctrl+shift+page_down"}, {"type": "keypress", "keys": ["CTRL", "SHIFT", "PAGEDOWN"]}),
    ("type", {"text": "Hello."}, {"type": "type", "text": "Hello."}),
    ("wait", {"duration": 1}, {"type": "wait"}),
    ("screenshot", {}, {"type": "screenshot"}),
    (
        "scroll",
        {"coordinate": [3, 4], "scroll_direction": "up", "scroll_amount": 5},
        {"type": "scroll", "x": 3, "y": 4, "scroll_x": 0, "scroll_y": -500},
    ),
    (
        "scroll",
        {"coordinate": [3, 4], "scroll_direction": "right", "scroll_amount": 2},
        {"type": "scroll", "x": 3, "y": 4, "scroll_x": 200, "scroll_y": 0},
    ),
]


def call(member: str, input: object) -> messages.ToolUse:
    return messages.ToolUse("toolu_1", member, Raw(json.dumps(input).encode()), toolset_name=TOOLSET_NAME)


@pytest.mark.parametrize(("member", "input", "action"), CASES)
@pytest.mark.parametrize("tool", [NOW, PREVIEW])
def test_a_call_goes_out_as_an_action_and_comes_back(
    member: str, input: dict[str, Any], action: dict[str, Any], tool: dict[str, Any]
) -> None:
    request = decode(tools=[tool])
    made = message(call(member, input), stop_reason="tool_use")
    (item,) = whole(request, made)["output"]
    assert read_response_stream(frames_of(request, messages.as_events(made)))["output"] == [item]
    shown = item["actions"] == [action] if tool is NOW else item["action"] == action
    assert shown
    assert (item["type"], item["call_id"], item["pending_safety_checks"]) == ("computer_call", "toolu_1", [])
    again = translated(tools=[tool], input=[USER, item])["messages"][1]["content"]
    assert again == [
        {"type": "tool_use", "id": "toolu_1", "name": member, "input": input, "toolset_name": TOOLSET_NAME}
    ]


def test_a_key_that_is_pressed_several_times() -> None:
    actions = to_actions("key", '{"text":"Return","repeat":3}')
    assert msgspec.to_builtins(actions) == ({"type": "keypress", "keys": ["ENTER"]},) * 3
    member, input = to_member(Raw(b""), Raw(msgspec.json.encode(actions)))
    assert (member, json.loads(bytes(input))) == ("key", {"text": "return", "repeat": 3})
    assert len(to_actions("key", '{"text":"a","repeat":1000000000}')) == 100
    assert msgspec.to_builtins(to_actions("key", '{"text":"ctrl++"}'))[0]["keys"] == ["CTRL", "+"]


@pytest.mark.parametrize(
    ("member", "arguments"),
    [("left_click", "{}"), ("left_click", '{"coordinate":'), ("zoom", '{"region":[1,2,3,4]}'), ("key", "{}")],
)
def test_what_no_action_can_say_does_no_harm(member: str, arguments: str) -> None:
    assert msgspec.to_builtins(to_actions(member, arguments)) == ({"type": "screenshot"},)


def test_a_tool_of_the_same_name_is_another() -> None:
    request = decode(tools=[NOW, {"type": "function", "name": "key"}])
    own = messages.ToolUse("c1", "key", Raw(b"{}"))
    reply = whole(request, message(own, call("key", {"text": "a"}), stop_reason="tool_use"))
    assert [item["type"] for item in reply["output"]] == ["function_call", "computer_call"]


@pytest.mark.parametrize(
    ("shown", "block"),
    [
        (
            {"type": "computer_screenshot", "image_url": f"data:image/png;base64,{PNG}"},
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
        ),
        (
            {"type": "computer_screenshot", "file_id": "file_1"},
            {"type": "image", "source": {"type": "file", "file_id": "file_1"}},
        ),
        ({"type": "computer_screenshot"}, {"type": "text", "text": "(an image that cannot be shown here)"}),
    ],
)
def test_a_screenshot_is_the_result(shown: object, block: object) -> None:
    items = [
        USER,
        {"type": "computer_call", "call_id": "c1", "actions": [{"type": "screenshot"}]},
        {"type": "computer_call_output", "call_id": "c1", "output": shown, "acknowledged_safety_checks": []},
    ]
    made = decode(tools=[NOW], input=items)
    assert translated(tools=[NOW], input=items)["messages"][2]["content"] == [
        {"type": "tool_result", "tool_use_id": "c1", "content": [block]}
    ]
    accepted(adapted(replace(made.request, model=NEWEST)))


def test_the_toolset_lacks_what_no_action_says() -> None:
    (tool,) = translated(tools=[PREVIEW])["tools"]
    assert tool["type"] == COMPUTER_TOOLSET.type
    assert {name for name, config in tool["configs"].items() if config == {"enabled": False}} >= {"zoom", "hold_key"}
    assert adjusted(decode(tools=[PREVIEW])) == {}
