"""What a connection may continue: its own latest responses, then those that are stored."""

from collections.abc import Mapping, Sequence

from claude_code_proxy.endpoints.endpoint import KeptReply
from claude_code_proxy.server.app_state import NoReplies
from claude_code_proxy.server.sockets.local_replies import LocalReplies


class Stored(NoReplies):
    def __init__(self) -> None:
        self.kept: list[str] = []

    async def find(self, ids: Sequence[str], headers: Mapping[bytes, bytes]) -> Mapping[str, bytes]:
        known = {"resp_stored": b"[0]", "msg_stored000": b'{"id":"msg_stored000"}'}
        return {id: known[id] for id in ids if id in known}

    async def keep(self, replies: Sequence[KeptReply], headers: Mapping[bytes, bytes]) -> None:
        self.kept += [reply.id for reply in replies]


def reply(id: str, previous: str = "", *, turns: bytes = b"[1]", stored: bool = False) -> KeptReply:
    item = f'{{"output":[{{"id":"msg_{id.removeprefix("resp_")}000"}}]}}'
    return KeptReply(id, previous, b"{}", item.encode(), b"[]", turns, stored=stored)


async def test_a_chain_may_begin_with_what_is_stored() -> None:
    replies = LocalReplies(Stored())
    await replies.keep([reply("resp_a", "resp_stored"), reply("resp_b", "resp_a", turns=b"[2]")], {})
    assert await replies.find(["resp_b"], {}) == {"resp_b": b"[0,1,2]"}
    assert await replies.find(["resp_stored", "resp_none"], {}) == {"resp_stored": b"[0]"}
    await replies.keep([reply("resp_c", "resp_none")], {})
    assert await replies.find(["resp_c"], {}) == {}


async def test_items_are_found_in_both() -> None:
    replies = LocalReplies(Stored())
    await replies.keep([reply("resp_a")], {})
    assert await replies.find(["msg_a000", "msg_stored000", "msg_b000"], {}) == {
        "msg_a000": b'{"id":"msg_a000"}',
        "msg_stored000": b'{"id":"msg_stored000"}',
    }


async def test_only_what_is_to_be_stored_is_passed_on() -> None:
    stored = Stored()
    await LocalReplies(stored).keep([reply("resp_a"), reply("resp_b", stored=True)], {})
    assert stored.kept == ["resp_b"]


async def test_the_oldest_are_forgotten() -> None:
    replies = LocalReplies(NoReplies())
    await replies.keep([reply(f"resp_{number}") for number in range(70)], {})
    assert await replies.find(["resp_5"], {}) == {}
    assert await replies.find(["resp_6"], {}) == {"resp_6": b"[1]"}
    replies.forget("resp_6")
    replies.forget("resp_6")
    assert await replies.find(["resp_6"], {}) == {}


async def test_large_ones_are_forgotten_sooner() -> None:
    replies = LocalReplies(NoReplies())
    large = b"[" + b"1" * (40 * 1024 * 1024) + b"]"
    await replies.keep([reply("resp_a", turns=large), reply("resp_b", turns=large)], {})
    assert await replies.find(["resp_a"], {}) == {}
    assert await replies.find(["resp_b"], {}) == {"resp_b": large}
