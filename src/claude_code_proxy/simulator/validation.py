"""All rules in their order: a decoded body and its caller -> a request that the service accepts, or its refusal."""

from typing import Any

from claude_code_proxy.simulator import models, tokens
from claude_code_proxy.simulator.parsed_request import Caller, ParsedRequest
from claude_code_proxy.simulator.refusal import Refusal
from claude_code_proxy.simulator.rules import (
    caching,
    conversation,
    fields,
    hosted_results,
    media,
    sampling,
    signed_thinking,
    structured,
    thinking,
    tools,
)

RULES = (
    fields.check_limits,
    sampling.check,
    thinking.check,
    structured.check,
    tools.check,
    conversation.check,
    caching.check,
    media.check,
    signed_thinking.check,
    hosted_results.check,
)


def judge(body: Any, caller: Caller) -> ParsedRequest:
    shaped = fields.check_shape(body, caller)
    model = models.find(shaped["model"])
    if model is None:
        raise Refusal(f"model: {shaped['model']}", 404)
    asked = ParsedRequest(shaped, model, caller)
    for rule in RULES:
        rule(asked)
    _check_length(asked)
    return asked


def _check_length(asked: ParsedRequest) -> None:
    if asked.caller.counting:
        return
    length = tokens.of_prompt(asked)
    if length > asked.model.window:
        raise Refusal(f"prompt is too long: {length} tokens > {asked.model.window} maximum")
