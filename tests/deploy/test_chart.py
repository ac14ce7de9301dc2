"""The chart, made into objects by the real helm and judged by the real kubeconform."""

import base64
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from claude_code_proxy.settings import SETTINGS
from tests.deploy.chart import (
    CHART,
    KEY,
    LOGIN,
    MANIFESTS,
    TOKEN,
    Object,
    conform,
    helm,
    refusal,
    rendered,
    template,
)
from tools import chart as made

pytestmark = pytest.mark.chart

HOST = {"ingress.enabled": "true", "ingress.hosts": "{claude.example.org}"}
REQUIRED = "podAffinity.requiredDuringSchedulingIgnoredDuringExecution"
DOCUMENTED: dict[str, dict[str, str]] = {
    "key from a Secret": KEY,
    "key in the values": {"image.repository": "r", "credential.apiKey": "sk-ant-test"},
    "key, slim": KEY | {"image.variant": "slim", "image.tag": "slim"},
    "key, three pods": KEY | {"replicaCount": "3"},
    "key, scaled": KEY | {"autoscaling.enabled": "true"},
    "login": LOGIN,
    "login, own claim": LOGIN | {"credential.login.existingClaim": "mine"},
    "login, own class": LOGIN | {"credential.login.storageClass": "longhorn"},
    "login token from a Secret": TOKEN,
    "login token in the values": {"image.repository": "r", "credential.oauthToken.value": "sk-ant-oat01-test"},
    "open to callers": KEY | {"proxyApiKey.enabled": "false"},
    "callers' keys in the values": KEY | {"proxyApiKey.value": "one\\,two"},
    "callers' keys from a Secret": KEY | {"proxyApiKey.existingSecret": "mine"},
    "ingress": KEY | HOST | {"ingress.className": "nginx", "ingress.tls[0].secretName": "cert"},
    "monitored": KEY | {"serviceMonitor.enabled": "true", "serviceMonitor.labels.release": "prometheus"},
    "one caller": KEY | {"networkPolicy.from[0].podSelector.matchLabels.app": "rockbot"},
    "web proxy": KEY | {"networkPolicy.upstreamPort": "3128", "settings.HTTPS_PROXY": "http://proxy.test:3128"},
    "no policy": KEY | {"networkPolicy.enabled": "false"},
    "own account": KEY | {"serviceAccount.create": "false", "serviceAccount.name": "mine"},
    "load balancer": KEY | {"service.type": "LoadBalancer", "service.annotations.a/b": "c"},
    "digest": KEY | {"image.digest": f"sha256:{'0' * 64}"},
    "placed": KEY
    | {"nodeSelector.disk": "ssd", "tolerations[0].operator": "Exists", "priorityClassName": "high"}
    | {"imagePullSecrets[0].name": "registry", "podLabels.team": "a", "podAnnotations.note": "b"}
    | {f"affinity.{REQUIRED}[0].labelSelector.matchLabels.a": "b", f"affinity.{REQUIRED}[0].topologyKey": "zone"},
    "resources": KEY | {"resources.limits.memory": "1Gi"},
}  # fmt: skip


def pod(objects: dict[str, Object]) -> Any:
    return objects["Deployment"]["spec"]["template"]["spec"]


def container(objects: dict[str, Object]) -> Any:
    return pod(objects)["containers"][0]


def variables(objects: dict[str, Object]) -> dict[str, Any]:
    return {entry["name"]: entry.get("value", entry.get("valueFrom")) for entry in container(objects)["env"]}


@pytest.mark.parametrize("case", DOCUMENTED)
def test_every_documented_combination_is_what_kubernetes_takes(case: str) -> None:
    made = template(DOCUMENTED[case])
    assert made.returncode == 0, made.stderr
    assert not conform(made.stdout)


def test_a_field_that_kubernetes_does_not_know_would_be_found() -> None:
    text = template(KEY).stdout
    assert "replica" in conform(text.replace("replicas: 1", "replica: 1"))
    assert "could not find schema" in conform(text.replace("kind: Deployment", "kind: Deploiment"))


def test_helm_finds_nothing_to_say_against_it() -> None:
    settings = [part for name, value in KEY.items() for part in ("--set", f"{name}={value}")]
    linted = helm("lint", CHART, "--strict", *settings)
    assert linted.returncode == 0, linted.stdout
    assert "WARNING" not in linted.stdout


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, ["image.repository is required", "docker build", "docker push"]),
        ({"image.repository": "r"}, ["Exactly one credential", "none was", "credential.apiKey", "credential.login"]),
        (KEY | LOGIN, ["Exactly one credential", "credential.existingSecret and credential.login.enabled were"]),
        (LOGIN | {"image.variant": "slim"}, ["slim image has none"]),
        (LOGIN | {"image.tag": "1.0-slim"}, ["slim image has none"]),
        (LOGIN | {"replicaCount": "2"}, ["one replica", "use an API key"]),
        (LOGIN | {"autoscaling.enabled": "true"}, ["one replica"]),
        (LOGIN | {"settings.WORKERS": "2"}, ["one process"]),
        (KEY | TOKEN, ["credential.existingSecret and credential.oauthToken.existingSecret were"]),
        (TOKEN | {"image.variant": "slim"}, ["slim image has none"]),
        (TOKEN | {"replicaCount": "2"}, ["one replica", "use an API key"]),
        (TOKEN | {"settings.WORKERS": "2"}, ["one process"]),
        (TOKEN | {"settings.CLAUDE_CODE_OAUTH_TOKEN": "x"}, ["credential.oauthToken"]),
        (KEY | {"settings.ANTHROPIC_API_KEY": "sk-ant-test"}, ["settings.ANTHROPIC_API_KEY", "credential.apiKey"]),
        (KEY | {"settings.PROXY_API_KEY": "a"}, ["proxyApiKey"]),
        (KEY | {"settings.ALLOW_KEYLESS": "true"}, ["proxyApiKey.enabled"]),
        (KEY | {"settings.DRAIN_SECONDS": "1"}, ["drainSeconds"]),
        (KEY | {"ingress.enabled": "true"}, ["host name"]),
        (KEY | HOST | {"proxyApiKey.enabled": "false"}, ["spends your credit"]),
        (KEY | {"service.type": "NodePort", "proxyApiKey.enabled": "false"}, ["spends your credit"]),
        (KEY | {"autoscaling.enabled": "true", "autoscaling.minReplicas": "9"}, ["autoscaling.minReplicas"]),
        (KEY | {"credentials.apiKey": "a"}, ["credentials"]),
        (KEY | {"user": "0"}, ["user"]),
    ],
)
def test_what_cannot_work_is_refused_in_words(values: dict[str, str], words: list[str]) -> None:
    said = refusal(values)
    assert [word for word in words if word not in said] == []


def test_no_setting_that_is_secret_may_stand_in_plain_sight() -> None:
    secrets = {name for setting in SETTINGS if setting.kind.secret for name in setting.env}
    secrets -= {"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"}  # secret only where they hold a password
    assert secrets
    assert {name for name in secrets if template(KEY | {f"settings.{name}": "x"}).returncode == 0} == set()


@pytest.mark.parametrize("values", [KEY, LOGIN, TOKEN], ids=["key", "login", "token"])
def test_a_pod_can_do_no_more_than_serve(values: dict[str, str]) -> None:
    objects = rendered(values)
    assert pod(objects)["securityContext"]["runAsNonRoot"] is True
    assert pod(objects)["securityContext"]["runAsUser"] == pod(objects)["securityContext"]["fsGroup"] == 10001
    assert pod(objects)["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod(objects)["automountServiceAccountToken"] is False
    assert objects["ServiceAccount"]["automountServiceAccountToken"] is False
    assert container(objects)["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {mount["mountPath"] for mount in container(objects)["volumeMounts"]} <= {"/tmp", "/root/.claude"}


@pytest.mark.parametrize("drain", ["0", "900", "3600"])
def test_a_pod_may_end_its_longest_stream(drain: str) -> None:
    objects = rendered(KEY | {"drainSeconds": drain})
    waits = int(container(objects)["lifecycle"]["preStop"]["exec"]["command"][1])
    assert variables(objects)["DRAIN_SECONDS"] == drain
    assert pod(objects)["terminationGracePeriodSeconds"] > waits + int(drain)


def test_the_service_is_named_as_the_release() -> None:
    objects = rendered(KEY)
    service = objects["Service"]
    assert service["metadata"]["name"] == "claude"
    assert service["spec"]["ports"] == [{"name": "http", "port": 80, "targetPort": "http"}]
    assert container(objects)["ports"] == [{"name": "http", "containerPort": 8080}]
    labels = objects["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"].items() <= labels.items()


def test_liveness_and_readiness_ask_in_two_places() -> None:
    proxy = container(rendered(KEY))
    assert proxy["livenessProbe"]["httpGet"]["path"] == "/health"
    assert proxy["readinessProbe"]["httpGet"]["path"] == "/health/ready"


def test_with_a_key_pods_are_many_and_roll() -> None:
    objects = rendered(KEY | {"replicaCount": "3"})
    assert objects["Deployment"]["spec"]["replicas"] == 3
    assert objects["Deployment"]["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert objects["PodDisruptionBudget"]["spec"]["maxUnavailable"] == 1
    assert variables(objects)["ANTHROPIC_API_KEY"] == {
        "secretKeyRef": {"name": "anthropic", "key": "ANTHROPIC_API_KEY"}
    }
    assert "PersistentVolumeClaim" not in objects


def test_one_pod_has_no_budget_that_would_hold_up_its_node() -> None:
    assert "PodDisruptionBudget" not in rendered(KEY)


def test_what_scales_leaves_the_count_to_the_autoscaler() -> None:
    objects = rendered(KEY | {"autoscaling.enabled": "true"})
    assert "replicas" not in objects["Deployment"]["spec"]
    assert objects["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]["name"] == "claude"


def test_with_a_login_there_is_one_pod_and_a_volume_that_stays() -> None:
    objects = rendered(LOGIN)
    assert objects["Deployment"]["spec"]["replicas"] == 1
    assert objects["Deployment"]["spec"]["strategy"] == {"type": "Recreate"}
    assert objects["PersistentVolumeClaim"]["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    assert {"name": "login", "mountPath": "/root/.claude"} in container(objects)["volumeMounts"]
    assert not {"ANTHROPIC_API_KEY", "CLAUDE_ACCESS_TOKEN"} & variables(objects).keys()
    assert "PersistentVolumeClaim" not in rendered(LOGIN | {"credential.login.existingClaim": "mine"})


def test_with_a_login_token_there_is_one_pod_and_no_volume() -> None:
    objects = rendered(TOKEN)
    assert objects["Deployment"]["spec"]["replicas"] == 1
    assert objects["Deployment"]["spec"]["strategy"] == {"type": "Recreate"}
    assert container(objects)["resources"] == container(rendered(LOGIN))["resources"]
    assert "PersistentVolumeClaim" not in objects
    assert [mount["mountPath"] for mount in container(objects)["volumeMounts"]] == ["/tmp"]
    told = variables(objects)
    assert told["CLAUDE_CODE_OAUTH_TOKEN"] == {"secretKeyRef": {"name": "plan", "key": "CLAUDE_CODE_OAUTH_TOKEN"}}
    assert "ANTHROPIC_API_KEY" not in told
    assert not {"CLAUDE_CODE_OAUTH_TOKEN"} & (variables(rendered(KEY)).keys() | variables(rendered(LOGIN)).keys())


def test_a_login_token_in_the_values_lands_in_a_secret_alone() -> None:
    values = {"image.repository": "r", "credential.oauthToken.value": "sk-ant-oat01-test-in-values"}
    objects = rendered(values)
    held = objects["Secret claude-login-token"]["data"]["CLAUDE_CODE_OAUTH_TOKEN"]
    assert base64.b64decode(held) == b"sk-ant-oat01-test-in-values"
    assert "sk-ant-oat01-test-in-values" not in template(values).stdout
    changed = rendered(values | {"credential.oauthToken.value": "sk-ant-oat01-test-other"})
    assert changed["Deployment"]["spec"]["template"] != objects["Deployment"]["spec"]["template"], "no rollout"


def test_the_chart_makes_a_key_for_callers_unless_told_not_to() -> None:
    first, second = (
        base64.b64decode(rendered(KEY)["Secret claude-callers"]["data"]["PROXY_API_KEY"]) for _ in range(2)
    )
    assert first != second
    assert len(first) == 40
    given = rendered(KEY | {"proxyApiKey.value": "one\\,two"})["Secret claude-callers"]
    assert base64.b64decode(given["data"]["PROXY_API_KEY"]) == b"one,two"
    opened = rendered(KEY | {"proxyApiKey.enabled": "false"})
    assert "Secret claude-callers" not in opened
    assert "PROXY_API_KEY" not in variables(opened)
    assert variables(opened)["ALLOW_KEYLESS"] == "true"
    assert variables(rendered(KEY))["ALLOW_KEYLESS"] == "false", "the image's own value must not stand"


def test_a_key_in_the_values_lands_in_a_secret_alone() -> None:
    values = {"image.repository": "r", "credential.apiKey": "sk-ant-test-in-values"}
    objects = rendered(values)
    assert base64.b64decode(objects["Secret claude-anthropic"]["data"]["ANTHROPIC_API_KEY"]).decode() in values.values()
    assert "sk-ant-test-in-values" not in template(values).stdout
    changed = rendered(values | {"credential.apiKey": "sk-ant-test-other"})
    assert changed["Deployment"]["spec"]["template"] != objects["Deployment"]["spec"]["template"], "no rollout"


def test_settings_become_variables_as_they_were_written() -> None:
    told = variables(rendered(KEY | {"settings.STRICT": "true", "settings.MAX_CONCURRENT": "3000000"}))
    assert (told["STRICT"], told["MAX_CONCURRENT"], told["LOG_FORMAT"]) == ("true", "3000000", "json")


def test_an_ingress_holds_back_no_stream() -> None:
    annotations = rendered(KEY | HOST)["Ingress"]["metadata"]["annotations"]
    assert annotations["nginx.ingress.kubernetes.io/proxy-buffering"] == "off"
    assert int(annotations["nginx.ingress.kubernetes.io/proxy-read-timeout"]) >= 3600


def test_the_policy_lets_the_proxy_reach_names_and_its_upstream_alone() -> None:
    spec = rendered(KEY)["NetworkPolicy"]["spec"]
    assert {port["port"] for rule in spec["egress"] for port in rule["ports"]} == {53, 443}
    assert spec["ingress"] == [{"ports": [{"port": "http", "protocol": "TCP"}]}]


@pytest.mark.parametrize("name", made.VARIANTS)
def test_the_plain_manifests_are_the_charts(name: str) -> None:
    text = (MANIFESTS / name).read_text(encoding="utf-8")
    assert text == made.manifest(name), "run `make manifests`"
    assert not conform(text)


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """Return the chart with its notes as an object, since helm shows them only to those who have a cluster."""
    copy = Path(shutil.copytree(CHART, tmp_path / "claude-code-proxy"))
    (copy / "templates" / "NOTES.txt").rename(copy / "notes.txt")
    (copy / "templates" / "notes.yaml").write_text(
        'kind: Notes\nmetadata: {name: notes}\ntext: {{ tpl (.Files.Get "notes.txt") . | toJson }}\n'
    )
    return copy


def test_the_notes_tell_rockbot_what_to_set(notes: Path) -> None:
    text = rendered(KEY, notes)["Notes"]["text"]
    url = "http://claude.rockbot.svc.cluster.local/v1"
    for tier in ("low", "balanced", "high"):
        assert re.search(rf'{tier}: +{{endpoint: "{url}", apiKey: "\$KEY", modelId: claude-', text)
    assert "get secret claude-callers" in text
    assert "auth login" not in text
    assert f"{url[:-3]}:8000/v1" in rendered(KEY | {"service.port": "8000"}, notes)["Notes"]["text"]


def test_the_notes_tell_how_to_sign_in(notes: Path) -> None:
    text = rendered(LOGIN, notes)["Notes"]["text"]
    assert "kubectl -n rockbot exec -it deploy/claude -- claude auth login" in text
    assert "cp ~/.claude/.credentials.json $POD:/root/.claude/.credentials.json" in text
    assert "owner 10001, mode 600" in text


def test_the_notes_tell_what_becomes_of_a_login_token(notes: Path) -> None:
    text = rendered(TOKEN, notes)["Notes"]["text"]
    assert "good for a year" in text
    assert "Secret plan" in text
    assert "rollout restart deploy/claude" in text
    assert "auth login" not in text


def test_the_notes_show_no_key(notes: Path) -> None:
    objects = rendered(KEY | {"proxyApiKey.value": "a-callers-key"}, notes)
    assert "a-callers-key" not in objects["Notes"]["text"]
