"""Whose shape the list of models has."""

import json

from claude_code_proxy.endpoints.models.endpoint import render_list, render_model
from claude_code_proxy.models.catalogue import BUILT_IN

VERSION = {b"anthropic-version": b"2023-06-01"}


def test_anthropics_for_those_who_name_its_version() -> None:
    listed = json.loads(render_list(BUILT_IN, query="limit=3&beta=true", headers=VERSION))
    assert len(listed["data"]) == 3
    assert listed["has_more"]
    assert json.loads(render_model(BUILT_IN, "claude-sonnet-4-6", headers=VERSION))["type"] == "model"


def test_openais_for_all_others() -> None:
    assert json.loads(render_list(BUILT_IN, query="limit=3", headers={}))["object"] == "list"
    assert json.loads(render_model(BUILT_IN, "claude-sonnet-4-6", headers={}))["object"] == "model"


def test_codexs_for_codex() -> None:
    assert "models" in json.loads(render_list(BUILT_IN, query="client_version=0.171.0", headers={}))
