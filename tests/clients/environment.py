"""Gives each real client the pinned environment it needs, under .cache/clients, since their dependencies conflict.

`python tests/clients/environment.py openai_python openai_node` makes those that are missing or whose lock has changed.
A Python client gets a virtual environment from its hash-pinned list, a Node client `npm ci` from its package-lock.json;
where the machine has no Node that is new enough, Node itself comes from the package index.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import venv
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
CACHE = HERE.parent.parent / ".cache" / "clients"
NODE_MAJOR = 22

_LOCKS = ("requirements.txt", "package.json", "package-lock.json")
_STAMP = ".made-from"


def is_ready(name: str) -> bool:
    stamp = CACHE / name / _STAMP
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == _fingerprint(name)


def make(name: str) -> None:
    """Makes the environment of one client, unless it stands there as its lock wants it."""
    if is_ready(name):
        return
    print(f"installing the client {name} into {CACHE / name}", flush=True)
    shutil.rmtree(CACHE / name, ignore_errors=True)
    (CACHE / name).mkdir(parents=True)
    if (HERE / name / "package.json").exists():
        _make_node_client(name)
    else:
        _make_python(name)
    (CACHE / name / _STAMP).write_text(_fingerprint(name), encoding="utf-8")


def command(name: str) -> list[str]:
    """What runs a client's program, from the root; Node finds packages beside a program, so it is copied to them."""
    if (HERE / name / "package.json").exists():
        for program in (HERE / name / "client.mjs", HERE / "program.mjs"):
            shutil.copy(program, CACHE / name / program.name)
        return [str(_node_directory() / "node"), str(CACHE / name / "client.mjs")]
    return [str(_bin(name) / "python"), "-m", f"tests.clients.{name}.client"]


def _make_python(name: str) -> None:
    venv.create(CACHE / name, with_pip=True)
    pip = [str(_bin(name) / "python"), "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    subprocess.run([*pip, "--require-hashes", "-r", str(HERE / name / "requirements.txt")], check=True)


def _make_node_client(name: str) -> None:
    if _node_of_the_machine() is None:
        make("node")
    for lock in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name / lock, CACHE / name / lock)
    directory = _node_directory()
    path = os.pathsep.join([str(directory), os.environ.get("PATH", os.defpath)])
    install = [str(directory / "npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run(install, cwd=CACHE / name, env={**os.environ, "PATH": path}, check=True, stdout=subprocess.DEVNULL)


def _node_directory() -> Path:
    return _node_of_the_machine() or _bin("node")


@cache
def _node_of_the_machine() -> Path | None:
    """Where the machine keeps a Node that is new enough, with npm beside it."""
    node = shutil.which("node")
    if node is None or not (Path(node).parent / "npm").exists():
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.match(r"v(\d+)\.", said)
    return Path(node).parent if version and int(version[1]) >= NODE_MAJOR else None


def _bin(name: str) -> Path:
    return CACHE / name / "bin"


def _fingerprint(name: str) -> str:
    """Changes with the client's locks and with the interpreter that the environment was made for."""
    digest = hashlib.sha256(sys.version.encode())
    for lock in _LOCKS:
        path = HERE / name / lock
        digest.update(path.read_bytes() if path.exists() else b"-")
    return digest.hexdigest()


if __name__ == "__main__":
    for client in sys.argv[1:]:
        make(client)
