"""Where a renewed login could not be written down."""

import os
from pathlib import Path

import pytest

from claude_code_proxy.credentials.renewal_blocker import renewal_blocker


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / ".credentials.json"
    made.write_text("{}")
    return made


def mount(at: str) -> bytes:
    return f"36 35 98:0 /mnt1 {at} rw,noatime master:1 - ext3 /dev/root rw\n".encode()


def test_a_file_in_a_directory_of_its_own_is_safe(path: Path) -> None:
    assert renewal_blocker(path, mount("/") + mount(str(path.parent))) == ""
    assert renewal_blocker(path) == ""


def test_a_symbolic_link(path: Path) -> None:
    link = path.with_name("link")
    link.symlink_to(path)
    assert "symbolic link" in renewal_blocker(link)


def test_a_single_file_mount(path: Path) -> None:
    assert "mounted as a single file" in renewal_blocker(path, mount(str(path)))


def test_a_mount_with_a_space_in_its_name(tmp_path: Path) -> None:
    path = tmp_path / "a b"
    assert "single file" in renewal_blocker(path, mount(str(path).replace(" ", "\\040")))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_directory(path: Path) -> None:
    path.parent.chmod(0o500)
    assert "cannot be written" in renewal_blocker(path)
    path.parent.chmod(0o700)


def test_a_directory_that_is_not_there() -> None:
    assert "cannot be written" in renewal_blocker(Path("/nowhere/at/all/.credentials.json"))
