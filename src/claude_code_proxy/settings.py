"""Every setting, once: the fields of `Settings` are the table that flags, environment, file, documents and checks read.

`load` makes the one `Settings` of a run: a flag beats an environment variable, which beats the TOML file. Nobody else
reads the environment. A value that is not allowed is a `SettingsError` of one line; secrets are never shown.
"""

import ipaddress
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, TypeVar, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

from claude_code_proxy.errors import Misconfigured
from claude_code_proxy.secret import MASK, Secret

T = TypeVar("T")


class SettingsError(Misconfigured):
    """A setting is wrong. The message is one line that names it, says where it was set, and what is allowed."""


# How the text of a setting becomes its value. ---------------------------------------------------------------------


@dataclass(frozen=True)
class SettingKind(Generic[T]):
    """`parse` raises ValueError for what is not allowed; `allowed` finishes the sentence "this is not …".

    `metavar` stands for a value in the help; `words` are all there are, if there are few. `written` are the types that
    it may have in the file, beside text.
    """

    parse: Callable[[str], T]
    allowed: str
    metavar: str = "TEXT"
    words: tuple[str, ...] = ()
    written: tuple[type, ...] = ()
    secret: bool = False


def _word(text: str) -> str:
    """What may stand in a header."""
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError
    return text


def _secret(text: str) -> Secret:
    return Secret(_word(text))


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part for part in map(str.strip, text.split(",")) if part)


def _secrets(text: str) -> tuple[Secret, ...]:
    if not _listed(text):
        raise ValueError  # a lone comma must not open the door to everybody
    return tuple(_secret(part) for part in _listed(text))


def _mapped(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in _listed(text)]
    if not all(name.strip() and target.strip() for name, _, target in pairs):
        raise ValueError
    return {name.strip(): target.strip() for name, _, target in pairs}


def _truth(text: str) -> bool:
    return {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}[
        text.lower()
    ]


def _host(text: str) -> str:
    bare = text.removeprefix("[").removesuffix("]")
    if not re.fullmatch(r"[A-Za-z0-9_.-]+|[0-9A-Fa-f:.]+(?:%\w+)?", bare):
        raise ValueError
    return bare


def _address(text: str) -> str:
    """Without a trailing `/v1` and slashes, so that the base URL of any client library will do."""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
        raise ValueError
    if parts.query or parts.fragment or parts.port == 0:
        raise ValueError
    path = parts.path.rstrip("/").removesuffix("/v1").rstrip("/")
    return f"{parts.scheme}://{parts.netloc}{path}"


def _whole(low: int, high: int | None = None) -> SettingKind[int]:
    def parse(text: str) -> int:
        number = int(text)
        if number < low or (high is not None and number > high):
            raise ValueError
        return number

    allowed = f"a whole number from {low} to {high}" if high is not None else f"a whole number from {low} up"
    return SettingKind(parse, allowed, "N", written=(int,))


def _seconds(low: float) -> SettingKind[float]:
    def parse(text: str) -> float:
        number = float(text)
        if not low <= number < float("inf"):
            raise ValueError
        return number

    return SettingKind(parse, f"a number of seconds from {low:g} up", "SECONDS", written=(int, float))


def _choice(*words: str) -> SettingKind[Any]:
    allowed = " or ".join((", ".join(words[:-1]), words[-1]))
    return SettingKind(lambda text: words[words.index(text.lower())], allowed, f"{{{','.join(words)}}}", words)


TEXT = SettingKind(str, "text", "NAME")
WORD = SettingKind(_word, "one word of printable ASCII", "WORD")
PATH = SettingKind(Path, "a path", "PATH")
SECRET = SettingKind(_secret, "one word of printable ASCII", secret=True)
SECRETS = SettingKind(_secrets, "words of printable ASCII with commas between them", written=(list,), secret=True)
LIST = SettingKind(_listed, "a list with commas between its entries", "A,B", written=(list,))
MAPPING = SettingKind(_mapped, "a list like name=model,other=model", "NAME=MODEL,...", written=(dict,))
FLAG = SettingKind(_truth, "true or false", "{true,false}", ("true", "false"), (bool,))
HOST = SettingKind(_host, "a host name or an IP address", "HOST")
ADDRESS = SettingKind(_address, "an http or https address without user or query", "URL")


# The table. -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Env:
    """The variables of a setting, best first, where they are not its name in capitals."""

    names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of a run. A field: type, meaning, kind (where the type does not imply it), other variables, default.

    `origins` says where each value that is not the default came from.
    """

    anthropic_api_key: Annotated[Secret | None, "An Anthropic API key; used before all others."] = None
    claude_access_token: Annotated[Secret | None, "An OAuth access token, sent as a bearer token; not renewed."] = None
    claude_code_oauth_token: Annotated[
        Secret | None, "A login made by `claude setup-token`; used before the login file."
    ] = None
    claude_credentials_path: Annotated[
        Path | None, "The login file of Claude Code; looked for in `CLAUDE_CONFIG_DIR` when unset."
    ] = None
    claude_config_dir: Annotated[Path, "The directory where Claude Code keeps its login."] = Path("~/.claude")
    claude_login_via: Annotated[
        Literal["claude-code", "messages-api"],
        "How such a login is used: through Claude Code, or as a bearer token on the Messages API.",
    ] = "claude-code"
    claude_code_processes: Annotated[
        int, "Conversations that Claude Code keeps at once, about 200 MB each; the oldest gives way.", _whole(1, 1000)
    ] = 8
    claude_code_idle_seconds: Annotated[
        float, "How long Claude Code keeps a conversation that does not go on.", _seconds(1)
    ] = 900.0

    host: Annotated[str, "The address to listen on; `0.0.0.0` for every interface.", HOST] = "127.0.0.1"
    port: Annotated[int, "The port to listen on; `0` for any free one.", _whole(0, 65535)] = 8080
    proxy_api_key: Annotated[
        tuple[Secret, ...], "The API keys that callers may show, with commas between them; unset, all are served."
    ] = ()
    cors_origins: Annotated[
        tuple[str, ...],
        "Web origins that may call from a browser; `*` for all. Without `PROXY_API_KEY`, other pages get a 403.",
    ] = ()
    workers: Annotated[int, "Server processes that share the port.", _whole(1, 64)] = 1
    config: Annotated[Path | None, "A TOML file with settings.", _Env(("CLAUDE_PROXY_CONFIG",))] = None

    upstream: Annotated[Literal["anthropic", "simulated"], "Who answers: Anthropic, or an offline stand-in."] = (
        "anthropic"
    )
    anthropic_api_base: Annotated[
        str,
        "Where the Messages API is; a trailing `/v1` is fine.",
        ADDRESS,
        _Env(("ANTHROPIC_API_BASE", "ANTHROPIC_BASE_URL")),
    ] = "https://api.anthropic.com"
    anthropic_workspace_id: Annotated[str, "The workspace of a key that can reach several.", WORD] = ""
    max_retries: Annotated[
        int, "Retries of a failed request before anything has reached the client.", _whole(0, 10)
    ] = 2
    https_proxy: Annotated[
        Secret | None, "The web proxy to an https upstream.", _Env(("HTTPS_PROXY", "https_proxy"))
    ] = None
    http_proxy: Annotated[Secret | None, "The web proxy to an http upstream.", _Env(("HTTP_PROXY", "http_proxy"))] = (
        None
    )
    no_proxy: Annotated[tuple[str, ...], "Hosts to reach without the web proxy.", _Env(("NO_PROXY", "no_proxy"))] = ()
    ssl_cert_file: Annotated[Path | None, "Certificates to trust instead of the system's."] = None

    default_model: Annotated[str, "The model of requests that name none."] = "claude-sonnet-4-6"
    model_aliases: Annotated[
        Mapping[str, str],
        "Other names for models, like `low=claude-haiku-5-5,gpt-*=claude-sonnet-5-5`; `*` stands for anything.",
    ] = field(default_factory=dict)
    models_refresh_seconds: Annotated[float, "How often the upstream's list of models is read again.", _seconds(1)] = (
        3600.0
    )
    strict: Annotated[bool, "Refuse a request whose meaning would have to change, instead of adjusting it."] = False
    prompt_cache: Annotated[Literal["auto", "off"], "Cache breakpoints where they pay, or none but the caller's."] = (
        "auto"
    )

    max_body_bytes: Annotated[int, "The largest request body.", _whole(1024)] = 32 * 1024 * 1024
    max_header_bytes: Annotated[int, "The largest request head.", _whole(1024)] = 64 * 1024
    max_concurrent: Annotated[int, "Requests served at once, by each worker.", _whole(1)] = 2000
    max_queued: Annotated[int, "Requests that may wait for their turn; further ones get a 429.", _whole(0)] = 200

    queue_seconds: Annotated[float, "The longest wait for a turn.", _seconds(0)] = 5.0
    header_seconds: Annotated[float, "The time a client has to send a whole request head.", _seconds(0.1)] = 10.0
    connect_seconds: Annotated[float, "The time to connect to the upstream.", _seconds(0.1)] = 10.0
    first_byte_seconds: Annotated[float, "The time until the upstream begins to answer.", _seconds(0.1)] = 300.0
    idle_seconds: Annotated[float, "The longest silence of the upstream within an answer.", _seconds(0.1)] = 600.0
    answer_seconds: Annotated[float, "The time a whole answer may take; a stream has no such limit.", _seconds(1)] = (
        290.0
    )
    keepalive_seconds: Annotated[
        float, "The silence after which a stream is kept alive; `0` for never.", _seconds(0)
    ] = 10.0
    drain_seconds: Annotated[float, "The time that running answers have to finish at the end.", _seconds(0)] = 30.0

    state_dir: Annotated[Path | None, "A directory for what should outlast a restart; unset, it is kept in memory."] = (
        None
    )
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], "The least severe log lines that are written."
    ] = "info"
    log_format: Annotated[Literal["text", "json"], "Log lines for people or for machines."] = "text"

    origins: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    @property
    def loopback_only(self) -> bool:
        return _is_loopback(self.host)

    def login_paths(self) -> tuple[Path, ...]:
        """Where a login file may be, best first."""
        if self.claude_credentials_path is not None:
            return (self.claude_credentials_path,)
        return (self.claude_config_dir / ".credentials.json", self.claude_config_dir / "credentials.json")

    def origin(self, key: str) -> str:
        return self.origins.get(key, "default")


# Each group of the table begins with this setting.
_GROUPS = {
    "anthropic_api_key": "Credentials",
    "host": "Server",
    "upstream": "Upstream",
    "default_model": "Models and requests",
    "max_body_bytes": "Limits",
    "queue_seconds": "Times, in seconds",
    "state_dir": "State and logs",
}
_KIND_OF_TYPE: dict[Any, SettingKind[Any]] = {
    str: TEXT,
    bool: FLAG,
    Path: PATH,
    Path | None: PATH,
    Secret | None: SECRET,
    tuple[Secret, ...]: SECRETS,
    tuple[str, ...]: LIST,
    Mapping[str, str]: MAPPING,
}


@dataclass(frozen=True)
class Setting:
    """One row. Its key names it in the file and, with dashes, as a flag; `env` are its variables, best first."""

    key: str
    kind: SettingKind[Any]
    group: str
    doc: str
    default: Any
    env: tuple[str, ...]

    @property
    def flag(self) -> str | None:
        """None for secrets: the arguments of a process are visible to all users of the machine."""
        return None if self.kind.secret else "--" + self.key.replace("_", "-")


def _rows() -> Iterator[Setting]:
    group = ""
    defaults = Settings()
    for key, hint in get_type_hints(Settings, include_extras=True).items():
        if get_origin(hint) is not Annotated:
            continue
        group = _GROUPS.get(key, group)
        of_type, doc, *rest = get_args(hint)
        kind = next((extra for extra in rest if isinstance(extra, SettingKind)), None) or _kind(of_type)
        env = next((extra.names for extra in rest if isinstance(extra, _Env)), (key.upper(),))
        yield Setting(key, kind, group, doc, getattr(defaults, key), env)


def _kind(of_type: Any) -> SettingKind[Any]:
    return _choice(*get_args(of_type)) if get_origin(of_type) is Literal else _KIND_OF_TYPE[of_type]


SETTINGS: tuple[Setting, ...] = tuple(_rows())
_BY_KEY = {setting.key: setting for setting in SETTINGS}


# Reading them. ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Told:
    """The text of one setting, and where it was set."""

    text: str
    where: str
    origin: str


def load(flags: Mapping[str, str], environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of a run. `flags` by key, as text; `environ` is the process's own unless it is given."""
    environ = os.environ if environ is None else environ
    home = environ.get("HOME") or str(Path.home())
    config = _BY_KEY["config"]
    told = _from_flags_or_environment(config, flags=flags, environ=environ)
    filed = _read_file(Path(_expanded(told.text, home)), told.where) if told else {}
    values: dict[str, Any] = {"claude_config_dir": Path(home) / ".claude"}
    origins: dict[str, str] = {}
    for setting in SETTINGS:
        found = _from_flags_or_environment(setting, flags=flags, environ=environ) or filed.get(setting.key)
        if found is not None:
            values[setting.key] = _parsed(setting, found, home=home)
            origins[setting.key] = found.origin
    settings = Settings(**values, origins=origins)
    _refuse_itself_as_upstream(settings)
    return settings


def inherited() -> Mapping[str, str]:
    """This process's environment, for a child process; the caller decides what to pass on."""
    return os.environ


def _from_flags_or_environment(
    setting: Setting, *, flags: Mapping[str, str], environ: Mapping[str, str]
) -> _Told | None:
    if setting.key in flags:
        return _Told(flags[setting.key], f"{setting.flag}", f"{setting.flag}")
    name = next((name for name in setting.env if environ.get(name, "").strip()), None)
    return _Told(environ[name].strip(), f"{name} (environment)", name) if name else None


def _read_file(path: Path, where: str) -> dict[str, _Told]:
    import tomllib  # noqa: PLC0415 - most starts have no file

    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{where}: cannot read {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not valid TOML: {error}") from error
    filed = {key: _filed(key, value, path=path) for key, value in table.items()}
    return {key: told for key, told in filed.items() if told.text}


def _filed(key: str, value: object, *, path: Path) -> _Told:
    """What the file says of one setting. Its words are not repeated in an error: they may be a secret."""
    if key not in _BY_KEY or key == "config":
        import difflib  # noqa: PLC0415 - most starts do not need it

        near = difflib.get_close_matches(key.lower(), _BY_KEY, n=1)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        raise SettingsError(f"{path}: unknown setting {key!r}{hint}")
    where = f"{key} in {path}"
    kind = _BY_KEY[key].kind
    if not isinstance(value, str) and type(value) not in kind.written:
        noun = _NOUNS.get(type(value), "a date or a time")
        raise SettingsError(f"{where}: {noun} is not {kind.allowed}")
    text = _as_text(value)
    if text is None:
        raise SettingsError(f"{where}: its entries are not all text")
    return _Told(text, where, str(path))


_NOUNS: Mapping[type, str] = {
    bool: "true or false",
    int: "a number",
    float: "a fraction",
    list: "a list",
    dict: "a table",
}


def _as_text(value: object) -> str | None:
    """A TOML value as it would stand in a variable; None for one that could not."""
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


def _parsed(setting: Setting, told: _Told, *, home: str) -> Any:
    text = _expanded(told.text, home) if setting.kind is PATH else told.text
    try:
        return setting.kind.parse(text)
    except (ValueError, KeyError):
        shown = "the value" if setting.kind.secret or "@" in text else repr(text)
        raise SettingsError(f"{told.where}: {shown} is not {setting.kind.allowed}") from None


def _expanded(text: str, home: str) -> str:
    return home + text[1:] if text == "~" or text.startswith("~/") else text


def _refuse_itself_as_upstream(settings: Settings) -> None:
    """A proxy whose upstream is itself would send each request to itself without end."""
    parts = urlsplit(settings.anthropic_api_base)
    port = parts.port or {"https": 443, "http": 80}[parts.scheme]
    host = parts.hostname or ""
    if settings.upstream != "anthropic" or port != settings.port:
        return
    local = _is_loopback(host) or _is_wildcard(host)
    if host == settings.host or (local and (settings.loopback_only or _is_wildcard(settings.host))):
        origin = settings.origin("anthropic_api_base")
        raise SettingsError(
            f"{origin}: {settings.anthropic_api_base} is this proxy itself; the upstream is another server"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _is_wildcard(host: str) -> bool:
    return host in {"0.0.0.0", "::"}  # noqa: S104 - compared, not bound


# Showing them. ----------------------------------------------------------------------------------------------------


def shown(setting: Setting, value: Any) -> str:
    """A value as text, for people: secrets masked, nothing for what is unset."""
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
    """All settings as Markdown, by group."""
    lines: list[str] = []
    group = ""
    for setting in SETTINGS:
        if setting.group != group:
            group = setting.group
            lines += [
                "",
                f"### {group}",
                "",
                "| variable | flag | allowed | default | what it is |",
                "|---|---|---|---|---|",
            ]
        variables = ", ".join(f"`{name}`" for name in setting.env)
        flag = f"`{setting.flag}`" if setting.flag else "–"
        default = f"`{text}`" if (text := shown(setting, setting.default)) else "–"
        words = setting.kind.words
        allowed = ", ".join(f"`{word}`" for word in words) if words else setting.kind.allowed
        lines.append(f"| {variables} | {flag} | {allowed} | {default} | {setting.doc} |")
    return "\n".join(lines).strip() + "\n"
