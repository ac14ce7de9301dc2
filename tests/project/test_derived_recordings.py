"""The recordings that stand in the project hold no prose of others, and stay small."""

import json
from typing import Any

import pytest

from tests.recordings import DERIVED
from tools.derive_recordings import derive

PATHS = sorted(DERIVED.glob("*/*.json"))


def test_they_are_derived() -> None:
    """To derive once more changes nothing: what was not derived would change."""
    assert PATHS
    recordings = [json.loads(path.read_bytes()) for path in PATHS]
    assert [path.name for path, each in zip(PATHS, recordings, strict=True) if derive(each) != each] == []


def test_together_they_are_small() -> None:
    assert sum(path.stat().st_size for path in PATHS) < 330_000


@pytest.mark.parametrize(
    ("recording", "derived"),
    [
        ({"request": {"model": "claude-x", "stop": ["END"]}}, {"request": {"model": "claude-x", "stop": ["END"]}}),
        ({"response": {"error": {"message": "Too long"}}}, {"response": {"error": {"message": "Too long"}}}),
        ({"response": {"signature": "s" * 90}}, {"response": {"signature": "s" * 24}}),
        ({"note": "who wrote it", "request": None}, {"request": None}),
    ],
)
def test_what_goes_and_what_stays(recording: dict[str, Any], derived: dict[str, Any]) -> None:
    assert derive(recording) == derived


def test_prose_keeps_its_size_alone() -> None:
    derived: Any = derive({"request": {"system": "Please be brief, Zoë: 3 words."}})
    text = derived["request"]["system"]
    assert len(text) == len("Please be brief, Zoë: 3 words.")
    assert not {"Please", "brief", "words"} & set(text.replace(",", "").replace(".", "").split())
    assert "3" in text
    assert "ë:" in text


def test_the_spaces_of_a_stream_stay() -> None:
    line = 'data: {"type":"content_block_delta","delta":{"type":"text_delta","text":"Grüße, \\"you\\""}      }'
    derived: Any = derive({"response": {"sse": f"event: content_block_delta\n{line}\n\n"}})
    head, data, *rest = derived["response"]["sse"].split("\n")
    assert (head, rest, len(data)) == ("event: content_block_delta", ["", ""], len(line))
    assert data.endswith('"}      }')
    assert "Gr" not in data
    assert "üß" in data
