"""What of a request a process is started with."""

import json
from typing import Any

import msgspec
import pytest

from claude_code_proxy import messages
from claude_code_proxy.upstreams.claude_code.launch import seen, to_launch
from tests.upstreams.claude_code.scripted import request, tool, user


def body(**fields: Any) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(to_launch(request(user("x"), **fields)).body)
    return told


def test_what_has_no_option_is_merged_into_the_body() -> None:
    told = body(temperature=0.5, top_p=0.9, top_k=3, stop_sequences=("END",), tool_choice=messages.ChooseAny())
    assert told == {
        "max_tokens": 1000,
        "thinking": {"type": "adaptive"},
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 3,
        "stop_sequences": ["END"],
        "tool_choice": {"type": "any"},
    }
    assert "tool_choice" not in body(tool_choice=messages.ChooseAuto())


@pytest.mark.parametrize(("model", "thinking"), [("claude-sonnet-5-5", "adaptive"), ("claude-opus-4-8", "disabled")])
def test_thinking_is_as_the_model_does_it_unless_told(model: str, thinking: str) -> None:
    launch = to_launch(msgspec.structs.replace(request(user("x")), model=model))
    assert json.loads(launch.body)["thinking"] == {"type": thinking}
    assert launch.thinking_off == (thinking == "disabled")


def test_thinking_that_is_off_has_nothing_to_manage() -> None:
    assert body(thinking=messages.Disabled())["context_management"] == {"edits": []}


def test_tools_called_like_its_own_get_another_name() -> None:
    launch = to_launch(request(user("x"), tools=(tool("Read"), tool("get")), tool_choice=messages.ChooseTool("Read")))
    assert [one.name for one in launch.tools] == ["own_Read", "get"]
    assert dict(launch.names) == {"own_Read": "Read"}
    assert json.loads(launch.body)["tool_choice"] == {"type": "tool", "name": "own_Read"}
    assert seen("get") == "get"


def test_a_system_prompt_of_parts_is_one() -> None:
    assert to_launch(request(user("x"), system=(messages.Text("A"), messages.Text("B")))).system == "A\n\nB"


def test_the_key_tells_launches_apart() -> None:
    key = to_launch(request(user("x"))).key
    assert to_launch(request(user("y"))).key == key
    for fields in (
        {"system": (messages.Text("A"),)},
        {"tools": (tool("get"),)},
        {"temperature": 0.1},
        {"output_config": messages.OutputConfig("low")},
    ):
        assert to_launch(request(user("x"), **fields)).key != key
