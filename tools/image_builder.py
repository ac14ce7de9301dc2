"""Build the images without a container engine: Debian's buildah, and a stand-in for the base from debootstrap.

Everything is kept in `.cache/image`. What pip needs to reach its index goes in as secrets, which no image keeps.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
CACHE = ROOT / ".cache" / "image"
BASE = next(
    line.partition("=")[2] for line in (ROOT / "Dockerfile").read_text().splitlines() if line.startswith("ARG BASE=")
)
SUITE = BASE.rpartition(":")[2].removesuffix("-slim")
# What Debian's own slim images leave out, too.
NOT_IN_SLIM = ("usr/share/doc", "usr/share/man", "usr/share/info", "usr/share/locale", "usr/share/lintian",
               "var/cache/apt", "var/lib/apt/lists", "var/log")  # fmt: skip
PIP_OPTIONS = ("index-url", "extra-index-url", "trusted-host", "proxy")

Output = subprocess.CompletedProcess[str]


def missing() -> str | None:
    """Return what this machine lacks, as a sentence, or None."""
    lacking = [name for name in ("buildah", "debootstrap") if shutil.which(name) is None]
    if lacking:
        return f"{' and '.join(lacking)} not found; on Debian: apt-get install buildah debootstrap"
    return None if os.geteuid() == 0 else "only root can make a base image with debootstrap"


def command(*arguments: str | Path) -> list[str]:
    """Return a buildah command line on a store of its own."""
    return ["buildah", "--storage-driver", "vfs", "--root", str(CACHE / "store"), "--runroot", str(CACHE / "run"),
            *map(str, arguments)]  # fmt: skip


def environment() -> dict[str, str]:
    return os.environ | {"BUILDAH_ISOLATION": "chroot", "BUILDAH_FORMAT": "docker"}


def buildah(*arguments: str | Path) -> str:
    return _run(command(*arguments)).stdout.strip()


def build(target: str) -> str:
    """Build one target of the Dockerfile; return the name of its image."""
    name = f"localhost/claude-code-proxy:{target}"
    log = CACHE / f"build-{target}.log"
    _ensure_base()
    arguments = command("bud", "--pull-never", "--target", target, *_secrets(), "--tag", name, ROOT)
    with log.open("w") as output:
        ended = subprocess.run(arguments, env=environment(), stdout=output, stderr=subprocess.STDOUT, check=False)
    if ended.returncode:
        raise SystemExit(f"{log}: the build failed\n{log.read_text()[-3000:]}")
    return name


def config_of(image: str) -> dict[str, object]:
    """Return the configuration with which an engine would start a container of this image."""
    config: dict[str, object] = json.loads(buildah("inspect", "--type", "image", image))["Docker"]["config"]
    return config


def compressed_megabytes(image: str) -> float:
    """Return the size of the image's own layers, compressed, without its base."""
    place = CACHE / "pushed"
    shutil.rmtree(place, ignore_errors=True)
    buildah("push", "--quiet", image, f"oci:{place}")
    sizes = [layer["size"] for layer in _manifest(place)["layers"]]
    shutil.rmtree(place)
    return sum(sizes[1:]) / 1e6  # the stand-in for the base is one layer


def _manifest(place: Path) -> dict[str, list[dict[str, int]]]:
    index = json.loads((place / "index.json").read_text())
    digest = index["manifests"][0]["digest"].partition(":")[2]
    manifest: dict[str, list[dict[str, int]]] = json.loads((place / "blobs" / "sha256" / digest).read_text())
    return manifest


def _ensure_base() -> None:
    CACHE.mkdir(parents=True, exist_ok=True)
    if _run(command("images", "--quiet", BASE), check=False).returncode == 0:
        return
    tree = CACHE / "base"
    print(f"making a stand-in for {BASE} with debootstrap", flush=True)
    shutil.rmtree(tree, ignore_errors=True)
    _run(["debootstrap", "--variant=minbase", SUITE, str(tree)])
    for path in NOT_IN_SLIM:
        for entry in (tree / path).iterdir():
            shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
    (tree / "etc/dpkg/dpkg.cfg.d/slim").write_text("".join(f"path-exclude /{path}/*\n" for path in NOT_IN_SLIM[:5]))
    container = buildah("from", "scratch")
    buildah("copy", "--quiet", container, tree, "/")
    buildah("config", "--cmd", "bash", container)
    buildah("commit", "--quiet", "--rm", container, BASE)
    shutil.rmtree(tree)


def _secrets() -> Sequence[str]:
    """Return build secrets for the package index of this machine: its pip options, and its certificates."""
    options = dict(line.split("=", 1) for line in _run(["pip3", "config", "list"], check=False).stdout.splitlines())
    settings = {key.rpartition(".")[2]: value.strip("'\"") for key, value in options.items()}
    lines = [f"{name} = {settings[name]}" for name in PIP_OPTIONS if name in settings]
    certificates = settings.get("cert") or os.environ.get("SSL_CERT_FILE")
    lines += ["cert = /run/ca.crt"] if certificates else []
    (CACHE / "pip.conf").write_text("\n".join(["[global]", *lines, ""]))
    secrets = [f"--secret=id=pip.conf,src={CACHE / 'pip.conf'}"]
    return [*secrets, f"--secret=id=ca.crt,src={certificates}"] if certificates else secrets


def _run(arguments: Sequence[str], *, check: bool = True) -> Output:
    ended = subprocess.run(arguments, env=environment(), capture_output=True, text=True, check=False)
    if check and ended.returncode:
        raise SystemExit(f"{' '.join(arguments)}: {ended.stderr.strip()[-2000:]}")
    return ended
