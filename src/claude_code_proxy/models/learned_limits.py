"""Turns the service's known refusals ("… is not supported for this model") into facts about the model.

Pure: text in, lesson out, and what a lesson makes of a model. When to try again, and how often, is the exchange's part.
A refusal that is about one request alone (a missing tool result, a schema too complex) teaches nothing here.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, assert_never, cast

from msgspec.structs import replace

from claude_code_proxy.models.model import EFFORTS, Effort, Model, Sampling, ThinkingKind, with_thinking

LackingFact = Literal[
    "forced_tool_choice",
    "forced_with_adaptive",
    "prefill",
    "mid_conversation_system",
    "structured_outputs",
    "strict_tools",
    "inference_geo",
]


@dataclass(frozen=True, slots=True)
class Lacks:
    """The model does not do this at all."""

    fact: LackingFact


@dataclass(frozen=True, slots=True)
class Samples:
    """The model takes fewer sampling parameters than we thought."""

    sampling: Sampling


@dataclass(frozen=True, slots=True)
class Thinks:
    """The model refuses one kind of thinking; the refusal may say which to use instead."""

    not_as: ThinkingKind
    but_as: frozenset[ThinkingKind] = frozenset()


@dataclass(frozen=True, slots=True)
class Efforts:
    """The levels of effort that the model takes; none at all when empty."""

    efforts: tuple[Effort, ...]


@dataclass(frozen=True, slots=True)
class OffMaxEffort:
    """The highest effort that goes with thinking switched off."""

    effort: Effort


@dataclass(frozen=True, slots=True)
class MaxOutput:
    tokens: int


@dataclass(frozen=True, slots=True)
class NoFast:
    """`speed: fast` is refused."""


LearnedLimit = Lacks | Samples | Thinks | Efforts | OffMaxEffort | MaxOutput | NoFast

_KINDS: frozenset[ThinkingKind] = frozenset({"adaptive", "enabled", "disabled", "between_tools"})
_NAMED_KIND = re.compile(r'"thinking\.type\.(\w+)"')


def _thinks(found: re.Match[str]) -> LearnedLimit | None:
    refused, *offered = _NAMED_KIND.findall(found.string)
    return Thinks(refused, _KINDS.intersection(offered) - {refused}) if refused in _KINDS else None


def _efforts(found: re.Match[str]) -> LearnedLimit:
    named = frozenset(re.findall(r"\w+", found[1]))
    return Efforts(tuple(effort for effort in EFFORTS if effort in named))


def _off_max_effort(found: re.Match[str]) -> LearnedLimit | None:
    return OffMaxEffort(cast("Effort", found[1])) if found[1] in EFFORTS else None


_ENABLED_INSTEAD: frozenset[ThinkingKind] = frozenset({"enabled", "disabled"})

# How a refusal begins, and what it teaches. Only the beginning counts: further on, a message may quote the request.
_REFUSALS: tuple[tuple[str, Callable[[re.Match[str]], LearnedLimit | None]], ...] = (
    (r'"thinking\.type\.\w+" is not supported with effort', lambda _: OffMaxEffort("high")),
    (r'"thinking\.type\.\w+" is not supported', _thinks),
    (r"adaptive thinking is not supported", lambda _: Thinks("adaptive", _ENABLED_INSTEAD)),
    (r"`temperature` and `top_p` cannot both be specified", lambda _: Samples("one_of")),
    (r"`?(?:temperature|top_p|top_k)`? is (?:deprecated|not supported) for this model", lambda _: Samples("none")),
    (r"This model does not support effort level '\w+'\. Supported levels: ([\w, ]+)", _efforts),
    (r"This model does not support the effort parameter", lambda _: Efforts(())),
    (r"output_config\.effort '\w+' is not supported when thinking is disabled.*?Use effort '(\w+)'", _off_max_effort),
    (r'tool_choice: type "tool" and "any" are not supported', lambda _: Lacks("forced_tool_choice")),
    (r"tool_choice forces tool use is not compatible", lambda _: Lacks("forced_tool_choice")),
    (r"Thinking may not be enabled when tool_choice forces", lambda _: Lacks("forced_with_adaptive")),
    (r"This model does not support assistant message prefill", lambda _: Lacks("prefill")),
    (r"role 'system' is not supported on this model", lambda _: Lacks("mid_conversation_system")),
    (r"(?:This model|'[^']+') does not support structured outputs", lambda _: Lacks("structured_outputs")),
    (r"(?:This model|'[^']+') does not support output format", lambda _: Lacks("structured_outputs")),
    (r"(?:This model|'[^']+') does not support strict tools", lambda _: Lacks("strict_tools")),
    (r"tools\.\d+\.(?:custom\.)?strict: Extra inputs are not permitted", lambda _: Lacks("strict_tools")),
    (r"output_config\.format: Extra inputs are not permitted", lambda _: Lacks("structured_outputs")),
    (r"output_config\.effort: Extra inputs are not permitted", lambda _: Efforts(())),
    (r"`?inference_geo`? is not supported for this model", lambda _: Lacks("inference_geo")),
    (r"(?:`?speed`?|'fast') is not supported for this model", lambda _: NoFast()),
    (r"max_tokens: \d+ > (\d+), which is the maximum allowed", lambda found: MaxOutput(int(found[1]))),
)
_PATH = r"(?:[\w.]+: )?"  # some refusals begin with the path of the field
_COMPILED = tuple((re.compile(_PATH + start, re.DOTALL), limit) for start, limit in _REFUSALS)


def learn_limit(message: str) -> LearnedLimit | None:
    """The lesson in the words of a 400, or None when they teach nothing about the model."""
    for pattern, limit in _COMPILED:
        found = pattern.match(message)
        if found:
            return limit(found)
    return None


def apply_limit(limit: LearnedLimit, model: Model) -> Model:
    """The model as it is after the lesson."""
    match limit:
        case Lacks(fact):
            return replace(model, **{fact: False})
        case Samples(sampling):
            return replace(model, sampling=sampling)
        case Thinks(not_as, but_as):
            return with_thinking(model, (model.thinking | but_as) - {not_as})
        case Efforts(efforts):
            return replace(model, efforts=efforts, default_effort=_nearest(model.default_effort, efforts))
        case OffMaxEffort(effort):
            return replace(model, off_max_effort=effort)
        case MaxOutput(tokens):
            return replace(model, max_output=tokens)
        case NoFast():
            return replace(model, fast="no")
        case _:
            assert_never(limit)


def _nearest(effort: Effort | None, among: tuple[Effort, ...]) -> Effort | None:
    if effort in among:
        return effort
    return "high" if "high" in among else (among[-1] if among else None)
