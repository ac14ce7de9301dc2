"""The one reader of Anthropic's prose: what the text of an error means, as a `Diagnosis`.

A new text is a new line of `_PHRASES`, with the place where it was seen. The first line that fits decides, so a text
that is about the model as a whole stands before one that is about a single request.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from msgspec.structs import replace

from claude_code_proxy.errors import (
    Diagnosis,
    DiagnosisKind,
    EffortLimit,
    EffortWithoutThinking,
    LackingFact,
    LacksFastMode,
    LacksFeature,
    LearnedLimit,
    OutputLimit,
    SamplingLimit,
    ThinkingLimit,
)
from claude_code_proxy.models.model import EFFORTS

_BAD_REQUEST = frozenset({400})
_TOO_LONG = frozenset({400, 413})
_MONEY = frozenset({400, 402, 403, 429})
_ACCESS = frozenset({400, 401, 403})
_NOT_FOUND = frozenset({404})
_ANY = frozenset({400, 403, 500, 529})

_SPENT_CODES = frozenset({
    "contract_spend_limit_reached",
    "enforced_spend_limit_reached",
    "linked_organization_spend_limit_reached",
})
"""The `error_code` of a limit on money. Source: anthropic-sdk-python `_error_classes.py`."""

_Read = Callable[[re.Match[str]], Diagnosis]


class _Phrase(NamedTuple):
    """One text of the service: its pattern, where it was seen, and what it means under one of `statuses`."""

    pattern: re.Pattern[str]
    source: str
    statuses: frozenset[int]
    read: _Read


# --- what each kind of phrase reads from its text ---------------------------------------------------------------------


def _limit(limit: LearnedLimit) -> _Read:
    diagnosis = Diagnosis(DiagnosisKind.MODEL_LIMIT, limit=limit)
    return lambda _: diagnosis


def _lacks(fact: LackingFact) -> _Read:
    return _limit(LacksFeature(fact))


_THINKING_TYPES = frozenset({"adaptive", "enabled", "disabled", "between_tools"})
_NAMED_TYPE = re.compile(r'"thinking\.type\.(\w+)"')


def _thinking_types(found: re.Match[str]) -> Diagnosis:
    """Read the type that is refused, which comes first, and those that are offered in its place."""
    refused, *offered = _NAMED_TYPE.findall(found.string)
    if refused not in _THINKING_TYPES:
        return Diagnosis()
    limit = ThinkingLimit(refused, _THINKING_TYPES.intersection(offered) - {refused})
    return Diagnosis(DiagnosisKind.MODEL_LIMIT, limit=limit)


def _efforts(found: re.Match[str]) -> Diagnosis:
    named = frozenset(re.findall(r"\w+", found[1]))
    levels = tuple(effort for effort in EFFORTS if effort in named)
    return Diagnosis(DiagnosisKind.MODEL_LIMIT, limit=EffortLimit(levels))


def _effort_without_thinking(found: re.Match[str]) -> Diagnosis:
    if found[1] not in EFFORTS:
        return Diagnosis()
    return Diagnosis(DiagnosisKind.MODEL_LIMIT, limit=EffortWithoutThinking(found[1]))


def _max_tokens(found: re.Match[str]) -> Diagnosis:
    return Diagnosis(DiagnosisKind.MODEL_LIMIT, limit=OutputLimit(_number(found[1])))


def _overflow(found: re.Match[str]) -> Diagnosis:
    """Read the numbers where they are stated: the tokens of the prompt, perhaps those of the answer, and the window."""
    numbers = {name: _number(text) for name, text in found.groupdict().items() if text}
    tokens = numbers["tokens"] + numbers.get("answer", 0) if "tokens" in numbers else None
    return Diagnosis(DiagnosisKind.CONTEXT_OVERFLOW, tokens=tokens, window=numbers.get("window"))


def _number(text: str) -> int:
    return int(text.replace(",", ""))


def _unknown_model(found: re.Match[str]) -> Diagnosis:
    return Diagnosis(DiagnosisKind.UNKNOWN_MODEL, model=found["model"])


def _unknown_betas(found: re.Match[str]) -> Diagnosis:
    return Diagnosis(DiagnosisKind.UNKNOWN_BETA, betas=tuple(re.findall(r"`([^`]+)`", found["betas"])))


def _is(kind: DiagnosisKind) -> _Read:
    diagnosis = Diagnosis(kind, may_retry=kind is not DiagnosisKind.OUT_OF_MONEY)
    return lambda _: diagnosis


# --- the table --------------------------------------------------------------------------------------------------------

# Where a text was seen: a page, or an issue on GitHub that quotes the reply.
_DOCS = "https://platform.claude.com/docs/en/api/errors"
_GATEWAYS = "gateways that speak this API; each has words of its own"
_UNVERIFIED = "not verified: the text is known from an earlier version of this table only"

# Only the beginning counts: further on, a message may quote the request. Some refusals begin with the path of a field.
_STARTS: tuple[tuple[str, str, _Read], ...] = (
    (
        r'"thinking\.type\.\w+" is not supported with effort',
        _UNVERIFIED,
        _limit(EffortWithoutThinking("high")),
    ),
    (r'"thinking\.type\.\w+" is not supported', _UNVERIFIED, _thinking_types),
    (
        r"adaptive thinking is not supported",
        _UNVERIFIED,
        _limit(ThinkingLimit("adaptive", frozenset({"enabled", "disabled"}))),
    ),
    (
        r"`temperature` and `top_p` cannot both be specified",
        "skydiscover-ai/skydiscover#15",
        _limit(SamplingLimit("one_of")),
    ),
    (
        r"`?(?:temperature|top_p|top_k)`? is (?:deprecated|not supported) for this model",
        "The-PR-Agent/pr-agent#2456",
        _limit(SamplingLimit("none")),
    ),
    (r"This model does not support effort level '\w+'\. Supported levels: ([\w, ]+)", _UNVERIFIED, _efforts),
    (r"This model does not support the effort parameter", "anthropics/claude-code#30010", _limit(EffortLimit(()))),
    (
        r"output_config\.effort '\w+' is not supported when thinking is disabled.*?Use effort '(\w+)'",
        "anthropics/claude-code#76997",
        _effort_without_thinking,
    ),
    (r'tool_choice: type "tool" and "any" are not supported', _UNVERIFIED, _lacks("forced_tool_choice")),
    (r"tool_choice forces tool use is not compatible", _UNVERIFIED, _lacks("forced_tool_choice")),
    (r"Thinking may not be enabled when tool_choice forces", "mastra-ai/mastra#7507", _lacks("forced_with_adaptive")),
    (
        r"This model does not support assistant message prefill",
        "smallmain/vscode-unify-chat-provider#249",
        _lacks("prefill"),
    ),
    (
        r"role 'system' is not supported on this model",
        "anthropics/claude-code#61412",
        _lacks("mid_conversation_system"),
    ),
    (r"(?:This model|'[^']+') does not support structured outputs", _UNVERIFIED, _lacks("structured_outputs")),
    (r"(?:This model|'[^']+') does not support output format", _UNVERIFIED, _lacks("structured_outputs")),
    (r"(?:This model|'[^']+') does not support strict tools", _UNVERIFIED, _lacks("strict_tools")),
    (r"tools\.\d+\.(?:custom\.)?strict: Extra inputs are not permitted", _UNVERIFIED, _lacks("strict_tools")),
    (r"output_config\.format: Extra inputs are not permitted", _UNVERIFIED, _lacks("structured_outputs")),
    (r"output_config\.effort: Extra inputs are not permitted", _UNVERIFIED, _limit(EffortLimit(()))),
    (r"`?inference_geo`? is not supported for this model", _UNVERIFIED, _lacks("inference_geo")),
    (r"(?:`?speed`?|'fast') is not supported for this model", _UNVERIFIED, _limit(LacksFastMode())),
    (r"max_tokens: [\d,]+ > ([\d,]+), which is the maximum allowed", "anthropics/claude-code#24451", _max_tokens),
)

_SIGNATURE, _BOUND = _is(DiagnosisKind.THINKING_REFUSED), _is(DiagnosisKind.THINKING_BOUND)
_NO_THINKING, _GRAMMAR = _is(DiagnosisKind.THINKING_MISSING), _is(DiagnosisKind.GRAMMAR_TOO_COMPLEX)
_HOSTED, _SPENT = _is(DiagnosisKind.HOSTED_RESULTS_REFUSED), _is(DiagnosisKind.OUT_OF_MONEY)
_LOGIN, _FILTERED = _is(DiagnosisKind.LOGIN_REFUSED), _is(DiagnosisKind.CONTENT_FILTERED)

# Anywhere in the text, in any case.
_INSIDE: tuple[tuple[str, str, frozenset[int], _Read], ...] = (
    (
        r"prompt is too long: (?P<tokens>[\d,]+) tokens? > (?P<window>[\d,]+)",
        "anthropics/claude-code#12186",
        _TOO_LONG,
        _overflow,
    ),
    (
        r"exceed context limit: (?P<tokens>[\d,]+) \+ (?P<answer>[\d,]+) > (?P<window>[\d,]+)",
        "docker/docker-agent#569",
        _TOO_LONG,
        _overflow,
    ),
    (r"Request size exceeds model context window", "anthropics/claude-code#6368", _TOO_LONG, _overflow),
    (r"prompt is too long", _DOCS, _TOO_LONG, _overflow),
    (r"input is too long", "anthropics/claude-code#8637", _TOO_LONG, _overflow),
    (r"exceeds? (?:the )?(?:model(?:'s)? )?(?:maximum )?context", _UNVERIFIED, _TOO_LONG, _overflow),
    (r"bound to a different conversation", "anomalyco/opencode#48637", _BAD_REQUEST, _BOUND),
    (
        r"Invalid `signature` in `(?:redacted_)?thinking`",
        "anthropics/anthropic-sdk-python#1598",
        _BAD_REQUEST,
        _SIGNATURE,
    ),
    (
        r"thinking`? blocks? in the latest assistant message cannot be modified",
        "anthropics/claude-code#63284",
        _BAD_REQUEST,
        _SIGNATURE,
    ),
    (
        r"thinking\.signature: (?:Field required|Input should be)",
        "JohnnyZ93/oai-compatible-copilot#217",
        _BAD_REQUEST,
        _SIGNATURE,
    ),
    (r"final block in an assistant message cannot be", "tailcallhq/forgecode#2107", _BAD_REQUEST, _SIGNATURE),
    (
        r"an `assistant` message in the final position cannot contain `thinking`",
        "tailcallhq/forgecode#1195",
        _BAD_REQUEST,
        _SIGNATURE,
    ),
    (r"Invalid `encrypted_(?:content|index)`|`\w+_tool_result` block", "code-yeongyu/senpi#150", _BAD_REQUEST, _HOSTED),
    (r"the first block must be `?thinking", "anthropics/claude-code#20705", _BAD_REQUEST, _NO_THINKING),
    (
        r"Expected `thinking` or `redacted_thinking`, but found",
        "lbjlaq/Antigravity-Manager#139",
        _BAD_REQUEST,
        _NO_THINKING,
    ),
    (r"Too many strict tools", _UNVERIFIED, _BAD_REQUEST, _GRAMMAR),
    (
        r"Schemas? contains? too many (?:optional param|parameters with union)",
        "elie222/inbox-zero#2662",
        _BAD_REQUEST,
        _GRAMMAR,
    ),
    (r"Schema is too complex", "genkit-ai/genkit#5230", _BAD_REQUEST, _GRAMMAR),
    (r"compiled grammar is too large", "anthropics/anthropic-sdk-typescript#885", _BAD_REQUEST, _GRAMMAR),
    (r"Grammar compilation timed out", _UNVERIFIED, _BAD_REQUEST, _GRAMMAR),
    (r"output_config\.format(?:\.schema)?: |tools\.\d+\.custom: ", _UNVERIFIED, _BAD_REQUEST, _GRAMMAR),
    (r"Circular reference", _UNVERIFIED, _BAD_REQUEST, _GRAMMAR),
    (r"credit balance is too low", "anthropics/claude-code#66314", _MONEY, _SPENT),
    (r"specified API usage limits", "anthropics/claude-code#38035", _MONEY, _SPENT),
    (r"out of extra usage", "NousResearch/hermes-agent#20732", _MONEY, _SPENT),
    (r"extra usage is required", "anthropics/claude-code#42616", _MONEY, _SPENT),
    (r"usage credits are required", "anthropics/claude-code#64982", _MONEY, _SPENT),
    (r"spend(?:ing)? limit", _DOCS, _MONEY, _SPENT),
    (r"only authorized for use with Claude", "anthropics/claude-code#8046", _ACCESS, _LOGIN),
    (r"OAuth authentication", "anthropics/claude-code#28091", _ACCESS, _LOGIN),
    (r"Third-party apps", "anthropics/claude-code#45048", _ACCESS, _LOGIN),
    (
        r"Unexpected value\(s\) (?P<betas>.+?) for the `anthropic-beta` header",
        "anthropics/claude-code#53855",
        _BAD_REQUEST,
        _unknown_betas,
    ),
    (r"\Amodel: ?(?P<model>\S+)\Z", "anthropics/claude-code#5349", _NOT_FOUND, _unknown_model),
    (
        r"issue with the selected model \((?P<model>[^)]+)\)",
        "anthropics/claude-code#50229",
        _NOT_FOUND,
        _unknown_model,
    ),
    (
        (
            r"\bmodel(?: id| name)?:? (?:(?:`[^`]+`|'[^']+'|\"[^\"]+\"|\S*[-/.:\d]\S*) )?(?:(?:was|is|could) )?"
            r"(?:not (?:be )?(?:found|available|supported)|does(?: not|n't) exist)"
        ),
        _GATEWAYS,
        _NOT_FOUND,
        _is(DiagnosisKind.UNKNOWN_MODEL),
    ),
    (r"\b(?:unknown|no such|invalid|unsupported) model\b", _GATEWAYS, _NOT_FOUND, _is(DiagnosisKind.UNKNOWN_MODEL)),
    (r"Output blocked by content filtering policy", "anthropics/claude-code#58367", _ANY, _FILTERED),
)

_PATH = r"(?:[\w.]+: )?"
_PHRASES: tuple[_Phrase, ...] = (
    *(
        _Phrase(re.compile(r"\A" + _PATH + text, re.DOTALL), source, _BAD_REQUEST, read)
        for text, source, read in _STARTS
    ),
    *(_Phrase(re.compile(text, re.IGNORECASE), source, statuses, read) for text, source, statuses, read in _INSIDE),
)


# --- the reader -------------------------------------------------------------------------------------------------------


def diagnose(message: str, *, status: int, kind: str, error_code: str | None = None) -> Diagnosis:
    """Return what an error means: by its code, its text, its type and its status, in this order."""
    if error_code in _SPENT_CODES or kind == "billing_error":
        return Diagnosis(DiagnosisKind.OUT_OF_MONEY, may_retry=False)
    diagnosis = _by_text(message, status) or _by_status(status)
    if status != 400:
        return diagnosis
    field, block = _field(message), _block(message)
    if diagnosis.kind is DiagnosisKind.OTHER and field is not None:
        diagnosis = Diagnosis(DiagnosisKind.REFUSED_FIELD)
    return replace(diagnosis, field=field, block=block) if field or block else diagnosis


def _by_text(message: str, status: int) -> Diagnosis | None:
    for phrase in _PHRASES:
        if status in phrase.statuses and (found := phrase.pattern.search(message)):
            return phrase.read(found)
    return None


def _by_status(status: int) -> Diagnosis:
    match status:
        case 401:
            return Diagnosis(DiagnosisKind.CREDENTIAL_REFUSED)
        case 413:
            return Diagnosis(DiagnosisKind.REQUEST_TOO_LARGE)
        case _:
            return Diagnosis()


_FIELD = re.compile(
    r"[`\"]?(?P<path>(?:max_tokens|messages|metadata|model|output_config|speed|stop_sequences|stream|system|temperature"
    r"|thinking|tool_choice|tools|top_k|top_p)(?:\.\w+)*)(?::|[`\"][ :])"
)
_PLACE = re.compile(r"messages\.(\d+)\.content\.(\d+)(?:\.(?:tool_result\.)?content\.(\d+))?\b")


def _field(message: str) -> str | None:
    """Return the request field that the text begins with, as a Messages path: `tools[3].custom.name`."""
    found = _FIELD.match(message)
    return re.sub(r"\.(\d+)(?=\.|$)", r"[\1]", found["path"]) if found else None


def _block(message: str) -> tuple[int, ...]:
    """Return the place of the content block that the text names; empty if it names none."""
    found = _PLACE.search(message)
    return tuple(int(number) for number in found.groups() if number is not None) if found else ()
