"""What the Messages API says of itself."""

import re

from claude_code_proxy import messages
from claude_code_proxy.adaptation.conversation.images import MAX_IMAGE_BYTES
from claude_code_proxy.models.catalogue import BUILT_IN
from claude_code_proxy.upstreams.anthropic.capabilities import CAPABILITIES, PROFILE
from tests.server.running import running
from tests.server.scripted_upstream import refusal, scripted_upstream


def test_it_carries_a_request_as_it_is() -> None:
    asked = messages.MessagesRequest("m", ())
    model = BUILT_IN.find("claude-sonnet-5-5")
    assert PROFILE.drop_unsupported(asked) == (asked, ())
    assert PROFILE.restrict(model) is model


async def test_the_upstreams_id_of_a_request_is_where_it_is_said_to_be() -> None:
    async with scripted_upstream() as upstream, running(upstream.url) as proxy:
        upstream.answers(refusal(400, "invalid_request_error", "no"))
        reply = await proxy.ask()
    (name,) = re.findall(r"`(.+?)`", how("request_id"))
    assert reply.headers[name] == "req_1"


def test_the_largest_image_is_told() -> None:
    assert f"more than {MAX_IMAGE_BYTES // 1024**2} MB is a 400" in how("images")


def how(name: str) -> str:
    (told,) = [one.how for one in CAPABILITIES if one.name == name]
    return told


def test_each_is_named_once() -> None:
    names = [one.name for one in CAPABILITIES]
    assert len(names) == len(set(names)) > 20
