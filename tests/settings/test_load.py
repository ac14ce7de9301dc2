"""A flag beats the environment, which beats the file; what is not allowed ends the start with one clear line."""

import json
from pathlib import Path

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_code_proxy.secret import Secret
from claude_code_proxy.settings import SETTINGS, Setting, SettingsError, load
from tests.settings.loading import HOME, KEY, loaded, refusal


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


def test_the_proxys_own_variable_wins_over_the_sdks() -> None:
    both = loaded(ANTHROPIC_API_BASE="https://a.test", ANTHROPIC_BASE_URL="https://b.test")
    assert both.anthropic_api_base == "https://a.test"
    assert loaded(ANTHROPIC_BASE_URL="https://b.test").anthropic_api_base == "https://b.test"


def test_a_flag_is_named_as_it_was_typed() -> None:
    assert refusal({"max_retries": "many"}).startswith("--max-retries: 'many' is not ")


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
    fits = isinstance(value, str) or type(value) in setting.kind.file_types
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
