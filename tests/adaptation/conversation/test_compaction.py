"""Summaries: asked for, put first, or made of words where the model has no compaction of its own."""

import pytest
from msgspec import Raw
from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adaptation.adapt import Adapted, AdaptOptions, adapt, readapt
from claude_code_proxy.adaptation.conversation.compaction import BETA, SummaryAnswer
from claude_code_proxy.errors import Diagnosis, DiagnosisKind, UpstreamBroke, UpstreamRejected
from claude_code_proxy.models.catalogue import BUILT_IN
from tests.adaptation.requests import NEWEST, OLD, assistant, call, request, result, tool, user
from tests.endpoints.replies import accumulated

SIGNED = messages.Compaction("Ann said hello.", signature="c2ln", tool_changes=Raw(b"[]"))
OWN = messages.Compaction("Ann said hello.")


def adapted(made: messages.MessagesRequest) -> Adapted:
    return adapt(made, BUILT_IN.find(made.model), options=AdaptOptions(prompt_cache=False))


def sent(*turns: messages.InputMessage, model: str = NEWEST) -> list[tuple[str, str]]:
    """Return role and text of each block that is sent."""
    made = adapted(request(*turns, model=model)).request
    return [
        (turn.role, getattr(block, "text", None) or str(getattr(block, "content", block)))
        for turn in made.messages
        for block in turn.content
    ]


def test_a_signed_summary_comes_first_and_the_words_of_the_user_follow_it() -> None:
    turns = (user("My name is Ann."), assistant(call()), user(result()), assistant(SIGNED), user("Go on."))
    made = sent(*turns)
    assert made[0] == ("assistant", "Ann said hello.")
    assert [role for role, _ in made[1:]] == ["user"] * 3
    assert [text for _, text in made[2:]] == ["My name is Ann.", "Go on."]
    assert adapted(request(*turns, model=NEWEST)).betas == (BETA,)


def test_only_the_last_summary_counts() -> None:
    later = messages.Compaction("Ann said goodbye.", signature="c2ln")
    made = sent(assistant(SIGNED), user("Goodbye."), assistant(later), user("Go on."))
    assert [text for _, text in made if "Ann said" in text] == ["Ann said goodbye."]


def test_a_conversation_that_is_only_a_summary_goes_on() -> None:
    assert [role for role, _ in sent(assistant(SIGNED))] == ["assistant", "user"]


@pytest.mark.parametrize(("summary", "model"), [(OWN, NEWEST), (SIGNED, OLD)])
def test_any_other_summary_is_text_of_the_user(summary: messages.Compaction, model: str) -> None:
    turns = (user("My name is Ann."), assistant(call()), user(result()), assistant(summary), user("Go on."))
    made = sent(*turns, model=model)
    assert [role for role, _ in made] == ["user"] * 3
    assert "Ann said hello." in made[1][1]
    assert adapted(request(*turns, model=model)).betas == ()


def test_a_failed_summary_stands_for_nothing() -> None:
    made = sent(user("Hello."), assistant(messages.Compaction()), user("Go on."))
    assert [text for _, text in made] == ["Hello.", "Go on."]


def test_summaries_of_context_management_stay_where_they_are() -> None:
    edits = Raw(b'{"edits":[{"type":"compact_20260112"}]}')
    turns = (user("Hello."), assistant(OWN), user("Go on."))
    made = adapted(request(*turns, model=NEWEST, context_management=edits)).request
    assert [turn.content[0] for turn in made.messages] == [turn.content[0] for turn in turns]


def test_the_service_is_asked_where_the_model_has_it() -> None:
    made = adapted(request(user("Hello."), model=NEWEST, compaction=messages.Summarize()))
    assert (made.request.compaction, made.betas, made.filter) == (messages.Summarize(), (BETA,), None)


def test_else_the_model_is_asked_in_words_and_its_text_is_the_summary() -> None:
    made = adapted(request(user("Hello."), model=OLD, compaction=messages.Summarize(), tools=(tool(),)))
    assert (made.request.compaction, made.betas) == (None, ())
    assert isinstance(made.request.tool_choice, messages.ChooseNone)
    assert made.filter is not None
    answer = messages.Message("msg_1", OLD, (messages.Thinking("Hm.", "c2ln"), messages.Text("They said hello.")))
    whole = made.filter().message(answer)
    assert (whole.content, whole.stop_reason) == ((messages.Compaction("They said hello."),), "compaction")
    stream = made.filter()
    events = [out for event in messages.as_events(answer) for out in stream.feed(event)]
    assert accumulated([*events, *stream.close()]) == whole


def test_an_answer_without_a_summary_is_a_failure() -> None:
    with pytest.raises(UpstreamBroke):
        SummaryAnswer().message(messages.Message("msg_1", OLD, ()))


def test_a_refusal_of_the_field_is_answered_by_asking_in_words() -> None:
    made = adapted(request(user("Hello."), model=NEWEST, compaction=messages.Summarize()))
    diagnosis = Diagnosis(DiagnosisKind.REFUSED_FIELD, field="compaction")
    error = UpstreamRejected("compaction: not supported", status=400, kind="invalid_request_error")
    second = readapt(made, error.replace(diagnosis=diagnosis), model=BUILT_IN.find(NEWEST))
    assert second is not None
    assert second.request.compaction is None
    assert second.filter is not None
    assert replace(made, request=second.request).original == made.original
