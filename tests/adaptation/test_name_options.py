"""What a model's name asks for, as fields of the request."""

from typing import Any

import pytest

from claude_code_proxy import messages
from claude_code_proxy.adaptation.name_options import apply_name_options
from claude_code_proxy.models.names import NameOptions
from tests.adaptation.requests import request

THINKS = NameOptions("", has_thinking=True)
HIGH = NameOptions("high")


@pytest.mark.parametrize(
    ("options", "thinking", "effort"),
    [
        (HIGH, messages.Adaptive(), "high"),
        (THINKS, messages.Adaptive("summarized"), None),
        (NameOptions("low", has_thinking=True), messages.Adaptive("summarized"), "low"),
        (NameOptions("none"), None, "none"),
        (NameOptions("none", has_thinking=True), None, "none"),
    ],
)
def test_fields_that_a_request_does_not_set(
    options: NameOptions, thinking: messages.ThinkingConfig | None, effort: str | None
) -> None:
    made, (note,) = apply_name_options(request(), options)
    assert (made.thinking, made.output_config and made.output_config.effort) == (thinking, effort)
    assert (note.path, note.action, note.changes_meaning) == ("model", "mapped", False)


def test_a_format_stays() -> None:
    shape = messages.JsonObject()
    made, _ = apply_name_options(request(output_config=messages.OutputConfig(format=shape)), HIGH)
    assert made.output_config == messages.OutputConfig("high", shape)


@pytest.mark.parametrize(
    ("said", "options"),
    [
        ({"thinking": messages.Disabled()}, HIGH),
        ({"thinking": messages.Adaptive(), "output_config": messages.OutputConfig("low")}, HIGH),
        ({"thinking": messages.Enabled(2000)}, THINKS),
    ],
)
def test_what_the_request_says_itself_wins(said: dict[str, Any], options: NameOptions) -> None:
    asked = request(**said)
    made, (note,) = apply_name_options(asked, options)
    assert made is asked
    assert (note.path, note.action) == ("model", "ignored")
