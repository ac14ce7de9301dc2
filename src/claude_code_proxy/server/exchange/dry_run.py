"""`POST /v1/translate`: show what a request would become, without sending it.

The answer holds the Messages request as it would go out, every adjustment, where its cache breakpoints are, and what it
would use and cost by a rough count.
"""

from collections.abc import Sequence

import msgspec
from msgspec import Raw, Struct

from claude_code_proxy import messages
from claude_code_proxy.adaptation.conversation.conversion import find_unfit
from claude_code_proxy.adjustment import Adjustment, with_client_names
from claude_code_proxy.endpoints.betas import normalize_betas
from claude_code_proxy.endpoints.endpoint import DecodedRequest, Endpoint
from claude_code_proxy.errors import InvalidRequest
from claude_code_proxy.messages.rough_count import parts_of, tokens_of
from claude_code_proxy.models.model import Model
from claude_code_proxy.models.pricing import Billed, cost_usd
from claude_code_proxy.server.app_state import AppState
from claude_code_proxy.server.exchange.error_location import client_field
from claude_code_proxy.server.exchange.upstream_run import prepare
from claude_code_proxy.state.kept_thinking import NOTHING_FOUND, turn_keys


class Breakpoint(Struct, frozen=True):
    """`at` is the path of a block in the request; `prefix_tokens` what would be cached up to it."""

    at: str
    ttl: str
    prefix_tokens: int
    cached: bool  # long enough for this model


class CachePlan(Struct, frozen=True):
    minimum_tokens: int
    breakpoints: tuple[Breakpoint, ...]


class Estimate(Struct, frozen=True):
    """USD, for all `choices`; None where the price is not known. `input_from_cache`: all of the input is cached."""

    choices: int
    input_tokens: int
    max_output_tokens: int
    input: float | None
    input_from_cache: float | None
    output_at_most: float | None


class DryRun(Struct, frozen=True):
    model: str
    known_model: bool
    request: Raw
    betas: tuple[str, ...]
    adjustments: tuple[Adjustment, ...]
    cache: CachePlan
    estimate: Estimate
    note: str = "Nothing was sent. Tokens and costs are rough estimates."


async def dry_run(state: AppState, endpoint: Endpoint, *, body: bytes, betas: str = "") -> bytes:
    """Render the dry run; `betas` is the caller's header. Raise `InvalidRequest` where the endpoint would."""
    decoded = endpoint.decode(body, state.policy.default_model)
    adjustments = decoded.adjustments
    if unfit := find_unfit(decoded.request):
        decoded, converted = await _converted(state, decoded, unfit=unfit)
        adjustments += converted
    passed_on, ignored = normalize_betas(betas, is_supported=state.profile.supports("betas"))
    keys = turn_keys(decoded.request.messages)
    found = await state.kept_thinking.find(keys) if keys else NOTHING_FOUND
    model = state.catalogue.find(decoded.request.model)
    try:
        _, model, adapted = prepare(state, decoded.request, model=model, found=found)
    except InvalidRequest as error:
        raise _in_client_words(error, decoded) from error
    plan, tokens = _cache_plan(adapted.request, model)
    return msgspec.json.encode(
        DryRun(
            model=model.id,
            known_model=model.known,
            request=Raw(messages.encode_request(adapted.request)),
            betas=tuple(dict.fromkeys(passed_on + adapted.betas)),
            adjustments=adjustments + ignored + with_client_names(adapted.adjustments, decoded.field_name),
            cache=plan,
            estimate=_estimate(model, adapted.request, tokens=tokens, choices=decoded.n),
        )
    )


async def _converted(
    state: AppState, decoded: DecodedRequest, *, unfit: Sequence[str]
) -> tuple[DecodedRequest, tuple[Adjustment, ...]]:
    try:
        return await state.images.convert(decoded, unfit)
    except InvalidRequest as error:
        raise _in_client_words(error, decoded) from error


def _in_client_words(error: InvalidRequest, decoded: DecodedRequest) -> InvalidRequest:
    param = client_field(error, decoded.request, field_name=decoded.field_name)
    return InvalidRequest(error.message, param=param, code=error.code, status=error.status)


def _cache_plan(request: messages.MessagesRequest, model: Model) -> tuple[CachePlan, int]:
    """Return the plan, and the rough count of all input tokens."""
    tokens = 0
    found = []
    for at, block in parts_of(request):
        tokens += tokens_of(block)
        control = block.cache_control
        if control is not None:
            found.append(Breakpoint(at, control.ttl or "5m", tokens, tokens >= model.cache_minimum))
    return CachePlan(model.cache_minimum, tuple(found)), tokens


def _estimate(model: Model, request: messages.MessagesRequest, *, tokens: int, choices: int) -> Estimate:
    fast, us_only = request.speed == "fast", request.inference_geo == "us"

    def cost(new: int = 0, *, cached: int = 0, output: int = 0) -> float | None:
        return cost_usd(model, Billed(new, output, cached, fast=fast, us_only=us_only))

    def of_all(usd: float | None) -> float | None:
        return None if usd is None else round(usd * choices, 8)

    input_cost, total_cost = cost(tokens), cost(tokens, output=request.max_tokens)
    return Estimate(
        choices=choices,
        input_tokens=tokens,
        max_output_tokens=request.max_tokens,
        input=of_all(input_cost),
        input_from_cache=of_all(cost(cached=tokens)),
        output_at_most=None if input_cost is None or total_cost is None else of_all(total_cost - input_cost),
    )
