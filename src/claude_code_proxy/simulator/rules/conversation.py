"""The order of a conversation: roles, block types by role, empty content, pairs of tool calls and results."""

from collections.abc import Iterable, Iterator

from claude_code_proxy.simulator.parsed_request import Block, ParsedRequest, ParsedTurn, is_server_result, to_blocks
from claude_code_proxy.simulator.refusal import Refusal
from claude_code_proxy.simulator.rules.shape import fail

_USER = frozenset({"text", "image", "document", "search_result", "tool_result", "container_upload"})
_SYSTEM = frozenset({"text", "tool_addition", "tool_removal"})
_NOT_ASSISTANT = frozenset({"tool_result", "image", "search_result", "container_upload", *_SYSTEM}) - {"text"}
NO_PREFILL = "This model does not support assistant message prefill. The conversation must end with a user message."
MISSING_RESULT = "Each `tool_use` block must have a corresponding `tool_result` block in the next message."
UNEXPECTED_RESULT = "Each `tool_result` block must have a corresponding `tool_use` block in the previous message."


def check(request: ParsedRequest) -> None:
    _check_roles(request)
    _check_contents(request)
    for turn in request.turns:
        _check_kinds(turn, request)
        _check_last_block(turn)
    _check_system_turns(request.turns)
    _check_tools_defined(request)
    _check_ids(request.turns)
    _check_pairs(request.turns)
    _check_server_tools(request.turns)
    _check_ending(request)


def _check_roles(request: ParsedRequest) -> None:
    for message in request.body["messages"]:
        role = message["role"]
        if role not in {"user", "assistant", "system"}:
            raise Refusal(f'messages: Unexpected role "{role}". Allowed roles are "user" or "assistant".')
        if role == "system" and request.model.mid_system == "no":
            raise Refusal("role 'system' is not supported on this model")


def _check_contents(request: ParsedRequest) -> None:
    _check_texts("system", request.system, within="system.")
    last = len(request.body["messages"]) - 1
    for index, message in enumerate(request.body["messages"]):
        found = to_blocks(message["content"])
        if not found and not (index == last and message["role"] == "assistant"):
            raise fail(
                f"messages.{index}",
                "all messages must have non-empty content except for the optional final assistant message",
            )
        _check_texts("messages", found, within=f"messages.{index}.content.")


def _check_texts(where: str, found: Iterable[Block], *, within: str) -> None:
    """Refuse empty texts, also inside tool results; whitespace alone counts as empty."""
    for at, block in enumerate(found):
        if block["type"] == "tool_result":
            _check_texts(where, to_blocks(block.get("content")), within=f"{within}{at}.tool_result.content.")
            _check_failed_result(block, path=f"{within}{at}.tool_result")
        if block["type"] != "text" or block["text"].strip():
            continue
        if block.get("cache_control"):
            suffix = "" if where == "system" else ".text"
            raise fail(f"{within}{at}{suffix}", "cache_control cannot be set for empty text blocks")
        message = "contain non-whitespace text" if block["text"] else "be non-empty"
        raise fail(where, f"text content blocks must {message}")


def _check_failed_result(block: Block, *, path: str) -> None:
    if not block.get("is_error"):
        return
    found = to_blocks(block.get("content"))
    if not found:
        raise fail(path, "content cannot be empty if `is_error` is true")
    if any(one["type"] != "text" for one in found):
        raise fail(path, 'all content must be type "text" if "is_error" is true')


def _check_kinds(turn: ParsedTurn, request: ParsedRequest) -> None:
    for at, block in enumerate(turn.blocks):
        kind = block["type"]
        path = turn.path(at)
        if turn.role == "system":
            if kind not in _SYSTEM:
                raise fail(path, f"`{kind}` blocks are not allowed in `system` messages")
            if block.get("cache_control") and "claude_code" not in request.caller.features:
                raise fail(f"{path}.{kind}.cache_control", "Extra inputs are not permitted")
        elif turn.role == "user" and kind not in _USER:
            raise fail(path, f"`{kind}` blocks can only be in `assistant` messages")
        elif turn.role == "assistant" and kind in _NOT_ASSISTANT:
            raise fail(path, f"`{kind}` blocks can only be in `user` messages")
        if request.caller.version != "2023-06-01":
            _check_newer_version(turn.role, block, path=path)


def _check_newer_version(role: str, block: Block, *, path: str) -> None:
    if role == "assistant" and block["type"] == "document":
        raise fail(path, "`document` blocks can only be in `user` messages")
    if role == "user" and block["type"] == "text" and block.get("citations"):
        raise fail(f"{path}.text.citations", "Extra inputs are not permitted")


def _check_last_block(turn: ParsedTurn) -> None:
    if turn.role == "assistant" and turn.blocks and turn.blocks[-1]["type"] in {"thinking", "redacted_thinking"}:
        raise fail(
            f"messages.{turn.index}",
            f"The final block in an assistant message cannot be `{turn.blocks[-1]['type']}`.",
        )


def _check_system_turns(turns: list[ParsedTurn]) -> None:
    for at, turn in enumerate(turns):
        if turn.role != "system":
            continue
        before = next((earlier for earlier in reversed(turns[:at]) if earlier.role != "system"), None)
        if before is None or not (before.role == "user" or _ends_with_server_result(before)):
            raise fail(
                f"messages.{turn.index}",
                "role 'system' must follow a 'user' message or an 'assistant' message ending in a server tool result",
            )
        if at + 1 < len(turns) and turns[at + 1].role == "user":
            raise fail(f"messages.{turn.index}", "role 'system' must precede an 'assistant' message or end the array")


def _ends_with_server_result(turn: ParsedTurn) -> bool:
    return bool(turn.blocks) and is_server_result(turn.blocks[-1])


def _check_tools_defined(request: ParsedRequest) -> None:
    if request.tools or request.body.get("mcp_servers"):
        return
    if any(True for turn in request.turns for _ in turn.of_type("tool_use", "tool_result")):
        raise Refusal("Requests which include `tool_use` or `tool_result` blocks must define tools.")


def _check_ids(turns: list[ParsedTurn]) -> None:
    seen: set[str] = set()
    for turn in turns:
        for at, block in turn.of_type("tool_use", "server_tool_use", "mcp_tool_use"):
            if block["id"] in seen:
                raise fail(turn.path(at), "`tool_use` ids must be unique")
            seen.add(block["id"])
            source = (block.get("caller") or {}).get("tool_id")
            if source is not None and source not in seen:
                raise fail(f"{turn.path(at)}.tool_use.caller", f"source tool {source} not found")


def _check_pairs(turns: list[ParsedTurn]) -> None:
    previous: ParsedTurn | None = None
    for turn, following in zip(turns, [*turns[1:], None], strict=True):
        if turn.role == "assistant":
            _check_calls_answered(turn, following)
        elif turn.role == "user":
            _check_results_asked_for(turn, previous)
        previous = turn


def _check_calls_answered(turn: ParsedTurn, following: ParsedTurn | None) -> None:
    """Require all calls at the end of their turn and all results at the start of the next."""
    calls = [block["id"] for _, block in turn.of_type("tool_use")]
    if not calls:
        return
    after = _followed_by_words(turn)
    answered = set(_leading_results(following)) if following and following.role == "user" else set()
    open_calls = [call for call in calls if call in after or call not in answered]
    if open_calls:
        raise fail(
            f"messages.{turn.index}",
            "`tool_use` ids were found without `tool_result` blocks immediately after: "
            f"{', '.join(open_calls)}. {MISSING_RESULT}",
        )
    if following and _pending_server_calls(turn) and len(set(_leading_results(following))) != len(following.blocks):
        raise fail(
            f"messages.{following.index}",
            "only `tool_result` blocks may answer a turn in which a server tool is still pending",
        )


def _followed_by_words(turn: ParsedTurn) -> set[str]:
    """Return the calls that text follows in the same turn; thinking may stand between two calls, but not at the end."""
    last_call = max((at for at, _ in turn.of_type("tool_use")), default=-1)
    words = [at for at, _ in turn.of_type("text")]
    words += [at for at, _ in turn.of_type("thinking", "redacted_thinking") if at > last_call]
    last = max(words, default=-1)
    return {block["id"] for at, block in turn.of_type("tool_use") if at < last}


def _leading_results(turn: ParsedTurn) -> Iterator[str]:
    for block in turn.blocks:
        if block["type"] != "tool_result":
            return
        yield block["tool_use_id"]


def _check_results_asked_for(turn: ParsedTurn, previous: ParsedTurn | None) -> None:
    calls = {block["id"] for _, block in previous.of_type("tool_use")} if previous else set()
    seen: set[str] = set()
    for at, block in turn.of_type("tool_result"):
        call = block["tool_use_id"]
        if call not in calls:
            raise fail(
                turn.path(at), f"unexpected `tool_use_id` found in `tool_result` blocks: {call}. {UNEXPECTED_RESULT}"
            )
        if call in seen:
            raise fail(
                turn.path(at),
                f"each tool_use must have a single result. Found multiple `tool_result` blocks with id: {call}",
            )
        seen.add(call)


def _pending_server_calls(turn: ParsedTurn) -> list[Block]:
    answered = {block["tool_use_id"] for block in turn.blocks if is_server_result(block)}
    return [block for _, block in turn.of_type("server_tool_use") if block["id"] not in answered]


def _check_server_tools(turns: list[ParsedTurn]) -> None:
    """Require the result of a hosted tool after its call; only the newest assistant turn may leave one pending."""
    called: set[str] = set()
    answered = {block["tool_use_id"] for turn in turns for block in turn.blocks if is_server_result(block)}
    newest = max((turn.index for turn in turns if turn.role == "assistant"), default=-1)
    for turn in turns:
        for at, block in enumerate(turn.blocks):
            if block["type"] in {"server_tool_use", "mcp_tool_use"}:
                called.add(block["id"])
                pending = turn.index == newest and _may_be_pending(turn, turns)
                _check_server_call(turn, block, answered=pending or block["id"] in answered)
            elif is_server_result(block) and block["tool_use_id"] not in called:
                raise fail(
                    turn.path(at),
                    f"unexpected `tool_use_id` found in `{block['type']}` blocks: {block['tool_use_id']}. "
                    f"Each `{block['type']}` block must have a corresponding `server_tool_use` block before it.",
                )


def _check_server_call(turn: ParsedTurn, block: Block, *, answered: bool) -> None:
    if not answered:
        raise fail(
            f"messages.{turn.index}",
            f"`{block['name']}` tool use with id `{block['id']}` was found without a corresponding "
            f"`{block['name']}_tool_result` block",
        )


def _may_be_pending(turn: ParsedTurn, turns: list[ParsedTurn]) -> bool:
    return turn is turns[-1] or any(True for _ in turn.of_type("tool_use"))


def _check_ending(request: ParsedRequest) -> None:
    last = request.turns[-1]
    if last.role != "assistant" or is_continuation(last):
        return
    if not request.model.prefill:
        raise Refusal(NO_PREFILL)
    if request.output_schema is not None:
        raise Refusal("output_config.format: assistant message prefill is not supported with structured outputs.")
    final = last.blocks[-1] if last.blocks else None
    if final and final["type"] == "text" and final["text"] != final["text"].rstrip():
        raise fail("messages", "final assistant content cannot end with trailing whitespace")


def is_continuation(turn: ParsedTurn) -> bool:
    """Tell whether this is a paused turn that was sent back to be continued."""
    return bool(turn.blocks) and (turn.blocks[-1]["type"] == "server_tool_use" or is_server_result(turn.blocks[-1]))
