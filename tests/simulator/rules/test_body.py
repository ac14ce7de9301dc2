"""Bytes that are not JSON, in the words of the decoder that the service uses."""

import pytest

from claude_code_proxy.simulator.refusal import Refusal
from claude_code_proxy.simulator.rules.body import MAX_BODY_BYTES, decode


def refusal(data: bytes) -> Refusal:
    with pytest.raises(Refusal) as caught:
        decode(data)
    return caught.value


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "expecting value: line 1 column 1 (char 0)"),
        (b"{", "expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        (b'{"a": 1}x', "extra data: line 1 column 9 (char 8)"),
        (b'{"a": "\xff"}', "str is not valid UTF-8: line 1 column 8 (char 7)"),
        (b'{"a": "\\ud800"}', "no low surrogate in string: line 1 column 14 (char 13)"),
        (b'{"a": "\\ud800x"}', "no low surrogate in string: line 1 column 14 (char 13)"),
        (b'{"a": "\\ud800\\u0041"}', "no low surrogate in string: line 1 column 14 (char 13)"),
        (b'{"a": "\\udc00"}', "unexpected low surrogate in string: line 1 column 8 (char 7)"),
        (b'{"a": NaN}', "unexpected character: NaN"),
        (b"[" * 100_000, "recursion limit reached"),
    ],
)
def test_words(data: bytes, words: str) -> None:
    found = refusal(data)
    assert (found.status, found.message) == (400, f"The request body is not valid JSON: {words}")


@pytest.mark.parametrize("data", [b'{"a": "\\ud83d\\ude00"}', b'{"a": "\\\\ud800"}', '{"a": "😀"}'.encode()])
def test_whole_characters_are_fine(data: bytes) -> None:
    assert decode(data)


def test_too_many_bytes_are_refused_at_the_edge() -> None:
    found = refusal(b" " * (MAX_BODY_BYTES + 1))
    assert found.status == 413
    assert found.body("req_1") == {
        "error": {"type": "request_too_large", "message": "Request exceeds the maximum size"}
    }
