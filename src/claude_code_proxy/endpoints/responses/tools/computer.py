"""The computer tool, both ways: actions of `computer_call` items <-> calls of the members of Claude's computer toolset.

The client runs the actions and answers with screenshots, whose pixels the coordinates count. Members that no action can
express are switched off. https://platform.claude.com/docs/en/agents-and-tools/tool-use/computer-use-tool
"""

from collections.abc import Sequence
from typing import TypeAlias, assert_never

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from claude_code_proxy import messages
from claude_code_proxy.messages.json_text import is_given

TOOLSET = "computer_toolset_20260801"
TOOLSET_NAME = "computer"  # in the calls of its members
_WITHOUT = ("cursor_position", "hold_key", "left_mouse_down", "left_mouse_up", "triple_click", "zoom")
COMPUTER_TOOLSET = messages.RawTool(
    TOOLSET,
    TOOLSET,
    raw=msgspec.json.encode({"type": TOOLSET, "configs": {name: {"enabled": False} for name in _WITHOUT}}),
)
_BUTTONS = {"left_click": "left", "right_click": "right", "middle_click": "wheel"}
_CLICKS = {"left": "left_click", "right": "right_click", "wheel": "middle_click"}
_SCROLL_PIXELS = 100  # of one click of the wheel
_KEYS = {
    "return": "ENTER",
    "escape": "ESC",
    "up": "ARROWUP",
    "down": "ARROWDOWN",
    "left": "ARROWLEFT",
    "right": "ARROWRIGHT",
    "page_up": "PAGEUP",
    "page_down": "PAGEDOWN",
}
_NAMES = {key: name for name, key in _KEYS.items()}


class Point(Struct, frozen=True):
    x: int
    y: int


class ClickAction(Struct, frozen=True, tag_field="type", tag="click"):
    button: str
    x: int
    y: int
    keys: list[str] | UnsetType | None = UNSET


class DoubleClickAction(Struct, frozen=True, tag_field="type", tag="double_click"):
    x: int
    y: int
    keys: list[str] | UnsetType | None = UNSET


class DragAction(Struct, frozen=True, tag_field="type", tag="drag"):
    path: list[Point]
    keys: list[str] | UnsetType | None = UNSET


class KeypressAction(Struct, frozen=True, tag_field="type", tag="keypress"):
    keys: list[str]


class MoveAction(Struct, frozen=True, tag_field="type", tag="move"):
    x: int
    y: int


class ScreenshotAction(Struct, frozen=True, tag_field="type", tag="screenshot"):
    pass


class ScrollAction(Struct, frozen=True, tag_field="type", tag="scroll"):
    x: int
    y: int
    scroll_x: int
    scroll_y: int
    keys: list[str] | UnsetType | None = UNSET


class TypeAction(Struct, frozen=True, tag_field="type", tag="type"):
    text: str


class WaitAction(Struct, frozen=True, tag_field="type", tag="wait"):
    pass


ComputerAction: TypeAlias = (
    ClickAction
    | DoubleClickAction
    | DragAction
    | KeypressAction
    | MoveAction
    | ScreenshotAction
    | ScrollAction
    | TypeAction
    | WaitAction
)


class ComputerCallItem(Struct, frozen=True, tag_field="type", tag="computer_call"):
    """`action` for the preview of the tool, `actions` for the present one; neither while it has just begun."""

    id: str
    status: str
    call_id: str
    action: ComputerAction | UnsetType = UNSET
    actions: tuple[ComputerAction, ...] | UnsetType = UNSET
    pending_safety_checks: tuple[()] = ()


class _MemberInput(Struct, frozen=True):
    coordinate: tuple[int, int] | None = None
    start_coordinate: tuple[int, int] | None = None
    text: str | None = None
    repeat: int | None = None
    scroll_direction: str = ""
    scroll_amount: int = 0


_decode_input = msgspec.json.Decoder(_MemberInput, strict=False).decode
_decode_action = msgspec.json.Decoder(ComputerAction).decode
_decode_actions = msgspec.json.Decoder(list[ComputerAction]).decode
_MOST_REPEATS = 100


def to_computer_call(
    call_id: str, arguments: str, *, member: str, preview: bool, id: str, status: str
) -> ComputerCallItem:
    """Return the item of a call. `arguments` is empty where it has just begun."""
    item = ComputerCallItem(id, status, call_id)
    if not arguments:
        return item
    actions = to_actions(member, arguments)
    if preview:
        return msgspec.structs.replace(item, action=actions[0])
    return msgspec.structs.replace(item, actions=actions)


def to_actions(member: str, arguments: str) -> tuple[ComputerAction, ...]:
    """Return the actions of a member's call: a harmless screenshot where they cannot be told."""
    try:
        input = _decode_input(arguments)
    except msgspec.DecodeError:
        return (ScreenshotAction(),)
    if member == "key" and input.text:
        return (KeypressAction(_keys(input.text)),) * min(max(input.repeat or 1, 1), _MOST_REPEATS)
    if member == "type":
        return (TypeAction(input.text or ""),)
    if member == "wait":
        return (WaitAction(),)
    return (_pointer_action(member, input) or ScreenshotAction(),)


def to_member(action: Raw, actions: Raw) -> tuple[str, Raw]:
    """Return the member that the actions of an item are a call of, and its input. Raise `msgspec.DecodeError`.

    An item of this proxy's has one action, or one keypress several times; of others only the first action is told.
    """
    found = _decode_actions(actions) if is_given(actions) else [_decode_action(action)] if is_given(action) else []
    first = found[0] if found else ScreenshotAction()
    member, input = _member_of(first)
    repeats = len(found) if isinstance(first, KeypressAction) and all(one == first for one in found) else 1
    if repeats > 1:
        input = {**input, "repeat": repeats}
    return member, Raw(msgspec.json.encode(input))


def _pointer_action(member: str, input: _MemberInput) -> ComputerAction | None:
    if input.coordinate is None:
        return None
    x, y = input.coordinate
    keys = _keys(input.text) if input.text else UNSET
    if member in _BUTTONS:
        return ClickAction(_BUTTONS[member], x, y, keys)
    match member:
        case "double_click":
            return DoubleClickAction(x, y, keys)
        case "mouse_move":
            return MoveAction(x, y)
        case "scroll":
            pixels = input.scroll_amount * _SCROLL_PIXELS
            across = {"left": -pixels, "right": pixels}.get(input.scroll_direction, 0)
            along = {"up": -pixels, "down": pixels}.get(input.scroll_direction, 0)
            return ScrollAction(x, y, across, along, keys)
        case "left_click_drag" if input.start_coordinate is not None:
            return DragAction([Point(*input.start_coordinate), Point(x, y)], keys)
        case _:
            return None


def _member_of(action: ComputerAction) -> tuple[str, dict[str, object]]:
    match action:
        case ClickAction():
            return _CLICKS.get(action.button, "left_click"), _at(action.x, action.y, keys=action.keys)
        case DoubleClickAction():
            return "double_click", _at(action.x, action.y, keys=action.keys)
        case DragAction():
            path = action.path or [Point(0, 0)]
            start = {"start_coordinate": [path[0].x, path[0].y]}
            return "left_click_drag", {**start, **_at(path[-1].x, path[-1].y, keys=action.keys)}
        case KeypressAction():
            return "key", {"text": _combination(action.keys)}
        case MoveAction():
            return "mouse_move", _at(action.x, action.y, keys=None)
        case ScrollAction():
            return "scroll", {**_at(action.x, action.y, keys=action.keys), **_scrolled(action)}
        case TypeAction():
            return "type", {"text": action.text}
        case WaitAction():
            return "wait", {"duration": 1}
        case ScreenshotAction():
            return "screenshot", {}
        case unreachable:
            assert_never(unreachable)


def _scrolled(action: ScrollAction) -> dict[str, object]:
    if action.scroll_x:
        direction, pixels = ("right" if action.scroll_x > 0 else "left"), abs(action.scroll_x)
    else:
        direction, pixels = ("up" if action.scroll_y < 0 else "down"), abs(action.scroll_y)
    return {"scroll_direction": direction, "scroll_amount": max(1, round(pixels / _SCROLL_PIXELS))}


def _at(x: int, y: int, *, keys: Sequence[str] | UnsetType | None) -> dict[str, object]:
    return {"coordinate": [x, y], **({"text": _combination(keys)} if keys else {})}


def _keys(combination: str) -> list[str]:
    """Return the keys of a combination such as `ctrl+s`; a plus that ends it is a key itself."""
    names = [name for name in combination.split("+") if name] + (["+"] if combination.endswith("+") else [])
    return [_KEYS.get(name.lower(), name.upper()) for name in names]


def _combination(keys: Sequence[str]) -> str:
    return "+".join(_NAMES.get(key.upper(), key.lower()) for key in keys)
