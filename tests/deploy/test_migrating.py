"""The values that docs/migrating.md gives for the old manifest are the chart's, and make what the page says."""

import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from tests.deploy.chart import by_kind, conform, helm
from tests.project.sources import text_of
from tools import chart

PAGE = text_of(Path("docs/migrating.md"))
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
VALUES: dict[str, Any] = yaml.safe_load(BLOCKS[0])


def merged(defaults: Any, values: Any) -> Any:
    if not isinstance(defaults, dict) or not isinstance(values, dict):
        return values
    return defaults | {name: merged(defaults.get(name), value) for name, value in values.items()}


def test_the_chart_takes_the_values() -> None:
    defaults = yaml.safe_load(chart.values_yaml())
    jsonschema_rs.validator_for(chart.schema()).validate(merged(defaults, VALUES))


def test_claude_code_has_room() -> None:
    """Some 250 MB beside the proxy's own 80."""
    assert VALUES["resources"]["limits"]["memory"] == "2Gi"


@pytest.mark.chart
def test_the_chart_makes_what_the_page_says(tmp_path: Path) -> None:
    file = tmp_path / "values.yaml"
    file.write_text(BLOCKS[0])
    made = helm("template", "claude-code-proxy", str(chart.CHART), "--values", str(file))
    assert made.returncode == 0, made.stderr
    assert not conform(made.stdout)
    objects = by_kind(made.stdout)
    assert objects["Service"]["metadata"]["name"] == "claude-code-proxy"
    assert "claude-credentials" in made.stdout
    assert "PROXY_API_KEY" not in made.stdout
    assert "PersistentVolumeClaim" not in objects
