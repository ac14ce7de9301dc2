"""Derive `tests/fixtures/recordings` from a larger collection: `python -m tools.derive_recordings FOLDER`.

`FOLDER` holds `anthropic/`, `client_requests/` and `openai/`, of which the Responses API alone is taken, one JSON file
for each exchange. A recording is taken when its derived form is small. What an exchange is about stays: the fields,
their order, the sizes of texts, the wire's spaces, the words of errors. What somebody wrote does not: each word of
prose is replaced by filler of the same length, and signatures and encrypted content are cut. `source` and `licence`
say where the exchange was first recorded.
"""

import json
import re
import sys
from pathlib import Path
from typing import TypeAlias

Json: TypeAlias = dict[str, "Json"] | list["Json"] | str | int | float | bool | None

TARGET = Path(__file__).parents[1] / "tests" / "fixtures" / "recordings"
LARGEST = {"anthropic": 3_900, "client_requests": 2_200, "openai": 2_600}  # bytes of a derived recording
ALWAYS = {  # larger ones that alone show something
    "lmnr-tools-streaming-stream",  # a model that is retired
    "pydanticai-mcp-servers-s1",  # another, and a reply with calls to MCP servers
    "rig-streaming-grammar-parallel-tool-use-stream",  # calls side by side in a stream
    "rubyllm-chat-web-search-with-haiku-4-5-replays-search-turns-so-the-conversation-can-continue",  # cited pages
    "rig-refusal-matrix-responses-streaming-refusal-delta-surfaces-stream",  # a refusal
    "rig-streaming-grammar-incomplete-mid-tool-call-stream",  # a call that was cut
    "lingua-responses-custom-tool-call-streaming-param-followup-responses-stream",  # a message without text
    "pydanticai-openai-include-raw-annotations-s1-stream",  # a search and a citation
}
ENDPOINTS = {"openai": "/v1/responses"}
KEPT = ("source", "kind", "licence", "endpoint", "anthropic_beta", "request", "response", "response_fixture")
PROSE = {
    *("text", "thinking", "content", "cited_text", "title", "description", "instructions", "refusal", "system"),
    *("delta", "obfuscation"),  # of a stream of the Responses API
}
SEALED = {"signature", "encrypted_content", "encrypted_index", "data"}
SEAL_LENGTH = 24
WORDS = ("lorem", "ipsum", "dolor", "amet", "elit", "sed", "tempor", "magna", "aliqua", "veniam")
_STRING_FIELD = re.compile(r'"(\w+)"(\s*:\s*)("(?:[^"\\]|\\.)*")')


def derive(recording: dict[str, Json]) -> dict[str, Json]:
    """Return the derived form of one recording."""
    kept = {field: recording[field] for field in KEPT if field in recording}
    return {
        field: _cleaned(value) if field in {"request", "response", "response_fixture"} else value
        for field, value in kept.items()
    }


def _cleaned(value: Json, field: str = "") -> Json:
    match value:
        case dict() if field == "error":  # the service's own words, on which the tests are
            return value
        case dict():
            return {name: _cleaned(inner, name) for name, inner in value.items()}
        case list():
            return [_cleaned(inner, field) for inner in value]
        case str() if field == "sse":
            return "\n".join(_line_of_stream(line) for line in value.split("\n"))
        case str():
            return _string(field, value)
        case _:
            return value


def _line_of_stream(line: str) -> str:
    """Replace the strings of a line in place, so that the spaces between the tokens stay those of the wire."""
    if '"error"' in line:
        return line
    return _STRING_FIELD.sub(_string_field, line)


def _string_field(found: re.Match[str]) -> str:
    text = json.dumps(_string(found[1], json.loads(found[3])), ensure_ascii=False)
    return f'"{found[1]}"{found[2]}{text}'


def _string(field: str, value: str) -> str:
    if field in SEALED and len(value) > SEAL_LENGTH:
        return value[:SEAL_LENGTH]
    if field in PROSE and not value.lstrip().startswith(("{", "[")):  # JSON in a text is structure, not prose
        return re.sub(r"[A-Za-z]+", lambda word: _filler(word[0]), value)
    return value


def _filler(word: str) -> str:
    """Return filler of the same length, the same for the same word; filler stays what it is."""
    choices = [(filler * (len(word) // len(filler) + 1))[: len(word)] for filler in WORDS]
    if word.lower() in choices:
        return word
    chosen = choices[sum(word.encode()) % len(choices)]
    return chosen.capitalize() if word[0].isupper() else chosen


def main(arguments: list[str]) -> int:
    """Write the derived recordings, and print how many and how large they are."""
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    for folder, largest in LARGEST.items():
        target = TARGET / folder
        target.mkdir(parents=True, exist_ok=True)
        for path in target.glob("*.json"):
            path.unlink()
        for path in sorted((Path(arguments[0]) / folder).glob("*.json")):
            recording = json.loads(path.read_bytes())
            if not recording["endpoint"].endswith(ENDPOINTS.get(folder, "")):
                continue
            derived = derive(recording)
            text = json.dumps(derived, ensure_ascii=False, separators=(", ", ": ")) + "\n"
            if len(text.encode()) <= largest or path.stem in ALWAYS:
                (target / path.name).write_text(text, encoding="utf-8")
        written = [path.stat().st_size for path in target.glob("*.json")]
        print(f"{folder}: {len(written)} recordings, {sum(written):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
