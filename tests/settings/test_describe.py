"""Settings as people see them."""

from pathlib import Path

import pytest

from claude_code_proxy.secret import Secret
from claude_code_proxy.settings import SETTINGS, Setting, describe, format_value
from tests.settings.loading import KEY

DOCUMENT = Path(__file__).parents[2] / "docs" / "configuring.md"


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.key)
def test_every_default_is_a_value_that_could_be_set(setting: Setting) -> None:
    text = format_value(setting, setting.default)
    if text and not setting.kind.secret:
        assert setting.kind.parse(text) == setting.default


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
    assert format_value(setting, value) == text


def test_the_document_is_current() -> None:
    """After a change of the table: everything behind the comment in the document is the output of `describe`."""
    _, _, written = DOCUMENT.read_text(encoding="utf-8").partition("-->\n\n")
    assert written == describe()
