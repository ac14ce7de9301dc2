"""The commands of docs/deploying.md: each is run or compared with the files, as far as that needs no cluster."""

import re
import shlex
from itertools import pairwise
from pathlib import Path

import pytest

from tests.deploy.chart import CHART, by_kind, conform, helm
from tests.project.sources import ROOT, text_of

DOCUMENT = text_of(Path("docs/deploying.md"))
COMMANDS = [line[2:] for line in DOCUMENT.splitlines() if line.startswith("$ ")]
STAGES = re.findall(r" AS (\S+)$", text_of(Path("Dockerfile")), re.MULTILINE)

HELM = [shlex.split(line) for line in COMMANDS if line.startswith("helm ")]
DOCKER = [shlex.split(line) for line in COMMANDS if line.startswith("docker ")]


@pytest.mark.parametrize("line", DOCKER, ids=" ".join)
def test_what_is_built_is_a_target_and_what_is_started_is_what_the_image_check_starts(line: list[str]) -> None:
    targets = [line[at + 1] for at, word in enumerate(line) if word == "--target"]
    assert set(targets) <= set(STAGES)
    if line[1] == "run":
        checked = text_of(Path("tools/image_check.py"))
        options = [f"{word} {after.partition('=')[0]}" for word, after in pairwise(line) if word in "-e -v"]
        assert options
        assert all(option.split(":")[0] in checked for option in options)


@pytest.mark.chart
@pytest.mark.parametrize("line", HELM, ids=" ".join)
def test_every_helm_command_makes_what_kubernetes_takes(line: list[str]) -> None:
    """As `helm template`, which needs no cluster; what `--reuse-values` would find is what was installed before."""
    settings = [word for word in line[2:] if word not in {"--create-namespace", "--reuse-values"}]
    earlier = [word for word in HELM[0][4:] if word != "--create-namespace"] if line[1] == "upgrade" else []
    made = helm("template", *settings, *earlier)
    assert made.returncode == 0, made.stderr
    assert not conform(made.stdout)
    names = {(kind, entry["metadata"]["name"]) for kind, entry in by_kind(made.stdout).items()}
    assert {("Deployment", "claude"), ("Service", "claude"), ("Secret claude-callers", "claude-callers")} <= names


def test_what_kubectl_names_is_what_the_chart_makes() -> None:
    """`deploy/claude` and `svc/claude` are the release."""
    named = {
        word for line in COMMANDS for word in re.findall(r"(?:deploy|svc)/(\w+)", line) if line.startswith("kubectl")
    }
    assert named == {HELM[0][2]} == {"claude"}


def test_the_manifests_it_names_are_there() -> None:
    for name in re.findall(r"deploy/kubernetes/(\S+\.yaml)", DOCUMENT):
        assert (ROOT / "deploy" / "kubernetes" / name).is_file()


def test_the_secret_it_makes_is_the_one_that_the_manifests_read() -> None:
    made = next(line for line in COMMANDS if "create secret generic claude-code-proxy-keys" in line)
    manifest = text_of(Path("deploy/kubernetes/api-key.yaml"))
    for key in re.findall(r"--from-literal=([A-Z_]+)=", made):
        assert re.search(rf"name: claude-code-proxy-keys\n\s+key: {key}\n", manifest), key


def test_the_figures_are_those_of_the_chart_and_the_image() -> None:
    values = text_of(CHART / "values.yaml")
    drain = re.search(r"`drainSeconds` \((\d+)\)", DOCUMENT)
    assert drain is not None
    assert f"drainSeconds: {drain[1]}\n" in values
    user = re.search(r"UNPRIVILEGED=(\d+)", text_of(Path("deploy/docker/entrypoint.sh")))
    assert user is not None
    assert f"user {user[1]}" in DOCUMENT
    assert f"user: {user[1]}\n" in values
