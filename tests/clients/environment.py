"""Gives each real client the pinned environment it needs, under .cache/clients, since their dependencies conflict.

`python tests/clients/environment.py openai_python openai_node` makes those that are missing or whose lock has changed.
A Python client gets a virtual environment from its hash-pinned list, a Node client `npm ci` from its package-lock.json;
where the machine has no Node that is new enough, Node itself comes from the package index. Programs in Go, Rust and
Java are built from go.sum, Cargo.lock and checksums.txt where the machine has their toolchains, and left out where not.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
CACHE = HERE.parent.parent / ".cache" / "clients"
NODE_MAJOR = 22

_LOCKS = ("requirements.txt", "package.json", "package-lock.json")
_SOURCES = (
    "go.mod",
    "go.sum",
    "client.go",
    "Cargo.toml",
    "Cargo.lock",
    "src/main.rs",
    "pom.xml",
    "checksums.txt",
    "Client.java",
)
_TOOLS = {"go.mod": ("go",), "Cargo.toml": ("cargo",), "pom.xml": ("mvn", "javac", "java")}
_STAMP = ".made-from"


def is_ready(name: str) -> bool:
    stamp = CACHE / name / _STAMP
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == _fingerprint(name)


def missing_tools(name: str) -> list[str]:
    """Return what the machine lacks to build a client."""
    return [
        tool
        for kind, tools in _TOOLS.items()
        if (HERE / name / kind).exists()
        for tool in tools
        if not shutil.which(tool)
    ]


def make(name: str) -> None:
    """Make the environment of one client, unless it is there and fits its lock."""
    if is_ready(name):
        return
    if missing := missing_tools(name):
        print(f"leaving out the client {name}: the machine has no {', '.join(missing)}", flush=True)
        return
    print(f"installing the client {name} into {CACHE / name}", flush=True)
    shutil.rmtree(CACHE / name, ignore_errors=True)
    (CACHE / name).mkdir(parents=True)
    _maker(name)(name)
    (CACHE / name / _STAMP).write_text(_fingerprint(name), encoding="utf-8")


def _maker(name: str) -> Callable[[str], None]:
    makers = {"package.json": _make_node_client, "go.mod": _make_go, "Cargo.toml": _make_rust, "pom.xml": _make_java}
    return next((maker for kind, maker in makers.items() if (HERE / name / kind).exists()), _make_python)


def command(name: str, program: str = "client") -> list[str]:
    """Return what runs a client's program from the root; a Node program is copied beside its packages."""
    if (HERE / name / "pom.xml").exists():
        return ["java", "-cp", f"{CACHE / name}:{CACHE / name / 'jars'}/*", "Client"]
    if (CACHE / name / "client").exists():
        return [str(CACHE / name / "client")]
    if (HERE / name / "package.json").exists():
        for file in (HERE / name / f"{program}.mjs", HERE / "program.mjs"):
            shutil.copy(file, CACHE / name / file.name)
        return [str(_node_directory() / "node"), str(CACHE / name / f"{program}.mjs")]
    return [str(_bin(name) / "python"), "-m", f"tests.clients.{name}.{program}"]


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


def _make_go(name: str) -> None:
    build = ["go", "build", "-mod=readonly", "-o", str(CACHE / name / "client"), "."]
    subprocess.run(build, cwd=HERE / name, env={**os.environ, "GOPATH": str(CACHE / "go")}, check=True)


def _make_rust(name: str) -> None:
    built = CACHE / name / "target"
    build = ["cargo", "build", "--quiet", "--locked", "--target-dir", str(built)]
    subprocess.run(build, cwd=HERE / name, env={**os.environ, "CARGO_HOME": str(CACHE / "cargo")}, check=True)
    shutil.move(built / "debug" / "client", CACHE / name / "client")
    shutil.rmtree(built)


def _make_java(name: str) -> None:
    """Maven has no lock of its own: the jars must be those of checksums.txt before any of them is run."""
    jars = CACHE / name / "jars"
    maven = ["mvn", "--quiet", "--batch-mode", f"-Dmaven.repo.local={CACHE / 'maven'}", "-DincludeScope=runtime"]
    copied = f"-DoutputDirectory={jars}"
    subprocess.run([*maven, "dependency:copy-dependencies", copied, "-f", str(HERE / name / "pom.xml")], check=True)
    found = {jar.name: hashlib.sha256(jar.read_bytes()).hexdigest() for jar in jars.iterdir()}
    lines = (HERE / name / "checksums.txt").read_text(encoding="utf-8").splitlines()
    if found != {jar: digest for digest, jar in map(str.split, lines)}:
        raise SystemExit(f"the jars in {jars} are not those of {HERE / name / 'checksums.txt'}")
    compiled = ["javac", "-nowarn", "-cp", f"{jars}/*", "-d", str(CACHE / name), str(HERE / name / "Client.java")]
    subprocess.run(compiled, check=True)


def _node_directory() -> Path:
    return _node_of_the_machine() or _bin("node")


@cache
def _node_of_the_machine() -> Path | None:
    """Return where the machine has a Node that is new enough, with npm beside it."""
    node = shutil.which("node")
    if node is None or not (Path(node).parent / "npm").exists():
        return None
    output = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.match(r"v(\d+)\.", output)
    return Path(node).parent if version and int(version[1]) >= NODE_MAJOR else None


def _bin(name: str) -> Path:
    return CACHE / name / "bin"


def _fingerprint(name: str) -> str:
    """Return what changes with a client's locks and sources and with the interpreter of its environment."""
    digest = hashlib.sha256(sys.version.encode())
    for lock in (*_LOCKS, *(source for source in _SOURCES if (HERE / name / source).exists())):
        path = HERE / name / lock
        digest.update(path.read_bytes() if path.exists() else b"-")
    return digest.hexdigest()


if __name__ == "__main__":
    for client in sys.argv[1:]:
        make(client)
