"""Images of requests, converted before they go upstream; or refused, within bounds."""

import asyncio
import base64
import json
import math
import os
import subprocess
import sys
from typing import Any

import pytest

from claude_code_proxy import messages
from claude_code_proxy.adjustment import Adjustment
from claude_code_proxy.endpoints.chat_completions.endpoint import decode
from claude_code_proxy.errors import InvalidRequest
from claude_code_proxy.server.images import ImageConverter
from claude_code_proxy.server.images.converter import _size
from tests.pictures import AVIF, CONVERTED, FAULTY, HEIC, PAGES, encoded, opened
from tests.server.running import Reply, Running, running
from tests.server.scripted_upstream import MESSAGE, ScriptedUpstream, whole

TRANSLATE = "/v1/translate"


def image_part(raw: bytes, media_type: str = "image/heic") -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": f"data:{media_type};base64,{encoded(raw)}"}}


def looking_at(*raws: bytes) -> list[dict[str, Any]]:
    return [{"role": "user", "content": [{"type": "text", "text": "look"}, *map(image_part, raws)]}]


def shown_by_a_tool(raw: bytes) -> list[dict[str, Any]]:
    call = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    return [
        {"role": "user", "content": "look"},
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": [image_part(raw)]},
    ]


async def converted(
    converter: ImageConverter, *raws: bytes
) -> tuple[tuple[messages.Block, ...], tuple[Adjustment, ...]]:
    """Return the blocks of a message with these images after its text, and the adjustments."""
    body = json.dumps({"model": "claude-sonnet-4-6", "messages": looking_at(*raws)}).encode()
    decoded, adjustments = await converter.convert(decode(body, ""), [encoded(raw) for raw in raws])
    return decoded.request.messages[0].content[1:], adjustments


async def test_images_are_converted_and_told_under_the_clients_names() -> None:
    blocks, adjustments = await converted(ImageConverter(), HEIC, AVIF)
    for block in blocks:
        assert isinstance(block, messages.Image)
        assert isinstance(block.source, messages.Base64Source)
        assert block.source.media_type == "image/jpeg"
        assert opened(block.source.data).format == "JPEG"
    assert [(each.path, each.action) for each in adjustments] == [
        ("messages[0].content[1].image_url", "mapped"),
        ("messages[0].content[2].image_url", "mapped"),
    ]


async def test_an_image_that_comes_again_is_not_converted_again() -> None:
    converter = ImageConverter()
    first = await converted(converter, HEIC)
    converter._seconds = 0
    assert await converted(converter, HEIC) == first
    with pytest.raises(InvalidRequest):
        await converted(converter, AVIF)


async def test_requests_for_the_same_image_share_one_conversion() -> None:
    converter = ImageConverter()
    first, *others = await asyncio.gather(*(converted(converter, HEIC) for _ in range(3)))
    assert others == [first, first]
    assert len(converter._kept) == 1
    assert converter._kept_bytes == sum(_size(conversion) for conversion, _ in converter._kept.values())


async def test_that_an_image_takes_too_much_is_known_for_a_while() -> None:
    converter = ImageConverter(seconds=0.001)
    for _ in range(2):
        with pytest.raises(InvalidRequest, match="more time"):
            await converted(converter, HEIC)
        converter._seconds = 60
    ((key, (conversion, until)),) = converter._kept.items()
    assert until < math.inf
    converter._kept[key] = conversion, 0.0
    assert (await converted(converter, HEIC))[1]
    assert converter._kept_bytes == sum(_size(conversion) for conversion, _ in converter._kept.values())


async def test_of_the_results_only_the_last_are_kept() -> None:
    converter = ImageConverter(kept_bytes=1500)
    for raw in (HEIC, AVIF, CONVERTED["BMP"]):
        await converted(converter, raw)
    assert 0 < converter._kept_bytes <= 1500
    assert 0 < len(converter._kept) < 3


async def test_an_image_that_takes_too_long_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="more time or memory than is allowed") as caught:
        await converted(ImageConverter(seconds=0.001), HEIC)
    assert (caught.value.status, caught.value.path) == (400, "messages[0].content[1]")


async def test_all_images_of_a_request_share_its_time() -> None:
    with pytest.raises(InvalidRequest, match="more time") as caught:
        await converted(ImageConverter(seconds_of_request=0), HEIC)
    assert caught.value.path == "messages[0].content[1]"


@pytest.mark.parametrize("raw", FAULTY.values(), ids=FAULTY)
async def test_a_faulty_image_is_refused(raw: bytes) -> None:
    with pytest.raises(InvalidRequest, match="cannot be read"):
        await converted(ImageConverter(), raw)


async def test_without_the_extra_nothing_is_changed() -> None:
    blocks, adjustments = await converted(ImageConverter(installed=False), HEIC)
    assert blocks == (messages.Image(messages.Base64Source("image/heic", encoded(HEIC))),)
    assert adjustments == ()


def test_the_server_does_not_import_pillow() -> None:
    program = "import sys, claude_code_proxy.cli.main, claude_code_proxy.server.app; print('PIL' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert done.stdout == "False\n"


def sent_images(upstream: ScriptedUpstream) -> list[dict[str, Any]]:
    """Return the sources of all images of the last request upstream."""
    found: list[dict[str, Any]] = []

    def walk(value: Any) -> None:
        if isinstance(value, dict) and value.get("type") == "image":
            found.append(value["source"])
        for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            walk(each)

    walk(upstream.calls[-1].json)
    return found


@pytest.mark.parametrize("shown", [looking_at, shown_by_a_tool], ids=["by the user", "by a tool"])
@pytest.mark.parametrize("stream", [False, True])
async def test_it_goes_upstream_converted(upstream: ScriptedUpstream, *, shown: Any, stream: bool) -> None:
    async with running(upstream.url) as proxy:
        reply = await asked(proxy, upstream, shown(HEIC), stream=stream)
    (source,) = sent_images(upstream)
    assert source["media_type"] == "image/jpeg"
    assert base64.b64decode(source["data"]).startswith(b"\xff\xd8\xff")
    assert "the image was converted" in reply.headers["x-claude-proxy-adjustments"]


async def asked(proxy: Running, upstream: ScriptedUpstream, conversation: list[dict[str, Any]], **fields: Any) -> Reply:
    upstream.answers(whole(MESSAGE))
    return await proxy.ask(messages=conversation, **fields)


RESPONSES = {
    "input": [{"role": "user", "content": [{"type": "input_image", "image_url": image_part(HEIC)["image_url"]["url"]}]}]
}
MESSAGES = {
    "max_tokens": 10,
    "messages": [
        {
            "role": "user",
            "content": [
                {"type": "image", "source": {"type": "base64", "media_type": "image/heic", "data": encoded(HEIC)}}
            ],
        }
    ],
}


@pytest.mark.parametrize(
    ("path", "fields"), [("/v1/responses", RESPONSES), ("/v1/messages", MESSAGES)], ids=["responses", "messages"]
)
async def test_other_endpoints_have_it_too(upstream: ScriptedUpstream, path: str, fields: dict[str, Any]) -> None:
    upstream.answers(whole(MESSAGE))
    async with running(upstream.url) as proxy, proxy.client() as client:
        headers = {"x-claude-proxy-adapt": "true"}
        await client.post({"model": "claude-sonnet-4-6", **fields}, path=path, headers=headers)
        reply = await client.reply()
    assert reply.status == 200, reply.body
    assert [source["media_type"] for source in sent_images(upstream)] == ["image/jpeg"]


async def test_a_users_faulty_image_is_an_error_that_names_it(upstream: ScriptedUpstream) -> None:
    async with running(upstream.url) as proxy:
        reply = await proxy.ask(messages=looking_at(HEIC, HEIC[:300]))
    error = reply.json["error"]
    assert (reply.status, error["param"]) == (400, "messages[0].content[2].image_url")
    assert "cannot be read" in error["message"]


async def test_a_tools_faulty_image_does_not_end_the_conversation(upstream: ScriptedUpstream) -> None:
    async with running(upstream.url) as proxy:
        reply = await asked(proxy, upstream, shown_by_a_tool(HEIC[:300]))
    assert reply.status == 200
    assert b"an image that cannot be read: This image cannot be read" in upstream.calls[-1].body


async def test_strict_refuses_to_send_only_the_first_of_several_pictures(upstream: ScriptedUpstream) -> None:
    async with running(upstream.url, strict=True) as proxy:
        reply = await proxy.ask(messages=looking_at(PAGES))
    assert (reply.status, reply.json["error"]["param"]) == (400, "messages[0].content[1].image_url")


async def test_the_dry_run_shows_it_converted(upstream: ScriptedUpstream) -> None:
    async with running(upstream.url) as proxy:
        shown = (await proxy.ask(path=TRANSLATE, messages=looking_at(HEIC))).json
        refused = await proxy.ask(path=TRANSLATE, messages=looking_at(HEIC[:300]))
    assert shown["request"]["messages"][0]["content"][1]["source"]["media_type"] == "image/jpeg"
    assert [each["param"] for each in shown["adjustments"]] == ["messages[0].content[1].image_url"]
    assert (refused.status, refused.json["error"]["param"]) == (400, "messages[0].content[1].image_url")
