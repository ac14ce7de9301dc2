"""What one connection may continue, beside what is stored: its latest responses, also those that are not to be kept."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence

from claude_code_proxy.endpoints.endpoint import KeptReply
from claude_code_proxy.endpoints.responses.stored import find_item, join_turns, response_id_of
from claude_code_proxy.server.app_state import Replies

_MOST_REPLIES = 64
_MOST_BYTES = 64 * 1024 * 1024


class LocalReplies:
    """The replies of one connection, at most 64 of them and 64 MB; `stored` are those of all."""

    def __init__(self, stored: Replies) -> None:
        self._stored = stored
        self.temporary = stored.temporary
        self._replies: OrderedDict[str, KeptReply] = OrderedDict()
        self._bytes = 0

    async def find(self, ids: Sequence[str], headers: Mapping[bytes, bytes]) -> Mapping[str, bytes]:
        found: dict[str, bytes] = {}
        for id in ids:
            value = await (self._turns(id, headers) if id.startswith("resp_") else self._item(id, headers))
            if value is not None:
                found[id] = value
        return found

    async def keep(self, replies: Sequence[KeptReply], headers: Mapping[bytes, bytes]) -> None:
        for reply in replies:
            self._replies[reply.id] = reply
            self._bytes += _size(reply)
        while len(self._replies) > _MOST_REPLIES or (self._bytes > _MOST_BYTES and len(self._replies) > 1):
            _, oldest = self._replies.popitem(last=False)
            self._bytes -= _size(oldest)
        stored = [reply for reply in replies if reply.stored]
        if stored:
            await self._stored.keep(stored, headers)

    def forget(self, id: str) -> None:
        """Forget a response, which a failed continuation makes useless."""
        found = self._replies.pop(id, None)
        self._bytes -= 0 if found is None else _size(found)

    async def _turns(self, id: str, headers: Mapping[bytes, bytes]) -> bytes | None:
        turns: list[bytes] = []
        while id:
            reply = self._replies.get(id)
            if reply is None:
                earlier = (await self._stored.find([id], headers)).get(id)
                if earlier is None:
                    return None
                turns.append(earlier)
                break
            turns.append(reply.turns)
            id = reply.previous
        return join_turns(turns[::-1])

    async def _item(self, id: str, headers: Mapping[bytes, bytes]) -> bytes | None:
        reply = self._replies.get(response_id_of(id))
        if reply is None:
            return (await self._stored.find([id], headers)).get(id)
        return find_item(id, reply=reply.reply, given=reply.input)


def _size(reply: KeptReply) -> int:
    return len(reply.reply) + len(reply.input) + len(reply.turns)
