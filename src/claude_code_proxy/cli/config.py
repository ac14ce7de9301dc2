"""`config`: print the settings in effect, by group, each with where it was set. Secrets are masked."""

from claude_code_proxy.cli.standard_output import report
from claude_code_proxy.settings import SETTINGS, Settings, format_value


def run(settings: Settings) -> int:
    report(table(settings))
    return 0


def table(settings: Settings) -> str:
    """Return a line for each setting; one that is not the default says where it was set."""
    lines: list[str] = []
    group = ""
    for setting in SETTINGS:
        if setting.group != group:
            group = setting.group
            lines += ["", group]
        value = format_value(setting, getattr(settings, setting.key)) or "–"
        origin = settings.origins.get(setting.key)
        lines.append(f"  {setting.key:24} {value}" + (f"   ({origin})" if origin else ""))
    return "\n".join(lines[1:])
