"""What is kept of a turn: enough to make it what it was, of what its client still tells."""

from msgspec import Raw

from claude_code_proxy import messages
from claude_code_proxy.state.turn import decode, encode, rebuilt, reduced, to_turn

THOUGHT = messages.Thinking("Hm.", "signed")
LATER = messages.RedactedThinking("sealed")
CALL = messages.ToolUse("toolu_1", "look", Raw(b"{}"))
NEWS = messages.UnknownBlock("code_execution_tool_result", b'{"type":"code_execution_tool_result","tool_use_id":"s"}')
RUN = messages.ServerToolUse("s", "code_execution", Raw(b"{}"))
WHOLE = (THOUGHT, RUN, NEWS, LATER, messages.Text("So "), messages.Text("it is."), CALL)


def test_there_and_back() -> None:
    message = messages.Message("msg_1", "claude-opus-5", WHOLE)
    turn = decode(encode(to_turn(message, model="claude-opus-5", prefix=b"p", previous=b"q")))
    assert turn is not None
    assert (turn.model, turn.prefix, turn.previous) == ("claude-opus-5", b"p", b"q")
    assert rebuilt(turn, (messages.Text("So it is."), CALL), hosted=True) == WHOLE
    assert rebuilt(turn, (messages.Text("So it is."), CALL), hosted=False) == (THOUGHT, *WHOLE[4:])
    assert rebuilt(turn, (messages.Text("It is."), CALL), hosted=True) == (*WHOLE[:4], messages.Text("It is."), CALL)
    assert rebuilt(turn, (messages.Text("So it is."),), hosted=True) is None
    assert turn.has(THOUGHT)
    assert turn.has(messages.Thinking("in other words", "signed"))
    assert not turn.has(messages.Thinking("Hm.", "another"))


def test_less_of_it() -> None:
    message = messages.Message("msg_1", "claude-opus-5", WHOLE)
    turn = to_turn(message, model="claude-opus-5", prefix=b"", previous=b"")
    told = (messages.Text("So it is."), CALL)
    assert rebuilt(reduced(turn, WHOLE[1:3]), told, hosted=True) == (RUN, NEWS, *WHOLE[4:])
    assert rebuilt(reduced(turn, told), told, hosted=True) == WHOLE[4:]


def test_what_is_no_turn() -> None:
    assert decode(None) is None
    assert decode(b"junk") is None
