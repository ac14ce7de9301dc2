"""Make the schemas that the chart's tests hold its output against; write them to tests/deploy/schemas.

    python tools/kubernetes_schemas.py <the unpacked kubernetes-validate wheel> <the ServiceMonitor CRD>

Only the kinds that the chart can make, whole in themselves, without prose, and strict: an unknown field is an error.
"""

import json
import sys
from pathlib import Path
from typing import Any

import yaml

OUT = Path(__file__).parent.parent / "tests" / "deploy" / "schemas"
KINDS = (
    "deployment-apps-v1", "service-v1", "serviceaccount-v1", "secret-v1", "configmap-v1", "persistentvolumeclaim-v1",
    "horizontalpodautoscaler-autoscaling-v2", "poddisruptionbudget-policy-v1", "networkpolicy-networking-v1",
    "ingress-networking-v1",
)  # fmt: skip
PROSE = {"description", "$schema", "$id", "example"}


def main(wheel: Path, crd: Path) -> None:
    folder = max((wheel / "kubernetes_validate" / "kubernetes-json-schema").iterdir())
    definitions = json.loads((folder / "_definitions.json").read_text())["$defs"]
    for kind in KINDS:
        _write(kind, strict(json.loads((folder / f"{kind}.json").read_text()), definitions))
    monitor = yaml.safe_load(crd.read_text())["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    monitor["properties"]["metadata"] = {"$ref": "#/$defs/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"}
    _write("servicemonitor-monitoring-v1", strict(monitor, definitions))


def strict(node: Any, definitions: dict[str, Any], *, names: bool = False) -> Any:
    """Return the schema without references. With `names`, its keys are names of properties, not keywords."""
    if isinstance(node, list):
        return [strict(entry, definitions) for entry in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node and not names:
        return strict(definitions[node["$ref"].rpartition("/")[2]], definitions)
    kept = {key: value for key, value in node.items() if names or (key not in PROSE and not key.startswith("x-"))}
    made = {key: strict(value, definitions, names=not names and key == "properties") for key, value in kept.items()}
    if not names and "properties" in made:
        made.setdefault("additionalProperties", False)
    return made


def _write(name: str, schema: Any) -> None:
    (OUT / f"{name}.json").write_text(json.dumps(schema, separators=(",", ":"), sort_keys=True) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
