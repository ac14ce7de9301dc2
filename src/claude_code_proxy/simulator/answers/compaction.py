"""A conversation to the signed block that stands for it: what its users said, and how far its script is."""

from claude_code_proxy.simulator.answers import script
from claude_code_proxy.simulator.answers.intent import Intent
from claude_code_proxy.simulator.parsed_request import Block, ParsedRequest
from claude_code_proxy.simulator.rules.compaction import signed_by

_MOST_CHARACTERS = 2000


def block(request: ParsedRequest, intent: Intent) -> Block:
    texts = [words for turn in request.turns if turn.role == "user" for words in map(_text, turn.blocks) if words]
    earlier = [_text(one) for turn in request.turns for _, one in turn.of_type("compaction")]
    told = " ".join([*earlier, *(f"The user said: “{words}”." for words in texts)])
    content = f"{told[-_MOST_CHARACTERS:]}\n{intent.script.summary}".strip()
    made: Block = {"type": "compaction", "content": content, "encrypted_content": None, "tool_changes": []}
    return {**made, "signature": signed_by(made, request.caller.secret)}


def _text(one: Block) -> str:
    words = one.get("text") if one["type"] == "text" else one.get("content") if one["type"] == "compaction" else ""
    return script.without_scripts(words or "")
