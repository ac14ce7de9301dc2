"""When a login is renewed and when it is not: a clock that only moves when somebody waits, and doubles for Claude."""

import asyncio
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from claude_code_proxy.credentials.credential import Credential
from claude_code_proxy.credentials.login_file import LoginFile
from claude_code_proxy.credentials.renewal import (
    ATTEMPT_SECONDS,
    CHECK_SECONDS,
    MOST_ATTEMPTS,
    Renewal,
    renewal_blocker,
)
from claude_code_proxy.secret import Secret

NOW = 1_795_000_000.0


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now

    async def pause(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


class Claude:
    """A session that writes a new login `after` so many seconds, or blanks the file, or does nothing."""

    def __init__(self, path: Path, clock: Clock, *, after: float | None = 1.0, content: str = "") -> None:
        self.path = path
        self.clock = clock
        self.after = after
        self.content = content
        self.starts = 0
        self.finished: list[float] = []
        self.started = 0.0

    async def __call__(self, config_dir: Path) -> "Claude":
        assert config_dir == self.path.parent
        self.starts += 1
        self.started = self.clock.now
        return self

    @property
    def ended(self) -> bool:
        if self.after is not None and self.clock.now >= self.started + self.after:
            self.path.write_text(self.content or content(self.clock.now + 28_800))
        return False

    async def finish(self) -> None:
        self.finished.append(self.clock.now - self.started)


def content(expires_at: float, token: str = "sk-ant-test") -> str:
    oauth = {"accessToken": token, "refreshToken": token and "r", "expiresAt": expires_at * 1000}
    return json.dumps({"claudeAiOauth": oauth | {"scopes": ["user:inference"]}})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".credentials.json"


@pytest.fixture
def clock() -> Clock:
    return Clock()


def renewal(claude: Claude, *, blocker: Callable[[Path], str] = lambda _: "") -> Renewal:
    return Renewal(LoginFile([claude.path]), claude, blocker=blocker, clock=claude.clock, pause=claude.clock.pause)


async def test_a_login_with_time_left_is_left_alone(path: Path, clock: Clock) -> None:
    path.write_text(content(NOW + 301))
    claude = Claude(path, clock)
    assert await renewal(claude).fresh()
    assert claude.starts == 0


@pytest.mark.parametrize("seconds_left", [299, 0, -3600])
async def test_a_login_that_runs_out_is_renewed(path: Path, clock: Clock, seconds_left: float) -> None:
    path.write_text(content(NOW + seconds_left))
    claude = Claude(path, clock)
    keeper = renewal(claude)
    assert await keeper.fresh()
    assert (claude.starts, len(claude.finished), keeper.renewed, keeper.problem()) == (1, 1, 1, "")


def used(path: Path, token: str = "sk-ant-test") -> Credential:
    return Credential("login", Secret(token), str(path), NOW)


async def test_a_refused_login_is_renewed_where_claude_code_would(path: Path, clock: Clock) -> None:
    path.write_text(content(NOW + 299))
    claude = Claude(path, clock)
    assert await renewal(claude).after_refusal(used(path))
    assert claude.starts == 1


async def test_a_refused_login_that_says_it_is_good_is_left_to_claude_code(path: Path, clock: Clock) -> None:
    path.write_text(content(NOW + 3600))
    claude = Claude(path, clock)
    assert not await renewal(claude).after_refusal(used(path))
    assert claude.starts == 0


async def test_a_login_that_was_renewed_meanwhile_is_another(path: Path, clock: Clock) -> None:
    path.write_text(content(NOW + 3600, "sk-ant-new"))
    assert await renewal(Claude(path, clock)).after_refusal(used(path, "sk-ant-old"))
    assert not await renewal(Claude(path, clock)).after_refusal(used(Path("CLAUDE_CODE_OAUTH_TOKEN"), "sk-ant-old"))
    path.write_text(content(0, ""))
    assert not await renewal(Claude(path, clock)).after_refusal(used(path))


async def test_all_who_ask_share_one_attempt(path: Path, clock: Clock) -> None:
    path.write_text(content(NOW - 1))
    claude = Claude(path, clock)
    keeper = renewal(claude)
    assert await asyncio.gather(*(keeper.fresh() for _ in range(50))) == [True] * 50
    assert claude.starts == 1


async def test_one_who_stops_waiting_does_not_end_it(path: Path, clock: Clock) -> None:
    path.write_text(content(NOW - 1))
    claude = Claude(path, clock)
    keeper = renewal(claude)
    waiting = asyncio.create_task(keeper.renew())
    await asyncio.sleep(0)
    waiting.cancel()
    await keeper.close()
    assert keeper.renewed == 1


async def test_it_is_never_ended_early(path: Path, clock: Clock) -> None:
    path.write_text(content(NOW - 1))
    claude = Claude(path, clock, after=None)
    keeper = renewal(claude)
    assert not await keeper.renew()
    assert claude.finished[0] >= ATTEMPT_SECONDS
    assert keeper.problem() == "Claude Code wrote no new token in time"


async def test_after_a_failure_there_is_a_rest_and_after_three_it_is_over(path: Path, clock: Clock) -> None:
    path.write_text(content(NOW - 1))
    claude = Claude(path, clock, after=None)
    keeper = renewal(claude)
    for count in range(1, MOST_ATTEMPTS + 1):
        assert not await keeper.renew()
        assert not await keeper.renew()
        assert claude.starts == count
        clock.now += 600
    assert not await keeper.renew()
    assert claude.starts == MOST_ATTEMPTS
    assert "tried 3 times" in keeper.problem()


async def test_another_login_begins_anew(path: Path, clock: Clock) -> None:
    path.write_text(content(NOW - 1))
    claude = Claude(path, clock, after=None)
    keeper = renewal(claude)
    await keeper.renew()
    path.write_text(content(clock.now + 10, token="sk-ant-another"))
    clock.now += 2
    assert keeper.problem() == ""
    claude.after = 1.0
    assert await keeper.renew()


async def test_a_blanked_file_is_signed_out(path: Path, clock: Clock) -> None:
    path.write_text(content(NOW - 1))
    keeper = renewal(Claude(path, clock, content=content(0, token="")))
    assert not await keeper.renew()
    assert "signed out" in keeper.problem()
    assert "claude auth login" in keeper.problem()


async def test_where_it_would_be_lost_it_is_not_tried(path: Path, clock: Clock) -> None:
    path.write_text(content(NOW - 1))
    claude = Claude(path, clock)
    keeper = renewal(claude, blocker=lambda _: "it is mounted as a single file")
    assert not await keeper.renew()
    assert claude.starts == 0
    assert keeper.problem() == "it is mounted as a single file"


async def test_a_half_written_file_is_not_the_end(path: Path, clock: Clock) -> None:
    path.write_text(content(NOW - 1))
    claude = Claude(path, clock, content="{")
    keeper = renewal(claude)
    asking = asyncio.create_task(keeper.renew())
    while path.read_text() != "{":
        await asyncio.sleep(0)
    claude.content = ""
    assert await asking


async def test_it_is_looked_after_for_as_long_as_it_runs(path: Path, clock: Clock) -> None:
    path.write_text(content(NOW + 1000))
    claude = Claude(path, clock)
    keeping = asyncio.create_task(renewal(claude).keep())
    while claude.starts < 3:
        await asyncio.sleep(0)
    keeping.cancel()
    assert clock.now - NOW > 2 * (28_800 - 300)
    assert clock.now - NOW < 3 * (28_800 + CHECK_SECONDS)


async def test_without_claude_code_it_says_so(path: Path, clock: Clock) -> None:
    path.write_text(content(NOW - 1))
    keeper = Renewal(LoginFile([path]), None, blocker=lambda _: "", clock=clock, pause=clock.pause)
    assert not await keeper.renew()
    assert "not installed here" in keeper.problem()


async def test_one_that_cannot_be_started_says_so(path: Path, clock: Clock) -> None:
    path.write_text(content(NOW - 1))

    async def launch(config_dir: Path) -> Claude:
        raise FileNotFoundError(2, "No such file")

    keeper = Renewal(LoginFile([path]), launch, blocker=lambda _: "", clock=clock, pause=clock.pause)
    assert not await keeper.renew()
    assert "cannot be started" in keeper.problem()


async def test_what_cannot_be_renewed_has_all_the_time(path: Path, clock: Clock) -> None:
    keeper = renewal(Claude(path, clock))
    assert keeper.seconds_left() == float("inf")
    path.write_text(json.dumps({"claudeAiOauth": {"accessToken": "t", "expiresAt": 1}}))
    clock.now += 2
    assert keeper.seconds_left() == float("inf")


@pytest.fixture
def login_path(tmp_path: Path) -> Path:
    made = tmp_path / ".credentials.json"
    made.write_text("{}")
    return made


def mount(at: str) -> bytes:
    return f"36 35 98:0 /mnt1 {at} rw,noatime master:1 - ext3 /dev/root rw\n".encode()


def test_a_file_in_a_directory_of_its_own_is_safe(login_path: Path) -> None:
    assert renewal_blocker(login_path, mount("/") + mount(str(login_path.parent))) == ""
    assert renewal_blocker(login_path) == ""


def test_a_symbolic_link(login_path: Path) -> None:
    link = login_path.with_name("link")
    link.symlink_to(login_path)
    assert "symbolic link" in renewal_blocker(link)


def test_a_single_file_mount(login_path: Path) -> None:
    assert "mounted as a single file" in renewal_blocker(login_path, mount(str(login_path)))


def test_a_mount_with_a_space_in_its_name(tmp_path: Path) -> None:
    login_path = tmp_path / "a b"
    assert "single file" in renewal_blocker(login_path, mount(str(login_path).replace(" ", "\\040")))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_directory(login_path: Path) -> None:
    login_path.parent.chmod(0o500)
    assert "cannot be written" in renewal_blocker(login_path)
    login_path.parent.chmod(0o700)


def test_a_directory_that_is_not_there() -> None:
    assert "cannot be written" in renewal_blocker(Path("/nowhere/at/all/.credentials.json"))
