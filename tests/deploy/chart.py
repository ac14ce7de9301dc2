"""What the real helm and kubeconform make of the chart: values -> objects, or the words of a refusal."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.project.sources import ROOT

CHART = ROOT / "deploy" / "helm" / "claude-code-proxy"
MANIFESTS = ROOT / "deploy" / "kubernetes"
SCHEMAS = ROOT / "tests" / "deploy" / "schemas"
TOOLS = ROOT / ".cache" / "go" / "bin"

Object = dict[str, Any]

IMAGE = {"image.repository": "registry.test/claude-code-proxy"}
KEY = IMAGE | {"credential.existingSecret": "anthropic"}
TOKEN = IMAGE | {"credential.oauthToken.existingSecret": "plan"}
LOGIN = IMAGE | {"credential.login.enabled": "true"}


def tool(name: str) -> str:
    """Return the path of a tool that Go builds; skip the test if there is none."""
    if not (TOOLS / name).exists():
        assert shutil.which("go") is None, f"{name} is built by `make test-all`"
        pytest.skip(f"Go is missing here, and with it {name}")
    return str(TOOLS / name)


def helm(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    """Without the settings of whoever runs the tests."""
    scratch = ROOT / ".cache" / "go" / "helm"
    quiet = {"PATH": os.environ["PATH"], "HOME": str(scratch), "KUBECONFIG": str(scratch / "none")}
    line = [tool("helm"), *map(str, arguments)]
    return subprocess.run(line, cwd=ROOT, env=quiet, capture_output=True, text=True, check=False)


def template(values: Mapping[str, str], chart: Path = CHART) -> "subprocess.CompletedProcess[str]":
    settings = [part for name, value in values.items() for part in ("--set", f"{name}={value}")]
    return helm("template", "claude", chart, "--namespace", "rockbot", *settings)


def rendered(values: Mapping[str, str], chart: Path = CHART) -> dict[str, Object]:
    """Return the objects by kind; two of a kind, which only Secrets are, by kind and name."""
    made = template(values, chart)
    assert made.returncode == 0, made.stderr
    return by_kind(made.stdout)


def by_kind(text: str) -> dict[str, Object]:
    objects = [entry for entry in yaml.safe_load_all(text) if entry]
    return {
        f"Secret {entry['metadata']['name']}" if entry["kind"] == "Secret" else entry["kind"]: entry
        for entry in objects
    }


def refusal(values: Mapping[str, str]) -> str:
    made = template(values)
    assert made.returncode != 0, "it was not refused"
    return made.stderr


def conform(text: str) -> str:
    """Return what kubeconform says against it, strictly and with no schema missing; empty when all is well."""
    location = str(SCHEMAS / "{{.ResourceKind}}{{.KindSuffix}}.json")
    line = [tool("kubeconform"), "-strict", "-schema-location", location, "-"]
    checked = subprocess.run(line, input=text, capture_output=True, text=True, check=False)
    return checked.stdout + checked.stderr
