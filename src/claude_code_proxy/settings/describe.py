"""The settings for people: one value as text, and all of them as the tables of `docs/configuring.md`."""

from typing import Any

from claude_code_proxy.secret import MASK
from claude_code_proxy.settings.table import SETTINGS, Setting


def format_value(setting: Setting, value: Any) -> str:
    """Return a value as text, for people: a secret masked, an unset value as nothing."""
    if value is None or value in ("", (), {}):
        return ""
    if setting.kind.secret:
        return MASK
    match value:
        case bool():
            return str(value).lower()
        case float():
            return f"{value:g}"
        case dict():
            return ",".join(f"{name}={target}" for name, target in value.items())
        case tuple():
            return ",".join(value)
        case _:
            return str(value)


def describe() -> str:
    """Return all settings as Markdown tables, by group."""
    lines: list[str] = []
    group = ""
    for setting in SETTINGS:
        if setting.group != group:
            group = setting.group
            lines += [
                "",
                f"### {group}",
                "",
                "| variable | flag | allowed | default | meaning |",
                "|---|---|---|---|---|",
            ]
        variables = ", ".join(f"`{name}`" for name in setting.env)
        flag = f"`{setting.flag}`" if setting.flag else "–"
        default = f"`{text}`" if (text := format_value(setting, setting.default)) else "–"
        words = setting.kind.words
        allowed = ", ".join(f"`{word}`" for word in words) if words else setting.kind.allowed
        lines.append(f"| {variables} | {flag} | {allowed} | {default} | {setting.doc} |")
    return "\n".join(lines).strip() + "\n"
