"""The states of a connection, and what moves it from one to another; `connection` has the theory of operation."""

from enum import Enum, auto


class State(Enum):
    """What a connection is doing."""

    __hash__ = object.__hash__  # by identity: Enum's own is a Python call for each look-up

    IDLE = auto()  # between two requests
    HEAD = auto()  # a head has begun
    WAITING = auto()  # a head is complete; there is no memory for its body yet
    BODY = auto()  # a body is being collected
    RECEIVING = auto()  # the handler runs, and reads the body as it arrives
    ANSWERING = auto()  # the handler runs; its request is complete
    FLUSHING = auto()  # answered; the client must take more of the replies before the next request is looked at
    UPGRADED = auto()  # the handler has taken the connection over
    REFUSING = auto()  # the last reply is being written; what the client still sends is of no use
    LINGERING = auto()  # our side is shut down; what still arrives is dropped until the client closes
    CLOSING = auto()  # closed, but for what is still to be sent
    LOST = auto()


class Event(Enum):
    """What moves a connection on."""

    __hash__ = object.__hash__

    HEAD_BEGUN = auto()  # the client has sent the beginning of a head
    HEAD_ENDED = auto()  # … and its end
    MEMORY_AWAITED = auto()  # a head is complete, and other bodies take all the memory
    MEMORY_FREE = auto()  # there is some for this one
    BODY_AWAITED = auto()  # a head is complete, its body is not
    STREAM_BEGUN = auto()  # a head is complete, and the handler reads the body itself
    REQUEST_COMPLETE = auto()  # the handler's turn, or the end of the body that it is reading
    ANSWERED = auto()  # the handler has returned, or a complete request was refused
    HELD_UP = auto()  # the same, and the client does not take what was written
    TAKEN = auto()  # it takes it again
    TAKEN_OVER = auto()  # the handler upgrades the connection
    REFUSED = auto()  # the server refuses a request of which more may arrive
    SHUT_DOWN = auto()  # our side of the connection is closed, with input unread
    CLOSED = auto()  # the connection is closed by us, or the client has closed its side
    LOST = auto()  # the transport is gone


_END = {Event.CLOSED: State.CLOSING, Event.LOST: State.LOST}
_END_UNREAD = {Event.SHUT_DOWN: State.LINGERING, **_END}
_HEAD_READ = {
    Event.MEMORY_AWAITED: State.WAITING,
    Event.BODY_AWAITED: State.BODY,
    Event.STREAM_BEGUN: State.RECEIVING,
    Event.REQUEST_COMPLETE: State.ANSWERING,
    Event.REFUSED: State.REFUSING,
}
_ANSWER = {Event.ANSWERED: State.IDLE, Event.HELD_UP: State.FLUSHING}

TRANSITIONS: dict[State, dict[Event, State]] = {
    State.IDLE: {Event.HEAD_BEGUN: State.HEAD, **_HEAD_READ, **_ANSWER, **_END_UNREAD},
    State.HEAD: {Event.HEAD_ENDED: State.IDLE, Event.REFUSED: State.REFUSING, **_END},
    State.WAITING: {Event.MEMORY_FREE: State.IDLE, Event.REFUSED: State.REFUSING, **_END},
    State.BODY: {Event.REQUEST_COMPLETE: State.ANSWERING, Event.REFUSED: State.REFUSING, **_END},
    State.RECEIVING: {Event.REQUEST_COMPLETE: State.ANSWERING, **_END_UNREAD},
    State.ANSWERING: {Event.TAKEN_OVER: State.UPGRADED, **_ANSWER, **_END_UNREAD},
    State.FLUSHING: {Event.TAKEN: State.IDLE, **_END},
    State.UPGRADED: _END,
    State.REFUSING: _END_UNREAD,
    State.LINGERING: _END,
    State.CLOSING: _END,
    State.LOST: {},
}
