"""Temperature and its kin, by model and by thinking."""

import pytest

from claude_code_proxy.simulator.models import MODELS
from claude_code_proxy.simulator.rules.sampling import BOTH
from tests.simulator.asking import OLD, PLAIN, Json, accepted, asking, words_of_refusal

MORE = (
    "Please consult our documentation at https://platform.claude.com/docs/en/build-with-claude/extended-thinking"
    "#important-considerations-when-using-extended-thinking"
)
SAMPLING = {
    "claude-haiku-4-5-20251001",
    "claude-opus-4-5-20251101",
    "claude-opus-4-6",
    "claude-sonnet-4-5-20250929",
    "claude-sonnet-4-6",
}


@pytest.mark.parametrize("model", [model.id for model in MODELS])
@pytest.mark.parametrize(("name", "value"), [("temperature", 0.2), ("top_p", 0.5), ("top_k", 40)])
def test_sampling_by_model(model: str, name: str, value: float) -> None:
    body = asking(model=model, **{name: value})
    if model in SAMPLING:
        accepted(body)
    else:
        assert words_of_refusal(body) == f"`{name}` is deprecated for this model."


@pytest.mark.parametrize("model", [model.id for model in MODELS])
def test_what_changes_nothing_is_accepted_everywhere(model: str) -> None:
    accepted(asking(model=model, temperature=1))
    accepted(asking(model=model, temperature=1.0))


def test_only_one_of_the_two() -> None:
    assert words_of_refusal(asking(temperature=0.5, top_p=0.9)) == BOTH
    accepted(asking(temperature=0.5, top_k=3))


@pytest.mark.parametrize(
    "body",
    [
        asking(model=OLD, max_tokens=4000, thinking={"type": "enabled", "budget_tokens": 2000}),
        asking(model=PLAIN, thinking={"type": "adaptive"}),
    ],
    ids=["enabled", "adaptive"],
)
def test_with_thinking(body: Json) -> None:
    when = "when thinking is enabled or in adaptive mode"
    assert words_of_refusal({**body, "temperature": 0.5}) == f"`temperature` may only be set to 1 {when}. {MORE}"
    assert words_of_refusal({**body, "top_k": 5}) == f"`top_k` must be unset {when}. {MORE}"
    assert words_of_refusal({**body, "top_p": 0.9}) == (
        f"`top_p` must be greater than or equal to 0.95 or unset {when}. {MORE}"
    )
    accepted({**body, "temperature": 1})
    accepted({**body, "top_p": 0.95})
