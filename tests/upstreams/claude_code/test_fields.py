"""Every field of a Messages request has a way to Claude Code, and takes it."""

import json
from typing import Any

import pytest

from claude_code_proxy import messages
from claude_code_proxy.adaptation.adapt import Adapted, AdaptOptions, adapt
from claude_code_proxy.models.catalogue import BUILT_IN
from claude_code_proxy.upstreams.claude_code.capabilities import drop_unsupported, restrict
from claude_code_proxy.upstreams.claude_code.conversation import split
from claude_code_proxy.upstreams.claude_code.fields import FIELDS, Delivery
from claude_code_proxy.upstreams.claude_code.launch import to_launch
from tests.upstreams.every_field import PLAIN, SAMPLES, Sample, samples

WHOLLY_DROPPED = (messages.HostedTool, messages.Metadata)


def test_every_field_has_a_way() -> None:
    owners = [owner for owner in SAMPLES if owner not in WHOLLY_DROPPED]
    assert {owner: set(FIELDS[owner]) for owner in owners} == {owner: set(owner.__struct_fields__) for owner in owners}


def passed_on(request: messages.MessagesRequest) -> Adapted:
    """Return the request as Claude Code receives it, and the adjustments of what was removed."""
    supported, _ = drop_unsupported(request)
    return adapt(supported, restrict(BUILT_IN.find(request.model)), options=AdaptOptions(prompt_cache=False))


def of(sample: Sample, request: messages.MessagesRequest) -> Any:
    """Return the value of the sample's field in `request`."""
    if sample.owner is messages.MessagesRequest:
        return getattr(request, sample.field)
    return getattr(request.tools[0] if sample.owner is messages.Tool else request.output_config, sample.field, None)


@pytest.mark.parametrize("sample", [one for one in samples() if one.owner in FIELDS], ids=lambda one: str(one.name))
def test_each_field_takes_its_way(sample: Sample) -> None:
    sent = passed_on(sample.request)
    launch, plain = to_launch(sent.request), to_launch(passed_on(PLAIN).request)
    match FIELDS[sample.owner][sample.field]:
        case Delivery.OPTION:
            assert launch != plain
        case Delivery.BODY:
            assert json.loads(launch.body)[sample.field] == json.loads(messages.encode_request(sample.value))
        case Delivery.CONVERSATION:
            assert split(sent.request.messages) != split(PLAIN.messages)
        case Delivery.ADAPTED:
            assert of(sample, sent.request) != sample.value
            assert sent.adjustments
        case Delivery.DROPPED:
            assert drop_unsupported(sample.request)[1]
            assert (launch, split(sent.request.messages)) == (plain, split(PLAIN.messages))
        case Delivery.CONSTANT:
            assert launch == plain


@pytest.mark.parametrize("sample", [one for one in samples() if one.owner in WHOLLY_DROPPED], ids=lambda one: one.name)
def test_what_is_dropped_with_all_its_fields_is_reported(sample: Sample) -> None:
    supported, adjustments = drop_unsupported(sample.request)
    assert adjustments
    assert to_launch(supported) == to_launch(PLAIN)
