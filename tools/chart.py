"""Make what is generated from the chart: values.yaml and its README's table from the schema, and plain manifests.

`make chart` writes the first two, `make manifests` the last, with the real helm. Every manifest names the hash of what
it was made from, so that a machine without helm can tell whether it is current.
"""

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
CHART = ROOT / "deploy" / "helm" / "claude-code-proxy"
SCHEMA = CHART / "values.schema.json"
MANIFESTS = ROOT / "deploy" / "kubernetes"
HELM = ROOT / ".cache" / "go" / "bin" / "helm"
RELEASE = "claude-code-proxy"
KUBERNETES = "1.37.0"  # as which helm shows what it makes; the schemas of the tests are of this version
MARK = "<!-- The rest is written by tools/chart.py from values.schema.json; a test keeps it current. -->"

# The ways to run it, without helm. What is secret comes from a Secret of the owner's.
VARIANTS = {
    "api-key.yaml": ("credential.existingSecret=claude-code-proxy-keys",),
    "login.yaml": ("credential.login.enabled=true",),
    "login-token.yaml": ("credential.oauthToken.existingSecret=claude-code-proxy-keys",),
}
ALWAYS = (
    "image.repository=REGISTRY/claude-code-proxy",
    "proxyApiKey.existingSecret=claude-code-proxy-keys",
)

Value = dict[str, Any]


def values_yaml() -> str:
    head = "# Made from values.schema.json by tools/chart.py. Put values of your own into a file of your own."
    return "\n".join([head, *_yaml(schema()["properties"], 0), ""])


def table() -> str:
    lines = ["| value | default | what it is |", "|---|---|---|"]
    for path, node in _leaves(schema()["properties"]):
        shown = json.dumps(node["default"])
        default = "–" if node["default"] in ("", [], {}) else f"`{shown}`"
        lines.append(f"| `{path}` | {default} | {_described(node)} |")
    return "\n".join([*lines, ""])


def readme() -> str:
    prose = (CHART / "README.md").read_text(encoding="utf-8").partition(MARK)[0]
    return f"{prose}{MARK}\n\n{table()}"


def manifest(name: str) -> str:
    """Return one plain manifest; needs helm."""
    if not HELM.exists():
        raise SystemExit("the manifests are made with helm, which is built with Go: install Go first")
    settings = [part for setting in (*ALWAYS, *VARIANTS[name]) for part in ("--set", setting)]
    line = [
        str(HELM),
        "template",
        RELEASE,
        str(CHART),
        "--namespace",
        "default",
        "--kube-version",
        KUBERNETES,
        *settings,
    ]
    made = subprocess.run(line, check=True, capture_output=True, text=True).stdout
    plain = re.sub(r"^ *(?:helm\.sh/|app\.kubernetes\.io/managed-by).*\n", "", made, flags=re.MULTILINE)
    return f"{header(name)}{_without_empty(plain)}"


def header(name: str) -> str:
    """Return the opening comment of a manifest, with the hash of the files that it is made from."""
    return (
        f"# Made by `make manifests` from the Helm chart ({', '.join(VARIANTS[name])}); see docs/deploying.md.\n"
        f"# sha256 of the chart: {chart_hash()}\n"
    )


def chart_hash() -> str:
    digest = hashlib.sha256(repr((ALWAYS, VARIANTS)).encode())
    files = [CHART / "Chart.yaml", CHART / "values.yaml", *sorted((CHART / "templates").iterdir())]
    for path in files:
        if path.name != "NOTES.txt":
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def schema() -> Value:
    schema: Value = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return schema


def _without_empty(text: str) -> str:
    """Remove mappings that became empty when Helm's own lines were removed."""
    return re.sub(r"^ *annotations:\n(?: *#.*\n)*(?= *spec:)", "", text, flags=re.MULTILINE)


def _yaml(properties: Value, depth: int) -> Iterator[str]:
    """Yield the lines of values.yaml; JSON is YAML, so a default is written as it is."""
    indent = "  " * depth
    for name, node in properties.items():
        if depth == 0:
            yield ""
        yield f"{indent}# {_described(node)}"
        if "properties" in node:
            yield f"{indent}{name}:"
            yield from _yaml(node["properties"], depth + 1)
        else:
            yield f"{indent}{name}: {json.dumps(node['default'])}"


def _leaves(properties: Value, prefix: str = "") -> Iterator[tuple[str, Value]]:
    for name, node in properties.items():
        if "properties" in node:
            yield from _leaves(node["properties"], f"{prefix}{name}.")
        else:
            yield prefix + name, node


def _described(node: Value) -> str:
    allowed = f" One of {', '.join(node['enum'])}." if "enum" in node else ""
    return f"{node['description']}{allowed}"


def main(what: str) -> None:
    if what == "manifests":
        MANIFESTS.mkdir(exist_ok=True)
        for name in VARIANTS:
            (MANIFESTS / name).write_text(manifest(name), encoding="utf-8")
        return
    (CHART / "values.yaml").write_text(values_yaml(), encoding="utf-8")
    (CHART / "README.md").write_text(readme(), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
