"""`config`: prints the settings in effect, by group, each with where it came from. Secrets are masked."""

from claude_code_proxy.settings import SETTINGS, Settings, shown


def run(settings: Settings) -> int:
    print(table(settings))
    return 0


def table(settings: Settings) -> str:
    """One line for each setting; those that are not the default say who set them."""
    lines: list[str] = []
    group = ""
    for setting in SETTINGS:
        if setting.group != group:
            group = setting.group
            lines += ["", group]
        value = shown(setting, getattr(settings, setting.key)) or "–"
        origin = settings.origins.get(setting.key)
        lines.append(f"  {setting.key:24} {value}" + (f"   ({origin})" if origin else ""))
    return "\n".join(lines[1:])
