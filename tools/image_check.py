"""`make image-check`: build both images, start them in every documented way, send a completion, print the results.

The command that runs is read from the image's own configuration, as an engine would. Claude is simulated, on loopback.
Exit code 1 when a way of starting does not do what the documents say.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import HTTPError, URLError

import image_builder as images

SLIM_LIMIT = 60.0  # MB, compressed, above the base
KEY = "sk-ant-test-image-check"
LOGIN = {
    "claudeAiOauth": {
        "accessToken": "sk-ant-oat01-test-image",
        "refreshToken": "sk-ant-ort01-test-image",
        "expiresAt": int((time.time() + 8 * 3600) * 1000),
        "scopes": ["user:inference"],
        "subscriptionType": "max",
    }
}


@dataclass(frozen=True)
class Way:
    """One way to start an image, and what must then be so. `owner` is the uid of the mounted login, if one is.

    `group` is its group where that may write too, as a cluster makes it with `fsGroup`.
    """

    name: str
    image: str
    uid: int
    owner: int | None = None
    group: int | None = None
    user: str = ""
    variables: tuple[str, ...] = ()
    read_only: bool = False
    status: int = 200
    says: str = ""
    through: str = "Messages API"


KEYED = (f"ANTHROPIC_API_KEY={KEY}",)
TOKENED = ("CLAUDE_CODE_OAUTH_TOKEN=sk-ant-oat01-test-image-token",)
AS_BEARER = ("CLAUDE_LOGIN_VIA=messages-api",)


def ways(image: str) -> Iterator[Way]:
    yield Way("-e ANTHROPIC_API_KEY", image, 10001, variables=KEYED)
    yield Way("-e ANTHROPIC_API_KEY, --user 1234", image, 1234, user="1234:1234", variables=KEYED)
    yield Way("-e ANTHROPIC_API_KEY, --read-only", image, 10001, variables=KEYED, read_only=True)
    if image == "slim":
        yield Way("-v ~/.claude", image, 1000, owner=1000, status=401, says="Claude Code is not there to serve it")
        yield Way("-e CLAUDE_CODE_OAUTH_TOKEN", image, 10001, variables=TOKENED, status=401, says="the default image")
    else:
        yield from _through_claude_code(image)
    yield Way("-v ~/.claude, sent as bearer", image, 1000, owner=1000, variables=AS_BEARER)
    yield Way("-v ~/.claude of root, bearer", image, 0, owner=0, variables=AS_BEARER, says="without any capability")
    yield Way("-v ~/.claude, bearer, --read-only", image, 1000, owner=1000, variables=AS_BEARER, read_only=True)
    yield Way("no credential", image, 10001, status=401, says="ANTHROPIC_API_KEY")


def _through_claude_code(image: str) -> Iterator[Way]:
    ours = {"through": "Claude Code"}
    yield Way("-v ~/.claude", image, 1000, owner=1000, **ours)
    yield Way("-v ~/.claude of root", image, 0, owner=0, says="without any capability", **ours)
    yield Way("-v ~/.claude, --user 1000", image, 1000, owner=1000, user="1000:1000", **ours)
    yield Way("-v ~/.claude, --read-only", image, 1000, owner=1000, read_only=True, **ours)
    yield Way("-e CLAUDE_CODE_OAUTH_TOKEN", image, 10001, variables=TOKENED, **ours)
    in_pod = (*TOKENED, "HOME=/tmp")
    yield Way("as on Kubernetes, token", image, 10001, user="10001:10001", variables=in_pod, read_only=True, **ours)
    yield Way("as on Kubernetes, login", image, 10001, owner=0, group=10001, user="10001:10001", read_only=True, **ours)


@dataclass
class Seen:
    """The results of one start; `faults` are what was wrong."""

    uid: str = "-"
    capabilities: str = "-"
    status: int = 0
    healthy: str = "-"
    written: str = "-"
    exit_code: str = "-"
    seconds: float = 0.0
    rss: str = "-"
    through: str = "-"
    faults: list[str] = field(default_factory=list)


def main() -> int:
    if reason := images.missing():
        print(f"image-check: {reason}", file=sys.stderr)
        return 1
    wanted = sys.argv[1:] or ["slim", "full"]
    rows: list[tuple[Way, Seen]] = []
    faults: list[str] = []
    for target in wanted:
        print(f"building {target}", flush=True)
        name = images.build(target)
        size = images.compressed_megabytes(name)
        print(f"{target}: {size:.1f} MB compressed above its base", flush=True)
        if target == "slim" and size >= SLIM_LIMIT:
            faults.append(f"slim is {size:.1f} MB, the limit is {SLIM_LIMIT:g}")
        faults += _traces(name)
        if target == "full":
            faults += _claude_faults(name)
        for way in ways(target):
            rows.append((way, _try(way, name)))
            faults += [f"{way.image}, {way.name}: {fault}" for fault in rows[-1][1].faults]
            print(_row(*rows[-1]), flush=True)
    print("\n" + "\n".join([*_HEAD, *(_row(way, seen) for way, seen in rows)]))
    print("\n".join(["", *(f"FAULT {fault}" for fault in faults)]))
    return 1 if faults else 0


_CELLS = ("uid", "capabilities", "completion", "through", "healthcheck", "written", "SIGTERM", "ready", "RSS")
_HEAD = (f"| image | started with | {' | '.join(_CELLS)} |", "|---|---" + "|---" * len(_CELLS) + "|")


# What was at hand while it was built, and must not have stayed.
_LEFT_BEHIND = ("build", "etc/pip.conf", "run/ca.crt", "usr/bin/pip3", "usr/bin/strip", "root/.claude", "root/.cache")


def _traces(image: str) -> list[str]:
    with _container(image) as (_, root):
        left = [path for path in _LEFT_BEHIND if (root / path).exists()]
        left += [str(path.relative_to(root)) for path in root.glob("opt/*/lib/*/site-packages/pip*")]
    return [f"{image} still holds /{path}" for path in left]


def _claude_faults(image: str) -> list[str]:
    """`claude auth login` is how a login gets into a pod."""
    with _container(image) as (container, _):
        line = images.command("run", "--user=10001:10001", container, "--", "claude", "--version")
        ended = subprocess.run(line, env=images.environment(), capture_output=True, text=True, check=False)
    print(f"claude --version: {ended.stdout.strip()}", flush=True)
    return [] if "Claude Code" in ended.stdout else [f"full: claude --version: {ended.stderr[-300:]}"]


def _row(way: Way, seen: Seen) -> str:
    cells = (seen.uid, seen.capabilities, seen.status, seen.through, seen.healthy, seen.written, seen.exit_code,
             f"{seen.seconds:.1f} s", seen.rss)  # fmt: skip
    return f"| {way.image} | `{way.name}` | {' | '.join(map(str, cells))} |"


def _try(way: Way, image: str) -> Seen:
    seen = Seen()
    scratch = images.CACHE / "login"
    with _container(image) as (container, root), _simulated() as upstream:
        port = _free_port()
        variables = (*way.variables, f"PORT={port}", f"ANTHROPIC_API_BASE={upstream}", "LOG_FORMAT=json")
        mounts = _mounted_login(scratch, way) if way.owner is not None else []
        started = Started(way, images.config_of(image), container=container, root=root, variables=variables)
        marker = _marker()
        process = started.process(mounts)
        try:
            _look(seen, way, process=process, port=port)
            seen.healthy = started.health(mounts)
        finally:
            output = _end(process, port, seen)
        seen.written = _written(root, marker)
        _judge(seen, way, output=output)
    return seen


@dataclass
class Started:
    """A container's command lines: buildah heeds neither entrypoint nor command nor healthcheck."""

    way: Way
    config: dict[str, object]
    container: str = ""
    root: Path = Path()
    variables: tuple[str, ...] = ()

    def process(self, mounts: list[str]) -> "subprocess.Popen[str]":
        command = [*_words(self.config["Entrypoint"]), *_words(self.config["Cmd"])]
        return subprocess.Popen(
            self._line(command, mounts),
            env=images.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def health(self, mounts: list[str]) -> str:
        health = self.config["Healthcheck"]
        assert isinstance(health, dict)  # noqa: S101 - what the Dockerfile says
        line = self._line(health["Test"][1:], mounts)
        ended = subprocess.run(line, env=images.environment(), capture_output=True, text=True, check=False)
        return "ok" if ended.returncode == 0 else f"exit {ended.returncode}: {ended.stderr[-200:]}"

    def _line(self, command: list[str], mounts: list[str]) -> list[str]:
        if self.way.read_only:
            return self._read_only(command, mounts)
        options = [f"--env={variable}" for variable in self.variables]
        options += [f"--volume={mount}" for mount in mounts]
        options += [f"--user={self.way.user}"] if self.way.user else []
        return images.command("run", "--network=host", *options, self.container, "--", *command)

    def _read_only(self, command: list[str], mounts: list[str]) -> list[str]:
        """`--read-only --tmpfs /tmp` by hand: the image's tree remounted read-only in a private mount namespace."""
        root = self.root
        inner = [f"mkdir -p {root}/root/.claude"] if mounts else []
        inner += [f"mount --bind {root} {root}"]
        inner += [f"mount --bind {mount.split(':')[0]} {root}{mount.split(':')[1]}" for mount in mounts]
        inner += [f"mount -o remount,bind,ro {root}", f"mount --rbind /dev {root}/dev"]
        inner += [f"mount -t {kind} {kind} {root}/{place}" for kind, place in (("tmpfs", "tmp"), ("proc", "proc"))]
        inner += [f'exec chroot --userspec={self.way.user or "0:0"} --groups= "$0" "$@"']
        variables = [*_words(self.config["Env"]), "HOME=/root", *self.variables]
        shell = ["unshare", "--mount", "sh", "-ec", "\n".join(inner), str(root)]
        return [*shell, "/usr/bin/env", "-i", "-C", "/", *variables, *command]


def _words(value: object) -> list[str]:
    return [str(word) for word in value] if isinstance(value, list) else []


def _look(seen: Seen, way: Way, *, process: "subprocess.Popen[str]", port: int) -> None:
    began = time.monotonic()
    while not _answers(port):
        if process.poll() is not None or time.monotonic() - began > 30:
            seen.faults.append("it did not start")
            return
        time.sleep(0.05)
    seen.seconds = time.monotonic() - began
    seen.status, reply = _complete(port)
    if way.says and way.status != 200 and way.says not in reply:
        seen.faults.append(f"the refusal does not name {way.says!r}: {reply[:300]}")
    servers = _servers(port)
    status = _status(servers[0]) if servers else {}
    begun = [pid for server in servers for pid in _children(server)]
    seen.through = (
        "-"
        if seen.status != 200
        else "Claude Code"
        if any(_status(pid).get("Name") == "claude" for pid in begun)
        else "Messages API"
    )
    seen.uid = status.get("Uid", "?").split()[0]
    seen.capabilities = _capabilities(status, may_be_bounded=bool(way.user))
    seen.rss = (
        " + ".join(f"{int(_status(pid).get('VmRSS', '0').split()[0]) // 1024}" for pid in [*servers, *begun]) + " MB"
    )


def _capabilities(status: dict[str, str], *, may_be_bounded: bool) -> str:
    """Return the capabilities it has or could get; if the engine chose the user, the entrypoint could drop none."""
    names = ("CapEff", "CapPrm", "CapInh", "CapAmb") if may_be_bounded else ("CapEff", "CapPrm", "CapInh", "CapBnd")
    held = {name: status.get(name, "?") for name in names if set(status.get(name, "?")) != {"0"}}
    return " ".join(f"{name} {mask}" for name, mask in held.items()) or "none"


def _judge(seen: Seen, way: Way, *, output: str) -> None:
    expected = [
        (seen.uid == str(way.uid), f"uid {seen.uid}, not {way.uid}"),
        (seen.status == way.status, f"completion {seen.status}, not {way.status}"),
        (way.status != 200 or seen.through == way.through, f"through {seen.through}, not {way.through}"),
        (seen.healthy == "ok", f"healthcheck {seen.healthy}"),
        (seen.written == "nothing", f"wrote {seen.written}"),
        (seen.exit_code == "0", f"exit code {seen.exit_code} after SIGTERM"),
        (seen.capabilities == "none", f"capabilities {seen.capabilities}"),
        (way.status != 200 or way.says in output, f"it did not say {way.says!r}"),
        (KEY not in output and "test-image" not in output, "a secret in what it printed"),
    ]
    seen.faults += [fault for holds, fault in expected if not holds]
    if seen.faults:
        seen.faults.append(f"it printed: {output[-1500:]}")


def _end(process: "subprocess.Popen[str]", port: int, seen: Seen) -> str:
    for pid in _servers(port):
        os.kill(pid, signal.SIGTERM)
    try:
        output, _ = process.communicate(timeout=60)
        seen.exit_code = str(process.returncode)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        seen.exit_code = "none"
    return output


def _servers(port: int) -> list[int]:
    """Return the pids of the servers with this port: root can read the environment of every process."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            line = (entry / "cmdline").read_bytes().split(b"\0")
            variable_list = (entry / "environ").read_bytes().split(b"\0")
        except (OSError, ValueError):
            continue
        if (
            line[1:3] == [b"/opt/claude-code-proxy/bin/claude-code-proxy", b"serve"]
            and f"PORT={port}".encode() in variable_list
        ):
            found.append(int(entry.name))
    return found


def _children(parent: int) -> list[int]:
    """Return the pids of all descendants."""
    own = [
        int(pid) for task in Path(f"/proc/{parent}/task").iterdir() for pid in (task / "children").read_text().split()
    ]
    return [*own, *(further for pid in own for further in _children(pid))]


def _status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2) as reply:
            return reply.status == 200
    except (URLError, OSError):
        return False


def _complete(port: int) -> tuple[int, str]:
    body = json.dumps({"model": "claude-sonnet-5-5", "messages": [{"role": "user", "content": "Hello"}]}).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/chat/completions", body, {"content-type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:  # noqa: S310 - loopback
            text = reply.read().decode()
            return (reply.status, text) if json.loads(text)["choices"][0]["message"]["content"] else (0, text)
    except HTTPError as error:
        return error.code, error.read().decode()


def _mounted_login(place: Path, way: Way) -> list[str]:
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    file = place / ".credentials.json"
    file.write_text(json.dumps(LOGIN))
    file.chmod(0o600)
    os.chown(file, way.uid, way.uid)
    assert way.owner is not None  # noqa: S101 - or there were no mount
    os.chown(place, way.owner, way.owner if way.group is None else way.group)
    place.chmod(0o700 if way.group is None else 0o2775)
    return [f"{place}:/root/.claude"]


def _marker() -> Path:
    marker = images.CACHE / "began"
    marker.write_text("")
    time.sleep(0.05)
    return marker


# What the engine itself puts into a container.
_ENGINES = re.compile(
    r"^(etc/(hosts|hostname|resolv\.conf)|run/\.containerenv|(proc|sys|dev|tmp)(/.*)?|root/\.claude(/.*)?)$"
)


def _written(root: Path, marker: Path) -> str:
    line = ["find", str(root), "-xdev", "-newercm", str(marker), "-type", "f", "-printf", "%P\n"]
    found = subprocess.run(line, capture_output=True, text=True, check=True).stdout.splitlines()
    files = [path for path in found if not _ENGINES.match(path)]
    return ", ".join(files[:5]) or "nothing"


@contextmanager
def _container(image: str) -> Iterator[tuple[str, Path]]:
    container = images.buildah("from", "--pull-never", image)
    try:
        yield container, Path(images.buildah("mount", container))
    finally:
        images.buildah("umount", container)
        images.buildah("rm", container)


@contextmanager
def _simulated() -> Iterator[str]:
    """Run the simulated Claude from this checkout; yield its address."""
    port = _free_port()
    line = [sys.executable, "-m", "claude_code_proxy", "simulate", "--port", str(port)]
    variables = {"PATH": os.environ["PATH"], "PYTHONPATH": str(images.ROOT / "src"), "HOME": str(images.CACHE)}
    with subprocess.Popen(line, env=variables, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None  # noqa: S101 - it was asked for
        process.stdout.readline()
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main())
