"""Every setting, once: the fields of `Settings` are the table that flags, environment, file, docs and checks read."""

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from claude_code_proxy.secret import Secret
from claude_code_proxy.settings.kinds import (
    ADDRESS,
    FLAG,
    HOST,
    LIST,
    MAPPING,
    NETWORKS,
    PATH,
    SECRET,
    SECRETS,
    TEXT,
    WORD,
    SettingKind,
    choice,
    seconds,
    whole,
)


@dataclass(frozen=True)
class _Env:
    """The environment variables of a setting, in order of precedence, where they are not its name in capitals."""

    names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of a run. Each field: type, meaning, kind (if the type does not imply it), variables, default.

    `origins` holds, for each value that is not the default, where it was set; `flags` are those of the command line.
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
        int,
        "Conversations that Claude Code keeps at once, about 200 MB each; a new one ends the oldest.",
        whole(1, 1000),
    ] = 8
    claude_code_idle_seconds: Annotated[
        float, "How long Claude Code keeps a conversation without a new request.", seconds(1)
    ] = 900.0

    host: Annotated[
        str, "The address to listen on; `0.0.0.0` for every IPv4 address, `::` for those of IPv4 and IPv6.", HOST
    ] = "127.0.0.1"
    port: Annotated[int, "The port to listen on; `0` for any free one.", whole(0, 65535)] = 8080
    proxy_api_key: Annotated[
        tuple[Secret, ...], "The API keys that callers may use, separated by commas; if unset, callers need none."
    ] = ()
    allow_keyless: Annotated[
        bool,
        "Whether to serve other machines although `PROXY_API_KEY` is not set; without this such a start is refused.",
    ] = False
    cors_origins: Annotated[
        tuple[str, ...],
        "Web origins that may call from a browser; `*` for all. Without `PROXY_API_KEY`, other pages get a 403.",
    ] = ()
    trusted_proxies: Annotated[
        tuple[str, ...],
        "Reverse proxies whose `X-Forwarded-For` is believed, as addresses or networks; `unix` for a Unix socket.",
        NETWORKS,
    ] = ()
    workers: Annotated[int, "Server processes that share the port.", whole(1, 64)] = 1
    config: Annotated[Path | None, "A TOML file with settings.", _Env(("CLAUDE_PROXY_CONFIG",))] = None

    upstream: Annotated[Literal["anthropic", "simulated"], "What answers: Anthropic, or an offline simulation."] = (
        "anthropic"
    )
    anthropic_api_base: Annotated[
        str,
        "The base URL of the Messages API, with or without `/v1`.",
        ADDRESS,
        _Env(("ANTHROPIC_API_BASE", "ANTHROPIC_BASE_URL")),
    ] = "https://api.anthropic.com"
    anthropic_workspace_id: Annotated[str, "The workspace to use, for a key that can reach several.", WORD] = ""
    max_retries: Annotated[
        int, "How often a failed request is sent again, while nothing has reached the client.", whole(0, 10)
    ] = 2
    https_proxy: Annotated[
        Secret | None, "The web proxy to an https upstream.", _Env(("HTTPS_PROXY", "https_proxy"))
    ] = None
    http_proxy: Annotated[Secret | None, "The web proxy to an http upstream.", _Env(("HTTP_PROXY", "http_proxy"))] = (
        None
    )
    no_proxy: Annotated[
        tuple[str, ...], "Hosts to reach without the web proxy, separated by commas.", _Env(("NO_PROXY", "no_proxy"))
    ] = ()
    ssl_cert_file: Annotated[Path | None, "A file of certificate authorities to trust instead of the system's."] = None

    embeddings_base_url: Annotated[
        str,
        "The base URL, with its `/v1`, of a service that answers `POST /v1/embeddings`: Claude has no embeddings.",
        ADDRESS,
    ] = ""
    embeddings_api_key: Annotated[Secret | None, "The API key of that service."] = None

    default_model: Annotated[str, "The model of requests that name none."] = "claude-sonnet-4-6"
    model_aliases: Annotated[
        Mapping[str, str],
        "Other names for models, like `low=claude-haiku-5-5,gpt-*=claude-sonnet-5-5`; `*` stands for anything.",
    ] = field(default_factory=dict)
    models_refresh_seconds: Annotated[float, "How often the upstream's list of models is read again.", seconds(1)] = (
        3600.0
    )
    strict: Annotated[bool, "Refuse a request whose meaning would have to change, instead of adjusting it."] = False
    prompt_cache: Annotated[
        Literal["auto", "off"],
        "Whether cache breakpoints are added where they save money; those of the caller are always kept.",
    ] = "auto"

    max_body_bytes: Annotated[int, "The largest request body; of a compressed one, what it becomes.", whole(1024)] = (
        32 * 1024 * 1024
    )
    max_body_memory: Annotated[
        int,
        "The memory, in bytes, that all request bodies may take, divided among the workers; a body takes twice its "
        "size. Without room for 5 s, a request gets a 503. `0`: a sixth of what the container, or the machine, has.",
        whole(0),
    ] = 0
    max_header_bytes: Annotated[int, "The largest request head.", whole(1024)] = 64 * 1024
    max_concurrent: Annotated[int, "Requests served at once, by each worker.", whole(1)] = 2000
    max_queued: Annotated[int, "Requests that may wait for a free place; further ones get a 429.", whole(0)] = 200

    queue_seconds: Annotated[float, "The longest wait for a free place.", seconds(0)] = 5.0
    header_seconds: Annotated[float, "The time that a client has to send the request head.", seconds(0.1)] = 10.0
    connect_seconds: Annotated[float, "The time to connect to the upstream.", seconds(0.1)] = 10.0
    first_byte_seconds: Annotated[float, "The time until the upstream begins to answer.", seconds(0.1)] = 300.0
    idle_seconds: Annotated[float, "The longest silence of the upstream within an answer.", seconds(0.1)] = 600.0
    answer_seconds: Annotated[float, "The time that an answer may take that is not streamed.", seconds(1)] = 290.0
    keepalive_seconds: Annotated[
        float, "The silence in a stream after which a keep-alive comment is sent; `0` for never.", seconds(0)
    ] = 10.0
    drain_seconds: Annotated[
        float, "The time that running answers have to finish when the server stops.", seconds(0)
    ] = 30.0

    state_dir: Annotated[
        Path | None, "A directory for the state that a restart should keep; if unset, state is in memory."
    ] = None
    store_content: Annotated[
        bool, "Also keep there, sealed, what callers want kept of their requests and answers; otherwise in memory."
    ] = False
    responses_keep_days: Annotated[float, "The days that responses are kept.", seconds(0.001)] = 30.0
    state_key: Annotated[
        tuple[Secret, ...],
        "Secrets that seal what clients keep for the proxy: the first one seals, all of them open. If unset, one is "
        "made in `STATE_DIR`, or for this run.",
    ] = ()
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], "The least severe log lines that are written."
    ] = "info"
    log_format: Annotated[Literal["text", "json"], "Log lines as text for people, or as JSON."] = "text"

    origins: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    flags: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    @property
    def loopback_only(self) -> bool:
        return is_loopback(self.host)

    def login_paths(self) -> tuple[Path, ...]:
        """Return where a login file may be, in order of precedence."""
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
_KINDS: dict[Any, SettingKind[Any]] = {
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
    """One row of the table. The key is its name in the file and, with dashes, its flag; `env` are its variables."""

    key: str
    kind: SettingKind[Any]
    group: str
    doc: str
    default: Any
    env: tuple[str, ...]

    @property
    def flag(self) -> str | None:
        """The flag; None for secrets, since all users of a machine can see the arguments of a process."""
        return None if self.kind.secret else "--" + self.key.replace("_", "-")


def _rows() -> Iterator[Setting]:
    group = ""
    defaults = Settings()
    for key, hint in get_type_hints(Settings, include_extras=True).items():
        if get_origin(hint) is not Annotated:
            continue
        group = _GROUPS.get(key, group)
        of_type, doc, *rest = get_args(hint)
        kind = next((extra for extra in rest if isinstance(extra, SettingKind)), None) or _implied_kind(of_type)
        env = next((extra.names for extra in rest if isinstance(extra, _Env)), (key.upper(),))
        yield Setting(key, kind, group, doc, getattr(defaults, key), env)


def _implied_kind(of_type: Any) -> SettingKind[Any]:
    return choice(*get_args(of_type)) if get_origin(of_type) is Literal else _KINDS[of_type]


SETTINGS: tuple[Setting, ...] = tuple(_rows())


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
