"""The text of an answer: an echo of the question, of tool results and images, or JSON where the prompt asks for it.

`Reply with exactly: X` answers X, `count to N` counts, `words=N` in a directive brings N words.
"""

import json
import re
from typing import Any

from claude_code_proxy.simulator.answers.intent import Intent, Result
from claude_code_proxy.simulator.answers.schema_sample import sample
from claude_code_proxy.simulator.answers.tool_calls import hint_value
from claude_code_proxy.simulator.parsed_request import Block, ParsedRequest

_EXACTLY = re.compile(
    r"\b(?:reply|respond|answer|say)\b[^:\"“\n]{0,40}?\b(?:exactly|only|just|the (?:single )?word)\b[^:\"“\n]{0,30}?"
    r"(?::\s*|\s+)[\"“]?([^\"”\n]+?)[\"”]?[.!]?$",
    re.IGNORECASE | re.MULTILINE,
)
_COUNT = re.compile(r"\bcount (?:from 1 )?to (\d+)", re.IGNORECASE)
_VOCABULARY = (
    "the", "quiet", "river", "carries", "small", "boats", "past", "green", "fields", "while", "evening", "light",
    "settles", "on", "every", "roof", "and", "someone", "far", "away", "begins", "to", "sing",
)  # fmt: skip
_MAX_ECHO = 400


def text_block(text: str) -> Block:
    return {"type": "text", "text": text}


def answer_blocks(request: ParsedRequest, intent: Intent) -> list[Block]:
    if request.output_schema is not None:
        return [text_block(_structured(request.output_schema, intent))]
    words = _words(intent)
    if intent.wants_json:
        return [text_block("{not JSON" if intent.faults.bad_json else _in_json(words, intent))]
    return _cited(request) or [text_block(words)]


def _in_json(words: str, intent: Intent) -> str:
    """Return JSON as the prompt asks for it: by the schema that it shows, else an object with the answer in it."""
    if intent.schema is not None and intent.faults.answer is None:
        return _structured(intent.schema, intent)
    return json.dumps({"answer": words}, ensure_ascii=False)


def _structured(schema: dict[str, Any], intent: Intent) -> str:
    if intent.faults.bad_json:
        return '{"unexpected": true}'
    value = sample(schema, lambda name, part: hint_value(name, part, text=intent.task), all_properties=True)
    return json.dumps(value, ensure_ascii=False)


def _words(intent: Intent) -> str:
    if intent.faults.answer is not None:
        return intent.faults.answer
    if intent.script.steps and (intent.script.next is None or intent.script.next.tool is not None):
        return intent.script.summary
    if intent.script.next is not None:
        return intent.script.next.text
    if intent.faults.words is not None:
        return " ".join(_VOCABULARY[at % len(_VOCABULARY)] for at in range(intent.faults.words))
    if intent.results:
        return "\n".join(map(_describe_result, intent.results))
    exactly = _EXACTLY.search(intent.text)
    if exactly:
        return exactly[1].strip()
    count = _COUNT.search(intent.text)
    if count:
        return ", ".join(str(number) for number in range(1, min(int(count[1]), 100_000) + 1))
    return _echo(intent)


def _describe_result(result: Result) -> str:
    text = result.text or "nothing"
    media = f" With it came {_series(result.media)}." if result.media else ""
    return f"{result.tool} {'failed' if result.failed else 'returned'}: {text}{media}"


def _echo(intent: Intent) -> str:
    text = intent.text if len(intent.text) <= _MAX_ECHO else f"{intent.text[:_MAX_ECHO]}…"
    sentences = [f"You said: “{text}”"] if text else []
    if intent.edits_files:
        sentences = ["I have not changed any file."]
    if intent.media:
        sentences.append(f"I was given {_series(intent.media)}.")
    return " ".join(sentences) or "I am here."


def _series(media: tuple[str, ...]) -> str:
    counted = f"{len(media)} things: " if len(media) > 1 else ""
    return counted + "; ".join(media)


def _cited(request: ParsedRequest) -> list[Block]:
    """Return the first sentence of each document with citations on, as cited text blocks."""
    blocks: list[Block] = []
    documents = [block for turn in request.turns for _, block in turn.of_type("document")]
    for index, document in enumerate(documents):
        if not (document.get("citations") or {}).get("enabled") or document["source"]["type"] != "text":
            continue
        text = document["source"]["data"]
        found = re.match(r"\s*.*?[.!?](?=\s|$)\s?", text, re.DOTALL)
        cited = found[0] if found else text
        location = {
            "type": "char_location",
            "cited_text": cited,
            "document_index": index,
            "document_title": document.get("title"),
            "start_char_index": 0,
            "end_char_index": len(cited),
        }
        blocks.append({"citations": [location], "type": "text", "text": cited.strip()})
    return blocks
