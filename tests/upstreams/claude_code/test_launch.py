"""What of a request a process is started with."""

import json
from typing import Any

import msgspec
import pytest

from claude_code_proxy import messages
from claude_code_proxy.adaptation.adapt import AdaptOptions, adapt
from claude_code_proxy.errors import EffortLimit, LearnedLimit, ThinkingLimit
from claude_code_proxy.models.catalogue import BUILT_IN
from claude_code_proxy.models.model import Model
from claude_code_proxy.upstreams.claude_code.capabilities import drop_unsupported, restrict
from claude_code_proxy.upstreams.claude_code.launch import Launch, to_launch, visible_name
from tests.upstreams.claude_code.scripted import request, tool, user


def body(**fields: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(to_launch(request(user("x"), **fields)).body)
    return document


def test_what_has_no_option_is_merged_into_the_body() -> None:
    document = body(temperature=0.5, top_p=0.9, top_k=3, stop_sequences=("END",), tool_choice=messages.ChooseAny())
    assert document == {
        "max_tokens": 1000,
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 3,
        "stop_sequences": ["END"],
        "tool_choice": {"type": "any"},
    }
    assert "tool_choice" not in body(tool_choice=messages.ChooseAuto())


def prepared(model: Model) -> Launch:
    supported, _ = drop_unsupported(msgspec.structs.replace(request(user("x")), model=model.id))
    return to_launch(adapt(supported, restrict(model), options=AdaptOptions()).request)


@pytest.mark.parametrize(
    ("model", "thinking", "effort"),
    [
        ("claude-sonnet-5-5", messages.Adaptive(), "high"),
        ("claude-haiku-5-5", messages.Adaptive(), "medium"),
        ("claude-opus-4-8", messages.Disabled(), "high"),
        ("claude-haiku-4-5", messages.Disabled(), None),
    ],
)
def test_the_defaults_are_the_models(model: str, thinking: messages.ThinkingConfig, effort: str | None) -> None:
    launch = prepared(BUILT_IN.find(model))
    assert (launch.thinking, launch.effort) == (thinking, effort)
    assert launch.thinking_off == isinstance(thinking, messages.Disabled)


@pytest.mark.parametrize(
    ("limit", "thinking", "effort"),
    [
        (EffortLimit(()), messages.Adaptive(), None),
        (EffortLimit(("low", "medium")), messages.Adaptive(), "medium"),
        (ThinkingLimit("adaptive"), messages.BetweenTools(), "high"),
    ],
)
def test_a_limit_learnt_from_a_refusal_holds(
    limit: LearnedLimit, thinking: messages.ThinkingConfig | None, effort: str | None
) -> None:
    catalogue = BUILT_IN.with_limit("claude-sonnet-5-5", limit)
    launch = prepared(catalogue.find("claude-sonnet-5-5"))
    assert (launch.thinking, launch.effort) == (thinking, effort)


def test_thinking_that_is_off_has_nothing_to_manage() -> None:
    assert body(thinking=messages.Disabled())["context_management"] == {"edits": []}


def test_tools_called_like_its_own_get_another_name() -> None:
    launch = to_launch(request(user("x"), tools=(tool("Read"), tool("get")), tool_choice=messages.ChooseTool("Read")))
    assert [one.name for one in launch.tools] == ["own_Read", "get"]
    assert dict(launch.names) == {"own_Read": "Read"}
    assert json.loads(launch.body)["tool_choice"] == {"type": "tool", "name": "own_Read"}
    assert visible_name("get") == "get"


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
