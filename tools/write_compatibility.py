"""Writes docs/compatibility.md from the support tables of the endpoints."""

from pathlib import Path

from claude_code_proxy.endpoints.compatibility import render

if __name__ == "__main__":
    target = Path(__file__).parents[1] / "docs" / "compatibility.md"
    target.write_text(render(), encoding="utf-8")
