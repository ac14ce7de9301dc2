"""Content parts: what each becomes, for a user and in the output of a call."""

import pytest

from claude_code_proxy.errors import InvalidRequest
from tests.endpoints.responses.responses_replies import adjusted, decode, turns
from tests.endpoints.typed_requests import PNG

CALL = {"type": "function_call", "call_id": "c", "name": "look", "arguments": "{}"}
IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG.partition(",")[2]}}


@pytest.mark.parametrize(
    ("part", "block"),
    [
        ({"type": "input_text", "text": "Hi"}, {"type": "text", "text": "Hi"}),
        ({"type": "text", "text": "Hi"}, {"type": "text", "text": "Hi"}),
        ({"type": "input_image", "image_url": PNG, "detail": "auto"}, IMAGE),
        ({"type": "input_image", "file_id": PNG}, IMAGE),
        (
            {"type": "input_image", "file_id": "file_1"},
            {"type": "image", "source": {"type": "file", "file_id": "file_1"}},
        ),
        (
            {"type": "input_file", "file_url": "https://a.example/x.pdf"},
            {"type": "document", "source": {"type": "url", "url": "https://a.example/x.pdf"}},
        ),
        (
            {"type": "input_file", "filename": "a.txt", "file_data": "data:text/plain;base64,SGk="},
            {
                "type": "document",
                "source": {"type": "text", "data": "Hi", "media_type": "text/plain"},
                "title": "a.txt",
            },
        ),
        (
            {"type": "input_file", "file_id": "file_1"},
            {"type": "document", "source": {"type": "file", "file_id": "file_1"}},
        ),
        (
            {"type": "input_text", "text": "Hi", "prompt_cache_breakpoint": {"mode": "explicit"}},
            {"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral"}},
        ),
        (
            {"type": "input_text", "text": "Hi", "prompt_cache_breakpoint": {"mode": "explicit", "ttl": "30m"}},
            {"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
        ),
    ],
)
def test_parts_of_a_user(part: object, block: object) -> None:
    ((role, content),) = turns({"role": "user", "content": [part]})
    assert role == "user"
    if isinstance(block, dict) and block["type"] == "document" and block["source"]["type"] == "text":
        content[0]["source"].setdefault("media_type", "text/plain")
    assert content == [block]


@pytest.mark.parametrize(
    ("part", "param"),
    [
        ({"type": "input_audio", "input_audio": {}}, "input[0].content[0]"),
        ({"type": "input_image"}, "input[0].content[0]"),
        ({"type": "input_file", "filename": "a.pdf"}, "input[0].content[0]"),
        ({"type": "input_image", "image_url": "ftp://a.example"}, "input[0].content[0].image_url"),
        ({"type": "input_file", "file_data": "data:application/zip;base64,UEsDBA=="}, "input[0].content[0].file_data"),
    ],
)
def test_what_a_user_sends_and_claude_cannot_read_is_refused(part: object, param: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        decode(input=[{"role": "user", "content": [part]}])
    assert refusal.value.param == param


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ({"type": "input_audio", "input_audio": {}}, "(audio, which cannot be heard here)"),
        ({"type": "input_image", "image_url": "ftp://a.example"}, "(an image that cannot be shown here)"),
        (
            {"type": "input_file", "filename": "a.zip", "file_data": "UEsDBA=="},
            "(the file a.zip, which cannot be read here)",
        ),
        ({"type": "input_file"}, "(a file that cannot be read here)"),
    ],
)
def test_in_the_output_of_a_call_text_stands_in_its_place(part: object, words: str) -> None:
    output = {"type": "function_call_output", "call_id": "c", "output": [{"type": "input_text", "text": "See:"}, part]}
    request = decode(input=[{"role": "user", "content": "x"}, CALL, output])
    (result,) = request.request.messages[-1].content
    assert [getattr(block, "text", None) for block in result.content] == ["See:", words]  # type: ignore[union-attr]
    assert adjusted(request) == {"input[2].output[1]": "dropped"}


def test_only_a_user_can_show_images() -> None:
    with pytest.raises(InvalidRequest) as refusal:
        decode(input=[{"role": "developer", "content": [{"type": "input_image", "image_url": PNG}]}])
    assert refusal.value.param == "input[0].content[0]"


def test_a_level_of_detail_is_named() -> None:
    parts = [{"type": "input_image", "image_url": PNG, "detail": "high"}]
    assert adjusted(decode(input=[{"role": "user", "content": parts}])) == {"input[0].content[0].detail": "ignored"}
