"""Which names stand in the list, and which model a name means."""

import pytest

from claude_code_proxy.endpoints.models.selection import find_model, named_models
from claude_code_proxy.errors import InvalidRequest
from claude_code_proxy.models.catalogue import BUILT_IN


def test_aliases_stand_last_and_patterns_are_no_names() -> None:
    names = dict(named_models(BUILT_IN.with_aliases({"gpt-4o": "claude-sonnet-4-6", "gpt-*": "claude-opus-5"})))
    assert list(names)[-1] == "gpt-4o"
    assert names["gpt-4o"].id == "claude-sonnet-4-6"


@pytest.mark.parametrize("name", ["gpt-9", "claude-3-opus-20240229"])
def test_unknown_and_retired_models_are_not_found(name: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        find_model(BUILT_IN, name)
    assert (caught.value.status, caught.value.code, caught.value.param) == (404, "model_not_found", "model")


def test_a_retired_model_names_its_successor() -> None:
    with pytest.raises(InvalidRequest, match="Use claude-opus"):
        find_model(BUILT_IN, "claude-3-opus-20240229")


@pytest.mark.parametrize("name", ["claude-opus-5", "opus-5-alias"])
def test_a_model_is_found_by_its_id_and_by_an_alias(name: str) -> None:
    assert find_model(BUILT_IN.with_aliases({"opus-5-alias": "claude-opus-5"}), name).id == "claude-opus-5"
