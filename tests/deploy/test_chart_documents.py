"""What of the chart can be held to without helm: its schema, what is made from it, and the plain manifests."""

import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
import yaml

from claude_code_proxy import __version__
from claude_code_proxy.settings import SETTINGS
from tests.deploy.chart import CHART, MANIFESTS, Object, by_kind
from tools import chart as made

SCHEMA = made.schema()
VALUES = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
TEMPLATES = "\n".join(path.read_text(encoding="utf-8") for path in sorted((CHART / "templates").iterdir()))


def leaves(node: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for name, child in node["properties"].items():
        if "properties" in child:
            yield from leaves(child, f"{prefix}{name}.")
        else:
            yield prefix + name, child


def test_every_value_is_described_and_has_a_default_that_is_allowed() -> None:
    for path, leaf in leaves(SCHEMA):
        assert leaf["description"].endswith((".", "`.")), path
        jsonschema_rs.validator_for(leaf).validate(leaf["default"])


def test_the_values_are_those_of_the_schema() -> None:
    assert (CHART / "values.yaml").read_text(encoding="utf-8") == made.values_yaml(), "run `make chart`"
    jsonschema_rs.validator_for(SCHEMA).validate(VALUES)
    for path, leaf in leaves(SCHEMA):
        found = VALUES
        for name in path.split("."):
            found = found[name]
        assert found == leaf["default"], path


def test_a_value_that_is_not_known_is_refused() -> None:
    with pytest.raises(jsonschema_rs.ValidationError):
        jsonschema_rs.validator_for(SCHEMA).validate(VALUES | {"replicas": 2})


@pytest.mark.parametrize("name", ["TYPO", "default_model", "LOG_LEVL"])
def test_a_setting_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(jsonschema_rs.ValidationError):
        jsonschema_rs.validator_for(SCHEMA).validate(VALUES | {"settings": {name: "x"}})


def test_every_setting_is_known_to_the_schema() -> None:
    """Those that have a value of their own too: the templates say which value that is."""
    names = {name for setting in SETTINGS for name in setting.env}
    assert set(SCHEMA["properties"]["settings"]["propertyNames"]["enum"]) == names


def test_the_readme_has_every_value() -> None:
    readme = (CHART / "README.md").read_text(encoding="utf-8")
    assert readme == made.readme(), "run `make chart`"
    assert [path for path, _ in leaves(SCHEMA) if f"| `{path}` |" not in readme] == []


def test_every_value_is_used() -> None:
    """By its whole path, or within the part of the tree that a template looks at."""
    used = re.sub(r"\$[vc]\b|\$\.Values", ".Values", TEMPLATES)
    unused = [path for path, _ in leaves(SCHEMA) if not re.search(rf"\.{path.rpartition('.')[2]}\b", used)]
    assert unused == []


def test_the_chart_is_of_this_version() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    assert chart["version"] == chart["appVersion"] == __version__


def test_the_variables_it_sets_are_settings() -> None:
    known = {name for setting in SETTINGS for name in setting.env}
    named = set(re.findall(r"- name: ([A-Z_]+)$", TEMPLATES, re.MULTILINE)) | set(VALUES["settings"])
    assert named - known == {"HOME"}
    assert set(re.findall(r'"([A-Z_]{4,})" "', TEMPLATES)) <= known


@pytest.fixture(params=made.VARIANTS)
def manifest(request: pytest.FixtureRequest) -> tuple[str, dict[str, Object]]:
    text = (MANIFESTS / request.param).read_text(encoding="utf-8")
    assert text.startswith(made.header(request.param)), "run `make manifests`"
    return request.param, by_kind(text)


def test_the_plain_manifests_are_current_and_whole(manifest: tuple[str, dict[str, Object]]) -> None:
    name, objects = manifest
    pod = objects["Deployment"]["spec"]["template"]["spec"]
    assert {"Deployment", "Service", "ServiceAccount", "NetworkPolicy"} <= objects.keys()
    assert ("PersistentVolumeClaim" in objects) == (name == "login.yaml")
    assert pod["automountServiceAccountToken"] is False
    assert pod["containers"][0]["securityContext"]["readOnlyRootFilesystem"] is True


def test_the_plain_manifests_hold_no_secret_and_nothing_of_helm(manifest: tuple[str, dict[str, Object]]) -> None:
    name, objects = manifest
    assert not [kind for kind in objects if kind.startswith("Secret")]
    text = (MANIFESTS / name).read_text(encoding="utf-8")
    assert not re.search(r"helm\.sh|managed-by", text)
    assert "REGISTRY/claude-code-proxy:" in text
