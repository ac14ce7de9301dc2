"""A secret shows itself to nobody who does not ask for it by `reveal()`."""

import json
import pickle

import pytest

from claude_code_proxy.secret import Secret

TEXT = "sk-ant-test-51c3"


def test_it_is_masked_however_it_is_printed() -> None:
    secret = Secret(TEXT)
    shown = [repr(secret), str(secret), f"{secret}", f"{secret!r}", f"{[secret]}", "%s" % secret]  # noqa: UP031
    assert TEXT not in "".join(shown)
    assert secret.reveal() == TEXT


def test_it_cannot_be_serialised_by_accident() -> None:
    with pytest.raises(TypeError):
        json.dumps({"key": Secret(TEXT)})
    with pytest.raises(TypeError):
        pickle.dumps(Secret(TEXT))


def test_it_matches_text_and_bytes() -> None:
    secret = Secret(TEXT)
    assert secret.matches(TEXT)
    assert secret.matches(TEXT.encode())
    assert not secret.matches(TEXT[:-1])
    assert not secret.matches("ключ")


def test_equality_is_of_secrets_only() -> None:
    assert Secret(TEXT) == Secret(TEXT)
    assert len({Secret(TEXT), Secret(TEXT)}) == 1
    assert Secret(TEXT) != Secret("other")
    assert Secret(TEXT) != TEXT


def test_an_empty_one_is_false() -> None:
    assert not Secret("")
    assert Secret(TEXT)


def test_it_is_masked_in_what_others_send() -> None:
    secret = Secret(TEXT)
    assert secret.mask(f"a {TEXT} b {TEXT}".encode()) == b"a **** b ****"
    assert secret.mask_text(f"Bearer {TEXT}!") == "Bearer ****!"
    echoed, harmless = {b"a": f"a {TEXT}".encode(), b"b": b"c"}, {b"a": TEXT[1:].encode()}
    assert secret.mask_values(echoed) == {b"a": b"a ****", b"b": b"c"}
    assert secret.mask_values(harmless) is harmless
    assert Secret("te").mask_values({b"a": b"text"}) == {b"a": b"text"}
    assert (Secret("").mask(b"text"), Secret("te").mask_text("text")) == (b"text", "text")
