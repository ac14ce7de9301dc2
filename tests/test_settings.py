"""Flags beat the environment, which beats the file; what is not allowed ends the start with one clear line."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_code_proxy.secret import Secret
from claude_code_proxy.settings import SETTINGS, Setting, Settings, SettingsError, describe, load, shown

DOCUMENT = Path(__file__).parent.parent / "docs" / "configuring.md"
HOME = {"HOME": "/home/somebody"}
KEY = "sk-ant-test-4711"


def loaded(flags: Mapping[str, str] | None = None, /, **environ: str) -> Settings:
    return load(flags or {}, HOME | environ)


def refusal(flags: Mapping[str, str] | None = None, /, **environ: str) -> str:
    with pytest.raises(SettingsError) as caught:
        loaded(flags, **environ)
    assert "\n" not in caught.value.message
    return caught.value.message


def test_nothing_set_gives_the_defaults() -> None:
    settings = loaded()
    assert (settings.host, settings.port, settings.default_model) == ("127.0.0.1", 8080, "claude-sonnet-4-6")
    assert settings.anthropic_api_base == "https://api.anthropic.com"
    assert settings.login_paths() == (
        Path("/home/somebody/.claude/.credentials.json"),
        Path("/home/somebody/.claude/credentials.json"),
    )
    assert settings.origins == {}
    assert settings.origin("port") == "default"


def test_a_flag_beats_the_environment_which_beats_the_file(tmp_path: Path) -> None:
    file = tmp_path / "proxy.toml"
    file.write_text('port = 1\nhost = "::1"\nlog_level = "debug"\n')
    settings = loaded({"port": "3", "config": str(file)}, PORT="2", HOST="localhost")
    assert (settings.port, settings.host, settings.log_level) == (3, "localhost", "debug")
    assert settings.origins == {"port": "--port", "host": "HOST", "log_level": str(file), "config": "--config"}


def test_an_empty_variable_is_unset(tmp_path: Path) -> None:
    settings = loaded(ANTHROPIC_API_KEY="", PORT=" ", CLAUDE_CONFIG_DIR="", PROXY_API_KEY="")
    assert settings == loaded()


def test_the_file_may_be_named_by_a_variable(tmp_path: Path) -> None:
    file = tmp_path / "proxy.toml"
    file.write_text("workers = 4\n")
    assert loaded(CLAUDE_PROXY_CONFIG=str(file)).workers == 4


def test_every_type_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "proxy.toml"
    file.write_text(
        'strict = true\nanswer_seconds = 12.5\nproxy_api_key = ["one", "two"]\ncors_origins = []\n'
        'state_dir = "~/state"\n'
        f'anthropic_api_key = "{KEY}"\n[model_aliases]\n"gpt-4o" = "claude-sonnet-5-5"\nlow = "haiku"\n'
    )
    settings = loaded({"config": str(file)})
    assert settings.strict
    assert settings.answer_seconds == 12.5
    assert settings.proxy_api_key == (Secret("one"), Secret("two"))
    assert settings.model_aliases == {"gpt-4o": "claude-sonnet-5-5", "low": "haiku"}
    assert settings.state_dir == Path("/home/somebody/state")
    assert settings.anthropic_api_key == Secret(KEY)


@pytest.mark.parametrize(
    ("variable", "text", "value"),
    [
        ("PORT", "0", 0),
        ("HOST", "[::1]", "::1"),
        ("HOST", "0.0.0.0", "0.0.0.0"),
        ("STRICT", "Yes", True),
        ("STRICT", "off", False),
        ("LOG_LEVEL", "DEBUG", "debug"),
        ("UPSTREAM", "simulated", "simulated"),
        ("CORS_ORIGINS", "https://a.test, https://b.test,", ("https://a.test", "https://b.test")),
        ("PROXY_API_KEY", " one ,two ", (Secret("one"), Secret("two"))),
        ("MODEL_ALIASES", "gpt-4o=claude-sonnet-5-5, low = haiku", {"gpt-4o": "claude-sonnet-5-5", "low": "haiku"}),
        ("ANTHROPIC_API_KEY", f" {KEY}\n", Secret(KEY)),
        ("CLAUDE_CREDENTIALS_PATH", "~/login.json", Path("/home/somebody/login.json")),
        ("KEEPALIVE_SECONDS", "0", 0.0),
    ],
)
def test_what_a_variable_may_say(variable: str, text: str, value: object) -> None:
    assert getattr(loaded(**{variable: text}), variable.lower()) == value


@pytest.mark.parametrize(
    "given",
    [
        "https://gateway.test/anthropic",
        "https://gateway.test/anthropic/",
        "https://gateway.test/anthropic/v1",
        "https://gateway.test/anthropic/v1/",
        "https://gateway.test/anthropic//v1//",
    ],
)
def test_the_upstreams_address_as_any_client_library_wants_it(given: str) -> None:
    assert loaded(ANTHROPIC_API_BASE=given).anthropic_api_base == "https://gateway.test/anthropic"


def test_the_proxys_own_variable_wins_over_the_sdks() -> None:
    both = loaded(ANTHROPIC_API_BASE="https://a.test", ANTHROPIC_BASE_URL="https://b.test")
    assert both.anthropic_api_base == "https://a.test"
    assert loaded(ANTHROPIC_BASE_URL="https://b.test").anthropic_api_base == "https://b.test"


@pytest.mark.parametrize(
    ("variable", "text", "message"),
    [
        ("PORT", "http", "PORT (environment): 'http' is not a whole number from 0 to 65535"),
        ("PORT", "65536", "PORT (environment): '65536' is not a whole number from 0 to 65535"),
        ("MAX_BODY_BYTES", "1", "MAX_BODY_BYTES (environment): '1' is not a whole number from 1024 up"),
        ("IDLE_SECONDS", "inf", "IDLE_SECONDS (environment): 'inf' is not a number of seconds from 0.1 up"),
        ("IDLE_SECONDS", "nan", "IDLE_SECONDS (environment): 'nan' is not a number of seconds from 0.1 up"),
        ("STRICT", "maybe", "STRICT (environment): 'maybe' is not true or false"),
        ("LOG_FORMAT", "xml", "LOG_FORMAT (environment): 'xml' is not text or json"),
        ("HOST", "http://here", "HOST (environment): 'http://here' is not a host name or an IP address"),
        ("MODEL_ALIASES", "gpt-4o", "MODEL_ALIASES (environment): 'gpt-4o' is not a list like name=model,other=model"),
        (
            "ANTHROPIC_BASE_URL",
            "a.test",
            "ANTHROPIC_BASE_URL (environment): 'a.test' is not an http or https address without user or query",
        ),
        (
            "ANTHROPIC_WORKSPACE_ID",
            "a b",
            "ANTHROPIC_WORKSPACE_ID (environment): 'a b' is not one word of printable ASCII",
        ),
    ],
)
def test_a_value_that_is_not_allowed(variable: str, text: str, message: str) -> None:
    assert refusal(**{variable: text}) == message


def test_a_flag_is_named_as_it_was_typed() -> None:
    assert refusal({"max_retries": "many"}).startswith("--max-retries: 'many' is not ")


@pytest.mark.parametrize("text", ["sk-ant-test with a space", "sk-ant-test\nx-other: header", "sk-ant-tést"])
@pytest.mark.parametrize("variable", ["ANTHROPIC_API_KEY", "CLAUDE_ACCESS_TOKEN", "PROXY_API_KEY", "HTTPS_PROXY"])
def test_a_bad_secret_is_refused_without_being_shown(variable: str, text: str) -> None:
    message = refusal(**{variable: text})
    assert message.startswith(f"{variable} (environment): the value is not ")
    assert "sk-ant" not in message


def test_a_lone_comma_does_not_open_the_door() -> None:
    assert refusal(PROXY_API_KEY=",").startswith("PROXY_API_KEY")


def test_an_address_with_a_password_is_refused_without_being_shown() -> None:
    assert "hunter2" not in refusal(ANTHROPIC_API_BASE="https://me:hunter2@gateway.test")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("prot = 1", "unknown setting 'prot' (did you mean 'port'?)"),
        ("PORT = 1", "unknown setting 'PORT' (did you mean 'port'?)"),
        ("zzzzzz = 1", "unknown setting 'zzzzzz'"),
        ('config = "x"', "unknown setting 'config'"),
        ("port = ", "not valid TOML: "),
    ],
)
def test_a_file_that_is_wrong(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "proxy.toml"
    file.write_text(text)
    assert refusal({"config": str(file)}).startswith(f"{file}: {message}")


@pytest.mark.parametrize("value", ["[1, 2]", "{ a = 1 }", "[[1]]", "2026-01-01", '"many"', "true"])
def test_a_value_of_the_file_that_is_not_allowed(tmp_path: Path, value: str) -> None:
    file = tmp_path / "proxy.toml"
    file.write_text(f"port = {value}")
    assert refusal({"config": str(file)}).startswith(f"port in {file}: ")


_VALUES = st.one_of(
    st.booleans(),
    st.integers(-(2**62), 2**62),
    st.floats(allow_nan=True),
    st.text(st.characters(codec="ascii", exclude_categories=["Cc"], exclude_characters='"\\'), max_size=20),
    st.lists(st.one_of(st.integers(0, 9), st.text("ab", max_size=3)), max_size=3),
    st.dictionaries(
        st.text("ab", min_size=1, max_size=3), st.one_of(st.text("ab", max_size=3), st.booleans()), max_size=3
    ),
    st.dates(),
)


def _toml(value: object) -> str:
    match value:
        case bool() | str() | float() | int():
            return json.dumps(value).replace("NaN", "nan").replace("Infinity", "inf")
        case list():
            return "[" + ", ".join(map(_toml, value)) + "]"
        case dict():
            return "{ " + ", ".join(f"{name} = {_toml(entry)}" for name, entry in value.items()) + " }"
        case _:
            return str(value)


@pytest.mark.parametrize("setting", [each for each in SETTINGS if each.key != "config"], ids=lambda each: each.key)
@given(value=_VALUES)
@hypothesis.settings(max_examples=25, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
def test_any_value_of_the_file_is_taken_or_refused_in_one_line(tmp_path: Path, setting: Setting, value: object) -> None:
    """A type that the setting does not have is refused, whatever its text might mean; and nothing is repeated."""
    file = tmp_path / "proxy.toml"
    file.write_text(f"{setting.key} = {_toml(value)}\n", encoding="utf-8")
    fits = isinstance(value, str) or type(value) in setting.kind.written
    said = _said(file)
    assert said.startswith((f"{setting.key} in {file}: ", str(file))) if said else fits
    assert "\n" not in said


def _said(file: Path) -> str:
    try:
        load({"config": str(file)}, HOME)
    except SettingsError as error:
        return error.message
    return ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("host = 5", "host in {}: a number is not a host name or an IP address"),
        ("port = true", "port in {}: true or false is not a whole number from 0 to 65535"),
        ("port = 1.5", "port in {}: a fraction is not a whole number from 0 to 65535"),
        ("strict = 1", "strict in {}: a number is not true or false"),
        ("default_model = 4.6", "default_model in {}: a fraction is not text"),
        ("anthropic_api_key = 4711", "anthropic_api_key in {}: a number is not one word of printable ASCII"),
        ("cors_origins = [1]", "cors_origins in {}: its entries are not all text"),
        ("model_aliases = { a = 1 }", "model_aliases in {}: its entries are not all text"),
        ("state_dir = 2026-01-01", "state_dir in {}: a date or a time is not a path"),
    ],
)
def test_a_value_of_the_file_that_has_the_wrong_type(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "proxy.toml"
    file.write_text(text)
    assert refusal({"config": str(file)}) == message.format(file)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    missing = tmp_path / "missing.toml"
    assert refusal(CLAUDE_PROXY_CONFIG=str(missing)) == (
        f"CLAUDE_PROXY_CONFIG (environment): cannot read {missing}: No such file or directory"
    )


@pytest.mark.parametrize(
    ("host", "base"),
    [
        ("127.0.0.1", "http://localhost:8080"),
        ("127.0.0.1", "http://127.0.0.1:8080/v1/"),
        ("127.0.0.1", "http://[::1]:8080"),
        ("localhost", "http://127.0.0.1:8080"),
        ("0.0.0.0", "http://localhost:8080"),
        ("::", "http://0.0.0.0:8080"),
        ("proxy.test", "http://proxy.test:8080"),
    ],
)
def test_the_proxy_is_not_its_own_upstream(host: str, base: str) -> None:
    assert refusal(HOST=host, ANTHROPIC_BASE_URL=base).startswith("ANTHROPIC_BASE_URL: http://")


@pytest.mark.parametrize(
    ("host", "base", "upstream"),
    [
        ("127.0.0.1", "http://localhost:9090", "anthropic"),
        ("127.0.0.1", "https://localhost", "anthropic"),
        ("10.1.2.3", "http://localhost:8080", "anthropic"),
        ("127.0.0.1", "http://10.1.2.3:8080", "anthropic"),
        ("127.0.0.1", "http://localhost:8080", "simulated"),
    ],
)
def test_a_neighbour_may_be_the_upstream(host: str, base: str, upstream: str) -> None:
    loaded(HOST=host, ANTHROPIC_BASE_URL=base, UPSTREAM=upstream)


def test_a_login_file_that_is_named_is_the_only_one() -> None:
    assert loaded(CLAUDE_CREDENTIALS_PATH="/a/b.json").login_paths() == (Path("/a/b.json"),)
    assert loaded(CLAUDE_CONFIG_DIR="/c").login_paths()[0] == Path("/c/.credentials.json")


@pytest.mark.parametrize(
    ("host", "alone"), [("127.0.0.1", True), ("localhost", True), ("0.0.0.0", False), ("a.b", False)]
)
def test_whether_only_this_machine_can_call(host: str, alone: bool) -> None:
    assert loaded(HOST=host).loopback_only is alone


def test_secrets_are_in_no_repr() -> None:
    settings = loaded(
        ANTHROPIC_API_KEY=KEY, PROXY_API_KEY="key-of-a-caller", HTTPS_PROXY="http://me:hunter2@proxy.test"
    )
    for secret in (KEY, "key-of-a-caller", "hunter2"):
        assert secret not in repr(settings)


def test_the_table_covers_every_field_and_nothing_twice() -> None:
    assert [setting.key for setting in SETTINGS] == [
        field.name for field in dataclasses.fields(Settings) if field.name != "origins"
    ]
    variables = [name for setting in SETTINGS for name in setting.env]
    assert len(variables) == len(set(variables))
    assert all(setting.flag is None for setting in SETTINGS if setting.kind.secret)
    assert all(setting.doc.endswith(".") for setting in SETTINGS)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.key)
def test_every_default_is_a_value_that_could_be_set(setting: object) -> None:
    text = shown(setting, setting.default)  # type: ignore[arg-type, attr-defined]
    if text and not setting.kind.secret:  # type: ignore[attr-defined]
        assert setting.kind.parse(text) == setting.default  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("anthropic_api_key", Secret(KEY), "****"),
        ("proxy_api_key", (Secret("a"), Secret("b")), "****"),
        ("anthropic_api_key", None, ""),
        ("strict", True, "true"),
        ("port", 0, "0"),
        ("idle_seconds", 2.5, "2.5"),
        ("no_proxy", ("a", "b"), "a,b"),
        ("model_aliases", {"a": "b"}, "a=b"),
        ("state_dir", Path("/s"), "/s"),
    ],
)
def test_a_value_shown_to_people(key: str, value: object, text: str) -> None:
    setting = next(setting for setting in SETTINGS if setting.key == key)
    assert shown(setting, value) == text


def test_the_document_is_current() -> None:
    """After a change of the table: everything behind the comment in the document is the output of `describe`."""
    _, _, written = DOCUMENT.read_text(encoding="utf-8").partition("-->\n\n")
    assert written == describe()
