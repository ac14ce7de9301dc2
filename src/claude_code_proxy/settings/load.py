"""`load` makes the one `Settings` of a run: a flag beats an environment variable, which beats the TOML file.

Nothing else reads the environment. A value that is not allowed is a `SettingsError` of one line, without any secret.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from claude_code_proxy.errors import Misconfigured
from claude_code_proxy.settings.kinds import PATH
from claude_code_proxy.settings.table import SETTINGS, Setting, Settings, is_loopback


class SettingsError(Misconfigured):
    """A setting is wrong. The message is one line that names it, says where it was set, and what is allowed."""


_BY_KEY = {setting.key: setting for setting in SETTINGS}


@dataclass(frozen=True)
class _RawValue:
    """The text of one setting, and where it was set: `where` for an error, `origin` for `config`."""

    text: str
    where: str
    origin: str


def load(flags: Mapping[str, str], environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of a run. `flags` holds texts by key; `environ` is the process's own by default."""
    environ = os.environ if environ is None else environ
    home = environ.get("HOME") or str(Path.home())
    config = _BY_KEY["config"]
    file = _from_flags_or_environment(config, flags=flags, environ=environ)
    in_file = _read_file(Path(_expand(file.text, home)), file.where) if file else {}
    values: dict[str, Any] = {"claude_config_dir": Path(home) / ".claude"}
    origins: dict[str, str] = {}
    for setting in SETTINGS:
        raw = _from_flags_or_environment(setting, flags=flags, environ=environ) or in_file.get(setting.key)
        if raw is not None:
            values[setting.key] = _parse(setting, raw, home=home)
            origins[setting.key] = raw.origin
    settings = Settings(**values, origins=origins, flags=flags)
    _refuse_itself_as_upstream(settings)
    return settings


def refuse_open_door(settings: Settings) -> None:
    """Refuse to serve other machines without an API key, unless the owner wants that. Raise `SettingsError`."""
    if settings.loopback_only or settings.proxy_api_key or settings.allow_keyless:
        return
    raise SettingsError(
        f"{settings.origin('host')}: other machines can reach {settings.host}, and could use the proxy without a key: "
        "set PROXY_API_KEY to the key that callers must send, or ALLOW_KEYLESS=true to serve everybody"
    )


def inherited() -> Mapping[str, str]:
    """Return this process's environment, of which the caller passes on to a child process what it needs."""
    return os.environ


def _from_flags_or_environment(
    setting: Setting, *, flags: Mapping[str, str], environ: Mapping[str, str]
) -> _RawValue | None:
    if setting.key in flags:
        return _RawValue(flags[setting.key], f"{setting.flag}", f"{setting.flag}")
    name = next((name for name in setting.env if environ.get(name, "").strip()), None)
    return _RawValue(environ[name].strip(), f"{name} (environment)", name) if name else None


def _read_file(path: Path, where: str) -> dict[str, _RawValue]:
    import tomllib  # noqa: PLC0415 - most starts have no file

    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{where}: cannot read {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not valid TOML: {error}") from error
    values = {key: _file_value(key, value, path=path) for key, value in table.items()}
    return {key: raw for key, raw in values.items() if raw.text}


def _file_value(key: str, value: object, *, path: Path) -> _RawValue:
    """Return the value that the file has for one setting. No error repeats it: it may be a secret."""
    if key not in _BY_KEY or key == "config":
        import difflib  # noqa: PLC0415 - most starts do not need it

        near = difflib.get_close_matches(key.lower(), _BY_KEY, n=1)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        raise SettingsError(f"{path}: unknown setting {key!r}{hint}")
    where = f"{key} in {path}"
    kind = _BY_KEY[key].kind
    if not isinstance(value, str) and type(value) not in kind.file_types:
        noun = _NOUNS.get(type(value), "a date or a time")
        raise SettingsError(f"{where}: {noun} is not {kind.allowed}")
    text = _as_text(value)
    if text is None:
        raise SettingsError(f"{where}: its entries are not all text")
    return _RawValue(text, where, str(path))


_NOUNS: Mapping[type, str] = {
    bool: "true or false",
    int: "a number",
    float: "a fraction",
    list: "a list",
    dict: "a table",
}


def _as_text(value: object) -> str | None:
    """Return a TOML value as the text of a variable; None if it has none."""
    match value:
        case bool():
            return str(value).lower()
        case list():
            return ",".join(value) if all(isinstance(entry, str) for entry in value) else None
        case dict():
            texts = all(isinstance(entry, str) for entry in value.values())
            return ",".join(f"{name}={entry}" for name, entry in value.items()) if texts else None
        case _:
            return str(value).strip()


def _parse(setting: Setting, raw: _RawValue, *, home: str) -> Any:
    text = _expand(raw.text, home) if setting.kind is PATH else raw.text
    try:
        return setting.kind.parse(text)
    except (ValueError, KeyError):
        quoted = "the value" if setting.kind.secret or "@" in text else repr(text)
        raise SettingsError(f"{raw.where}: {quoted} is not {setting.kind.allowed}") from None


def _expand(text: str, home: str) -> str:
    return home + text[1:] if text == "~" or text.startswith("~/") else text


def _refuse_itself_as_upstream(settings: Settings) -> None:
    """Refuse a proxy that is its own upstream: it would send each request to itself without end."""
    parts = urlsplit(settings.anthropic_api_base)
    port = parts.port or {"https": 443, "http": 80}[parts.scheme]
    host = parts.hostname or ""
    if settings.upstream != "anthropic" or port != settings.port:
        return
    local = is_loopback(host) or is_wildcard(host)
    if host == settings.host or (local and (settings.loopback_only or is_wildcard(settings.host))):
        origin = settings.origin("anthropic_api_base")
        raise SettingsError(
            f"{origin}: {settings.anthropic_api_base} is this proxy itself; set it to the address of the upstream"
        )


def is_wildcard(host: str) -> bool:
    """Return whether the address stands for all addresses of the machine."""
    return host in {"0.0.0.0", "::"}  # noqa: S104 - compared, not bound
