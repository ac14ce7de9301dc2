"""A response whose head has arrived: hands out its body, whole or as the network brings it, and the connection back."""

from collections.abc import Callable

from claude_code_proxy.errors import UpstreamBroke
from claude_code_proxy.http1.client.connection import ClientConnection
from claude_code_proxy.http1.client.states import ClientState


class Response:
    """`headers` has lower-case names; what came several times is joined by commas.

    Must be closed, or read to its end. One task reads; any may close, which ends the reading with an error.
    """

    __slots__ = ("_body_limit", "_connection", "_ended", "_give_back", "headers", "status")

    def __init__(
        self, connection: ClientConnection, *, give_back: Callable[[ClientConnection], None], body_limit: int
    ) -> None:
        self.status = connection.status
        self.headers = connection.headers
        self._connection: ClientConnection | None = connection
        self._give_back = give_back
        self._body_limit = body_limit
        self._ended = False

    async def chunk(self) -> bytes | None:
        """Return what has arrived since the last call, at least one byte; None at the true end of the body.

        Giving up on a call that waits loses nothing. Raise `UpstreamBroke`, or `UpstreamTimeout`.
        """
        while (connection := self._connection) is not None:
            if connection.chunks:
                data = connection.take()
                if connection.state is ClientState.COMPLETE:
                    self._end()
                return data
            if connection.state is ClientState.COMPLETE:
                self._end()
            elif connection.error is not None:
                self.close()
                raise connection.error
            else:
                await connection.change()
        if self._ended:
            return None
        raise UpstreamBroke("The answer was closed before it was complete.")

    async def read(self) -> bytes:
        """Return the whole body, and close. Raise as `chunk` does, and `UpstreamBroke` when it is over the limit."""
        pieces: list[bytes] = []
        size = 0
        try:
            while not self._ended and (data := await self.chunk()) is not None:
                size += len(data)
                if size > self._body_limit:
                    raise UpstreamBroke(f"The answer is larger than {self._body_limit} bytes.")
                pieces.append(data)
        finally:
            if not self._ended:
                self.close()
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def close(self) -> None:
        """Keep the connection if the body is complete, else close the socket at once. May be called again."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._give_back(connection)

    def _end(self) -> None:
        self._ended = True
        self.close()
