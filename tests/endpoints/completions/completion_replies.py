"""A reader of completions, whole and streamed, by the types of the `openai` package."""

import json
from dataclasses import dataclass
from typing import Any

from openai.types import Completion

from claude_code_proxy.endpoints.completions import COMPLETIONS
from claude_code_proxy.endpoints.endpoint import DecodedRequest


@dataclass
class Choice:
    text: str = ""
    finish_reason: str = ""


def decode_completion(**fields: Any) -> DecodedRequest:
    return COMPLETIONS.decode(json.dumps({"prompt": "Once"} | fields).encode(), "claude-default")


def read_whole(body: bytes) -> tuple[list[Choice], Any]:
    Completion.model_validate_json(body, strict=True)
    completion = json.loads(body)
    assert completion["object"] == "text_completion"
    return [Choice(choice["text"], choice["finish_reason"]) for choice in completion["choices"]], completion["usage"]


def read_stream(frames: bytes) -> tuple[list[Choice], Any]:
    *chunks, done, end = frames.decode().split("\n\n")
    assert (done, end) == ("data: [DONE]", "")
    choices: dict[int, Choice] = {}
    usage = None
    for frame in chunks:
        chunk = json.loads(frame.removeprefix("data: "))
        assert chunk["object"] == "text_completion"
        usage = chunk.get("usage") or usage
        for one in chunk["choices"]:
            assert one["logprobs"] is None
            choice = choices.setdefault(one["index"], Choice())
            assert not choice.finish_reason
            choice.text += one["text"]
            choice.finish_reason = one["finish_reason"] or ""
    return [choices[index] for index in sorted(choices)], usage
