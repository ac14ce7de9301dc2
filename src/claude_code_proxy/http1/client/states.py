"""The states of a connection to a server, and what moves it from one to another; `connection` has the theory."""

from enum import Enum, auto


class ClientState(Enum):
    """What a connection is doing."""

    __hash__ = object.__hash__  # by identity: Enum's own is a Python call for each look-up

    FRESH = auto()  # connected; nothing was sent yet
    SENDING = auto()  # a request is being sent
    WAITING = auto()  # it is sent; the head of its response has not arrived
    READING = auto()  # the head has arrived, the body is arriving
    COMPLETE = auto()  # so has the body, whatever becomes of the connection
    RESTING = auto()  # in the pool
    BROKEN = auto()  # given up; `error` says why
    LOST = auto()  # closed, by either side


class ClientEvent(Enum):
    """What moves a connection on."""

    __hash__ = object.__hash__

    EXCHANGE_BEGUN = auto()  # the transport sends a request
    REQUEST_SENT = auto()  # all of it was handed to the socket
    HEAD_ARRIVED = auto()  # the server answers, perhaps before all of the request was sent
    BODY_ENDED = auto()  # the response is complete
    GIVEN_BACK = auto()  # the transport may use the connection again
    FAILED = auto()  # a timeout, a malformed response, or nobody wants the response any more
    LOST = auto()  # the socket is closed


_END = {ClientEvent.FAILED: ClientState.BROKEN, ClientEvent.LOST: ClientState.LOST}

TRANSITIONS: dict[ClientState, dict[ClientEvent, ClientState]] = {
    ClientState.FRESH: {ClientEvent.EXCHANGE_BEGUN: ClientState.SENDING, **_END},
    ClientState.SENDING: {
        ClientEvent.REQUEST_SENT: ClientState.WAITING,
        ClientEvent.HEAD_ARRIVED: ClientState.READING,
        **_END,
    },
    ClientState.WAITING: {ClientEvent.HEAD_ARRIVED: ClientState.READING, **_END},
    ClientState.READING: {ClientEvent.BODY_ENDED: ClientState.COMPLETE, **_END},
    ClientState.COMPLETE: {
        ClientEvent.GIVEN_BACK: ClientState.RESTING,
        ClientEvent.FAILED: ClientState.COMPLETE,
        ClientEvent.LOST: ClientState.COMPLETE,
    },
    ClientState.RESTING: {ClientEvent.EXCHANGE_BEGUN: ClientState.SENDING, **_END},
    ClientState.BROKEN: _END,
    ClientState.LOST: {ClientEvent.FAILED: ClientState.LOST},
}
