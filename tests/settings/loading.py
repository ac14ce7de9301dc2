"""Settings loaded from made-up flags and environments."""

from collections.abc import Mapping

import pytest

from claude_code_proxy.settings import Settings, SettingsError, load

HOME = {"HOME": "/home/somebody"}
KEY = "sk-ant-test-4711"


def loaded(flags: Mapping[str, str] | None = None, /, **environ: str) -> Settings:
    return load(flags or {}, HOME | environ)


def refusal(flags: Mapping[str, str] | None = None, /, **environ: str) -> str:
    with pytest.raises(SettingsError) as caught:
        loaded(flags, **environ)
    assert "\n" not in caught.value.message
    return caught.value.message
