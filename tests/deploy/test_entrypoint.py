"""The container's entrypoint, run with doubles of what it asks the system: who it is, and who owns the login."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest

from tests.project.sources import ROOT

ENTRYPOINT = ROOT / "deploy" / "docker" / "entrypoint.sh"
COMMAND = ("echo", "served with", "two words")

# What stands in for the real ones: `setpriv` shows its arguments and runs the command, or refuses.
ID = "#!/bin/sh\necho {uid}\n"
STAT = '#!/bin/sh\ncase "$2" in %u) echo {owner} ;; %g) echo {group} ;; esac\n'
SETPRIV = '#!/bin/sh\nwhile [ "${1#--}" != "$1" ]; do echo "$1" >> "$SEEN"; shift; done\nexec "$@"\n'
REFUSING = "#!/bin/sh\necho 'setpriv: not permitted' >&2\nexit 1\n"


@dataclass
class Ran:
    stdout: str
    stderr: str
    options: list[str]


class Run(Protocol):
    """Starts the entrypoint as `uid`; `owner` is the uid and gid of the mounted login, if one is."""

    def __call__(self, uid: int, owner: tuple[int, int] | None, *, setpriv: str = SETPRIV) -> Ran: ...


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def started(uid: int, owner: tuple[int, int] | None, *, setpriv: str = SETPRIV) -> Ran:
        programs = tmp_path / "bin"
        programs.mkdir()
        stat = STAT.format(owner=(owner or (0, 0))[0], group=(owner or (0, 0))[1])
        for name, text in {"id": ID.format(uid=uid), "stat": stat, "setpriv": setpriv}.items():
            (programs / name).write_text(text)
            (programs / name).chmod(0o755)
        login = tmp_path / "login"
        if owner is not None:
            login.mkdir()
        seen = tmp_path / "seen"
        variables = {"PATH": f"{programs}:{os.environ['PATH']}", "CLAUDE_CONFIG_DIR": str(login), "SEEN": str(seen)}
        line = ["sh", str(ENTRYPOINT), *COMMAND]
        ended = subprocess.run(line, env=variables, check=True, capture_output=True, text=True)
        options = seen.read_text().split() if seen.exists() else []
        return Ran(ended.stdout.strip(), ended.stderr.strip(), options[len(options) // 2 :])  # it is tried first

    return started


DROPPED = ["--clear-groups", "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"]


def test_root_becomes_the_owner_of_the_login(run: Run) -> None:
    ran = run(0, (1000, 1001))
    assert ran == Ran("served with two words", "", ["--reuid=1000", "--regid=1001", *DROPPED])


def test_root_becomes_nobody_in_particular_without_a_login(run: Run) -> None:
    assert run(0, None).options == ["--reuid=10001", "--regid=10001", *DROPPED]


def test_a_login_of_root_leaves_it_root_without_capabilities_and_it_says_so(run: Run) -> None:
    ran = run(0, (0, 0))
    assert ran.options == ["--reuid=0", "--regid=0", *DROPPED]
    assert "belongs to root; the proxy stays root, without any capability" in ran.stderr
    assert ran.stdout == "served with two words"


def test_somebody_else_stays_who_they_are(run: Run) -> None:
    assert run(1234, (1000, 1000)) == Ran("served with two words", "", [])


def test_a_root_that_may_not_change_goes_on_and_says_why(run: Run) -> None:
    ran = run(0, (1000, 1000), setpriv=REFUSING)
    assert ran.stdout == "served with two words"
    assert "may not become 1000:1000 (setpriv: not permitted)" in ran.stderr
