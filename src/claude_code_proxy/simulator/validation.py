"""All rules in their order: a decoded body and its caller to an accepted request, or a refusal."""

from typing import Any

from claude_code_proxy.simulator import models, tokens
from claude_code_proxy.simulator.parsed_request import Caller, ParsedRequest
from claude_code_proxy.simulator.refusal import Refusal
from claude_code_proxy.simulator.rules import (
    caching,
    compaction,
    conversation,
    fields,
    media,
    signed_content,
    structured,
    thinking,
    tools,
)

RULES = (
    fields.check_limits,
    thinking.check_sampling,
    thinking.check,
    structured.check,
    tools.check,
    conversation.check,
    compaction.check,
    caching.check,
    media.check,
    signed_content.check_thinking,
    signed_content.check_search_results,
)


def validate(body: Any, caller: Caller) -> ParsedRequest:
    shaped = fields.check_shape(body, caller)
    model = models.find(shaped["model"])
    if model is None:
        raise Refusal(f"model: {shaped['model']}", 404)
    request = ParsedRequest(shaped, model, caller)
    for rule in RULES:
        rule(request)
    _check_length(request)
    return request


def _check_length(request: ParsedRequest) -> None:
    if request.caller.counting:
        return
    length = tokens.count_prompt(request)
    if length > request.model.window:
        raise Refusal(f"prompt is too long: {length} tokens > {request.model.window} maximum")
