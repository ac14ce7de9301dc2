"""Sealing: what was sealed comes back, and nothing else is taken for sealed."""

import base64
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_code_proxy.state.sealing import Sealer, open_sealer

DATA = b'{"type":"thinking","thinking":"The sum is 4.","signature":"c2ln"}'


@given(st.binary(max_size=2000))
def test_what_is_sealed_comes_back(data: bytes) -> None:
    sealer = Sealer([b"a key"])
    text = sealer.seal(data)
    assert text.isascii()
    assert sealer.open(text) == data


def test_no_word_can_be_read() -> None:
    text = Sealer([b"a key"]).seal(DATA)
    assert b"thinking" not in base64.urlsafe_b64decode(text)


def test_a_changed_text_does_not_open() -> None:
    sealer = Sealer([b"a key"])
    sealed = base64.urlsafe_b64decode(sealer.seal(DATA))
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        assert sealer.open(base64.urlsafe_b64encode(bytes(changed)).decode()) is None, place


@pytest.mark.parametrize("text", ["", "abc", "gAAAAABqPBJRAhmec86F", "é", "====", "a" * 16, "A" * 4000])
def test_what_was_never_sealed_does_not_open(text: str) -> None:
    assert Sealer([b"a key"]).open(text) is None


def test_the_first_key_seals_and_each_opens() -> None:
    old, new = Sealer([b"old"]), Sealer([b"new", b"old"])
    assert new.open(old.seal(DATA)) == DATA
    assert old.open(new.seal(DATA)) is None
    assert Sealer([b"other"]).open(old.seal(DATA)) is None


def test_equal_data_has_one_seal_and_other_data_another() -> None:
    sealer = Sealer([b"a key"])
    assert sealer.seal(DATA) == sealer.seal(DATA) != sealer.seal(DATA + b" ")


def test_the_library_is_imported_when_something_is_sealed() -> None:
    program = (
        "import sys; from claude_code_proxy.state.sealing import Sealer; s = Sealer([b'k']); "
        "assert 'cryptography' not in sys.modules; s.seal(b''); assert 'cryptography' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], env={"PYTHONPATH": "src"}, check=True)


def test_the_key_of_a_directory_is_made_once_and_for_the_owner_alone(tmp_path: Path) -> None:
    sealed = open_sealer((), tmp_path / "state").seal(DATA)
    assert open_sealer((), tmp_path / "state").open(sealed) == DATA
    (kept,) = (tmp_path / "state").iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600


def test_a_key_of_the_settings_comes_before_that_of_a_directory(tmp_path: Path) -> None:
    assert open_sealer([b"a key"], tmp_path).open(Sealer([b"a key"]).seal(DATA)) == DATA
    assert list(tmp_path.iterdir()) == []


def test_without_a_key_or_a_directory_nobody_else_opens_it() -> None:
    assert open_sealer((), None).open(open_sealer((), None).seal(DATA)) is None
