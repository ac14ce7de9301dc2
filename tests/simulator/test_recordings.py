"""The rules against real traffic: what the service accepted is accepted, what it refused is refused in the same words.

Exceptions stand in three tables, each with its reason.
"""

import json

import pytest

from claude_code_proxy.simulator.refusal import Refusal
from claude_code_proxy.simulator.validation import validate
from tests.simulator.recorded import RETIRED, caller_of, modernize, recordings
from tests.simulator.requests import Json

# Accepted or refused then for a reason that no longer holds, or that is not in the request.
EXCEPTIONS = {
    "braintrust-messages-model-params-inputs-s1-stream": "Claude 3 took temperature and top_p together; no "
    "living model does",
    "lingua-anthropic-mid-conversation-system-message": "Opus 4.8 had not learnt system messages in a conversation yet",
    "rubyllm-chat-error-handling-with-haiku-4-5-raises-appropriate-auth-error": "the key was wrong; the request is not",
    "sdkpy-d743d628-16aa-4c9f-ae78-51deb578f746": "the account was at its rate limit; the request is well formed",
}
# Besides, recorded thinking and search results carry seals that only the real service can verify: they are sealed anew.

ALL = recordings()


def is_refusal(recording: Json) -> bool:
    return bool(recording["response"]["status"] >= 400)


def cases(*, refusals: bool) -> list[object]:
    return [pytest.param(name, one, id=name) for name, one in ALL if is_refusal(one) is refusals]


@pytest.mark.parametrize(("name", "recording"), cases(refusals=False))
def test_what_was_accepted_is_accepted(name: str, recording: Json) -> None:
    if name in EXCEPTIONS:
        with pytest.raises(Refusal):
            validate(modernize(recording["request"]), caller_of(recording))
        return
    validate(modernize(recording["request"]), caller_of(recording))


@pytest.mark.parametrize(("name", "recording"), cases(refusals=True))
def test_what_was_refused_is_refused_in_the_same_words(name: str, recording: Json) -> None:
    if name in EXCEPTIONS:
        validate(modernize(recording["request"]), caller_of(recording))
        return
    with pytest.raises(Refusal) as caught:
        validate(modernize(recording["request"]), caller_of(recording))
    error = recording["response"]["body"]["error"]
    assert (caught.value.status, caught.value.kind) == (recording["response"]["status"], error["type"])
    assert caught.value.message == error["message"]


def test_retired_models_are_not_found() -> None:
    gone = {one["request"]["model"] for _, one in ALL} & set(RETIRED)
    for model in gone:
        with pytest.raises(Refusal, match=f"^model: {model}$") as caught:
            validate(
                {"model": model, "max_tokens": 1, "messages": [{"role": "user", "content": "a"}]},
                caller_of({"endpoint": ""}),
            )
        assert caught.value.status == 404


def test_no_exception_is_stale() -> None:
    names = {name for name, _ in ALL}
    assert set(EXCEPTIONS) <= names
    assert set(RETIRED) <= {one["request"]["model"] for _, one in ALL}


def test_thinking_of_the_real_service_is_not_ours_to_verify() -> None:
    foreign = [one for _, one in ALL if '"signature"' in json.dumps(one["request"]) and not is_refusal(one)]
    assert foreign
    for recording in foreign:
        request = {
            **recording["request"],
            "model": RETIRED.get(recording["request"]["model"], recording["request"]["model"]),
        }
        with pytest.raises(Refusal, match="Invalid `signature` in `thinking` block"):
            validate(request, caller_of(recording))
