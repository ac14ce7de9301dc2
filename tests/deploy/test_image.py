"""What of the images can be held to without building them; `make image-check` builds and starts them."""

import re
from pathlib import Path

import yaml

from claude_code_proxy.settings import SETTINGS
from tests.project.sources import ROOT, text_of

DOCKERFILE = text_of(Path("Dockerfile"))
STAGES = re.findall(r"^FROM (\S+) AS (\S+)$", DOCKERFILE, re.MULTILINE)


def stage(name: str) -> str:
    return re.split(r"^FROM .* AS ", DOCKERFILE, flags=re.MULTILINE)[[own for _, own in STAGES].index(name) + 1]


def test_there_are_two_targets_and_the_one_with_the_runtime_is_the_default() -> None:
    assert [name for _, name in STAGES][-2:] == ["slim", "full"]
    assert "claude-code.txt" in stage("full-install")
    assert "images.txt" in stage("full-install")
    assert "requirements/run.txt" in stage("slim-install")
    assert "slim-install" in stage("slim")
    assert "full-install" in stage("full")


def test_everything_is_installed_by_hash_from_wheels() -> None:
    installs = [
        line for line in DOCKERFILE.replace("\\\n", " ").splitlines() for line in line.split("&&") if "pip" in line
    ]
    from_index = [
        line for line in installs if " install " in line and "apt-get" not in line and "--no-index" not in line
    ]
    assert len(from_index) == 3
    assert [line for line in from_index if "--require-hashes" not in line] == []


def test_neither_image_holds_what_builds_it() -> None:
    for name in ("slim", "full"):
        copied = re.findall(r"^COPY --from=(\S+) (\S+)", stage(name), re.MULTILINE)
        assert {source for _, source in copied} == {"/etc/ssl/certs/ca-certificates.crt", "/opt/claude-code-proxy"}
        assert "RUN" not in stage(name)
    assert not re.search(r"pip |venv|install \S*dev", stage("ground"))


def test_only_the_image_without_claude_code_is_called_mit() -> None:
    licence = re.compile(r'image\.licenses="([^"]+)"')
    assert licence.findall(stage("slim")) == ["MIT"]
    assert "LicenseRef-Anthropic" in licence.findall(stage("full"))[0]


def test_the_builder_sees_only_what_it_needs() -> None:
    lines = [line for line in text_of(Path(".dockerignore")).splitlines() if line and not line.startswith("#")]
    assert lines[0] == "*"
    assert {line for line in lines if line.startswith("!")} == {
        "!LICENSE", "!README.md", "!pyproject.toml", "!requirements/*.txt",
        "!src/claude_code_proxy", "!deploy/docker/*.sh",
    }  # fmt: skip
    for source in re.findall(r"^COPY (?:--chmod=\S+ )?(?!--)(.+) \S+$", DOCKERFILE, re.MULTILINE):
        assert [path for path in source.split() if not (ROOT / path).exists()] == []


def test_it_listens_where_a_container_must_and_keeps_the_login_where_the_mount_is() -> None:
    told = dict(re.findall(r"([A-Z_]+)=(\S+?)(?: \\)?$", stage("ground"), re.MULTILINE))
    assert (told["HOST"], told["PORT"], told["CLAUDE_CONFIG_DIR"]) == ("0.0.0.0", "8080", "/root/.claude")
    assert told["ALLOW_KEYLESS"] == "true", "`docker run -p 8080:8080` without a key of callers must go on working"
    assert "chmod 0711 /root" in stage("ground")


def test_compose_opens_the_port_to_this_machine_alone_and_writes_nowhere() -> None:
    service = yaml.safe_load(text_of(Path("compose.yaml")))["services"]["claude-code-proxy"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert service["read_only"] is True
    assert service["build"]["target"] in {name for _, name in STAGES}
    assert float(service["stop_grace_period"].removesuffix("s")) > float(service["environment"]["DRAIN_SECONDS"])
    assert set(service["environment"]) <= {name for setting in SETTINGS for name in setting.env}
