"""A login file as Claude Code and other tools write it, while it is written, and after it is gone."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from claude_code_proxy.credentials.login_file import CHECK_EVERY_SECONDS, LoginFile, NoLogin, StoredLogin
from claude_code_proxy.secret import Secret

NOW = 1_795_000_000.0
LATER = NOW + 3600
TOKEN = "sk-ant-test-login"


def oauth(token: str = TOKEN, **others: Any) -> str:
    return json.dumps({
        "claudeAiOauth": {"accessToken": token, "refreshToken": "r", "scopes": ["user:inference"], **others},
        "mcpOAuth": {},
    })


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".credentials.json"


def full(token: str, path: Path, expires_at: float | None = None, ends_at: float | None = None) -> StoredLogin:
    """As Claude Code's own files are found; others it would not read."""
    why = "" if path.name == ".credentials.json" else "its file is not called .credentials.json"
    return StoredLogin(Secret(token), path, expires_at, ends_at, bearer_only=why, renewable=True)


def read(path: Path, content: str | bytes) -> StoredLogin | NoLogin:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return LoginFile([path]).read(NOW)


def replaced(path: Path, content: str) -> None:
    """As Claude Code does it: a new file takes the old one's place."""
    fresh = path.with_suffix(".tmp")
    fresh.write_text(content)
    fresh.replace(path)


def test_a_file_that_is_half_written_is_told_as_such_until_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / ".credentials.json"
    whole = json.dumps({"claudeAiOauth": {"accessToken": "sk-ant-test-whole"}})
    file = LoginFile([path])
    path.write_text(whole)
    good = file.read_now(NOW)
    assert not file.half_written
    path.write_text(whole[:20])
    assert (file.read_now(NOW), file.half_written) == (good, True)
    assert (file.read_now(NOW), file.half_written) == (good, True)
    path.write_text(whole)
    assert (file.read_now(NOW), file.half_written) == (good, False)
    path.write_text(whole[:20])
    file.read_now(NOW)
    path.unlink()
    file.read_now(NOW)
    assert not file.half_written


def test_what_claude_code_writes(path: Path) -> None:
    login = read(path, oauth(expiresAt=int(LATER * 1000), refreshTokenExpiresAt=int((LATER + 9) * 1000)))
    assert login == full(TOKEN, path, LATER, LATER + 9)


@pytest.mark.parametrize("key", ["access_token", "token"])
def test_a_flat_object(path: Path, key: str) -> None:
    login = read(path, json.dumps({key: TOKEN, "expires_at": LATER}))
    assert login == StoredLogin(
        Secret(TOKEN), path, LATER, bearer_only="it is not in the shape that Claude Code writes"
    )


@pytest.mark.parametrize(
    ("told", "expires_at"),
    [
        (int(LATER * 1000), LATER),
        (LATER, LATER),
        (str(int(LATER * 1000)), LATER),
        ("2026-11-22T12:00:00Z", 1_795_348_800.0),
        ("2026-11-22T12:00:00", 1_795_348_800.0),
        ("2026-11-22T13:00:00+01:00", 1_795_348_800.0),
        ("never", None),
        ("", None),
        (None, None),
        (0, 0.0),
    ],
)
def test_the_ways_to_write_when_it_expires(path: Path, told: object, expires_at: float | None) -> None:
    login = read(path, oauth(expiresAt=told))
    assert isinstance(login, StoredLogin)
    assert login.expires_at == expires_at


def test_without_an_expiry_it_never_expires(path: Path) -> None:
    assert read(path, oauth()) == full(TOKEN, path)


def test_a_byte_order_mark_does_no_harm(path: Path) -> None:
    assert isinstance(read(path, b"\xef\xbb\xbf" + oauth().encode()), StoredLogin)


@pytest.mark.parametrize("content", [oauth(""), '{"claudeAiOauth": null}', "{}", '{"access_token": ""}'])
def test_without_a_token_it_is_signed_out(path: Path, content: str) -> None:
    assert read(path, content) == NoLogin(f"{path} is signed out (it holds no access token)", signed_out=True)


@pytest.mark.parametrize(
    "content",
    [
        "",
        oauth()[:40],
        "[]",
        "null",
        '{"access_token": 7}',
        '{"token": "a\\r\\nx-api-key: b"}',
        b"\xff\xfe",
        oauth("t\u00f6ken"),
    ],
)
def test_what_is_no_login_says_so_and_shows_nothing_of_it(path: Path, content: str | bytes) -> None:
    assert read(path, content) == NoLogin(f"{path} cannot be read: it is not the JSON of a login")


def test_a_directory_in_its_place(path: Path) -> None:
    path.mkdir()
    assert LoginFile([path]).read(NOW) == NoLogin(f"{path} cannot be read: Is a directory")


def test_the_first_file_that_exists_is_the_one(tmp_path: Path) -> None:
    hidden, plain = tmp_path / ".credentials.json", tmp_path / "credentials.json"
    file = LoginFile([hidden, plain])
    assert file.read(NOW) == NoLogin(f"there is no login in {hidden.parent}")
    plain.write_text(oauth("plain"))
    assert file.read(NOW + 2) == full("plain", plain)
    hidden.write_text(oauth("hidden"))
    assert file.read(NOW + 4) == full("hidden", hidden)


def test_a_renewed_login_is_found_without_a_restart(path: Path) -> None:
    path.write_text(oauth("first"))
    file = LoginFile([path])
    assert file.read(NOW) == full("first", path)
    replaced(path, oauth("other"))
    assert file.read(NOW + CHECK_EVERY_SECONDS) == full("other", path)


def test_it_looks_at_the_file_once_a_second_at_most(path: Path) -> None:
    path.write_text(oauth("first"))
    file = LoginFile([path])
    file.read(NOW)
    replaced(path, oauth("other"))
    assert file.read(NOW + CHECK_EVERY_SECONDS / 2) == full("first", path)


def test_a_clock_set_back_does_not_blind_it(path: Path) -> None:
    path.write_text(oauth("first"))
    file = LoginFile([path])
    file.read(NOW)
    replaced(path, oauth("other"))
    assert file.read(NOW - 3600) == full("other", path)


def test_an_unchanged_file_is_not_read_again(path: Path) -> None:
    path.write_text(oauth("first"))
    file = LoginFile([path])
    before = path.stat()
    file.read(NOW)
    path.write_text(oauth("other"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert file.read(NOW + 60) == full("first", path)


@pytest.mark.parametrize("half", ["", oauth("other")[:25]])
def test_while_it_is_half_written_the_last_good_one_holds(path: Path, half: str) -> None:
    path.write_text(oauth("first"))
    file = LoginFile([path])
    file.read(NOW)
    path.write_text(half)
    assert file.read(NOW + 2) == full("first", path)
    path.write_text(oauth("other"))
    assert file.read(NOW + 4) == full("other", path)


def test_signed_out_is_believed_at_once(path: Path) -> None:
    path.write_text(oauth("first"))
    file = LoginFile([path])
    file.read(NOW)
    path.write_text(oauth("", expiresAt=0))
    assert isinstance(file.read(NOW + 2), NoLogin)


def test_it_may_vanish_and_come_back(path: Path) -> None:
    path.write_text(oauth("first"))
    file = LoginFile([path])
    file.read(NOW)
    path.unlink()
    assert file.read(NOW + 2) == NoLogin(f"there is no login in {path}")
    path.write_text(oauth("first"))
    assert file.read(NOW + 4) == full("first", path)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (oauth(scopes=["user:profile"]), "its scopes lack user:inference"),
        (json.dumps({"claudeAiOauth": {"accessToken": TOKEN}}), "it names no scopes"),
        (json.dumps({"claudeAiOauth": {"accessToken": TOKEN, "refreshToken": "r"}}), ""),
        ("\ufeff" + oauth(), "its file begins with a byte order mark"),
    ],
)
def test_what_claude_code_itself_would_not_read(path: Path, content: str, why: str) -> None:
    login = read(path, content)
    assert isinstance(login, StoredLogin)
    assert login.bearer_only == why


def test_it_can_be_looked_at_without_waiting(path: Path) -> None:
    path.write_text(oauth("first"))
    file = LoginFile([path])
    file.read(NOW)
    replaced(path, oauth("other"))
    assert file.read_now(NOW) == full("other", path)
