"""Whatever comes in is understood or refused by name: requests made from OpenAI's own types, and odd ones by hand."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_code_proxy import messages
from claude_code_proxy.adaptation.adapt import AdaptOptions, adapt
from claude_code_proxy.adjustment import Adjustment
from claude_code_proxy.endpoints.responses.support import REQUEST
from claude_code_proxy.errors import InvalidRequest
from claude_code_proxy.models.catalogue import BUILT_IN
from claude_code_proxy.simulator.parsed_request import Caller
from claude_code_proxy.simulator.validation import validate
from tests.endpoints.responses.odd_requests import NOTED, REFUSED, TAKEN
from tests.endpoints.responses.responses_replies import ENDPOINT, decode
from tests.endpoints.typed_requests import JSON, TEXT, Json, each_object, responses_requests

MODELS = ["claude-opus-5-5", "claude-sonnet-4-6", "claude-haiku-4-5"]
UNKNOWN = "not a field of this API"


def adjustments_of(request: Json, model: str) -> list[Adjustment]:
    """Translate, adapt and validate a request; raise the refusal of the simulated service. Return all adjustments."""
    decoded = decode(**request | {"model": model})
    adapted = adapt(decoded.request, BUILT_IN.find(model), options=AdaptOptions())
    validate(json.loads(messages.encode_request(adapted.request)), Caller(betas=frozenset(adapted.betas)))
    return [*decoded.adjustments, *adapted.adjustments]


def survives(body: bytes) -> None:
    """Either it is refused as the caller's mistake, or it makes a request that can be sent."""
    with suppress(InvalidRequest):
        json.loads(messages.encode_request(ENDPOINT.decode(body, "claude-default").request))


@given(responses_requests(), st.sampled_from(MODELS))
def test_a_valid_request_is_taken(request: Json, model: str) -> None:
    notes = adjustments_of(request, model)
    assert [note.path for note in notes if note.reason == UNKNOWN] == []


@given(responses_requests(), st.data())
def test_a_valid_request_with_one_value_turned_into_another(request: Json, data: st.DataObject) -> None:
    places: list[tuple[Json, str]] = []
    each_object(request, lambda value, _: places.extend((value, name) for name in value))
    place, name = data.draw(st.sampled_from(places))
    place[name] = data.draw(JSON)
    survives(json.dumps(request).encode())


@given(st.binary(max_size=200))
def test_any_bytes(body: bytes) -> None:
    survives(body)


@given(st.dictionaries(st.sampled_from(sorted(REQUEST)) | TEXT, JSON, max_size=6), st.booleans())
def test_any_json_in_any_field(fields: Json, with_input: bool) -> None:
    survives(json.dumps(({"input": "Hello."} if with_input else {}) | fields).encode())


@pytest.mark.parametrize("depth", [100, 10_000, 1_000_000])
@pytest.mark.parametrize("place", ["%b", '{"type":"message","role":"user","content":%b}', '{"type":"zz","a":%b}'])
def test_deep_nesting_is_taken_or_refused(depth: int, place: str) -> None:
    survives(b'{"input":[%b,"x"]}' % place.encode().replace(b"%b", b"[" * depth + b"]" * depth))


@pytest.mark.parametrize(("fields", "param"), REFUSED, ids=repr)
def test_refused_by_the_name_of_its_field(fields: Any, param: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        decode(**fields)
    assert caught.value.param == param
    assert 400 <= caught.value.status < 500


@pytest.mark.parametrize(("fields", "path"), NOTED, ids=repr)
def test_taken_and_named(fields: Any, path: str) -> None:
    assert path in {note.path for note in decode(**fields).adjustments}


@pytest.mark.parametrize("fields", [*TAKEN, *(fields for fields, _ in NOTED)], ids=repr)
def test_what_is_taken_is_what_the_service_takes(fields: Any) -> None:
    adjustments_of(fields, "claude-sonnet-4-6")
