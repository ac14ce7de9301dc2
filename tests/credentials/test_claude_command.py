"""Which Claude Code is found, and what it is given to see."""

from pathlib import Path

from claude_code_proxy.credentials.claude_command import environment, find_claude, has_sdk


def test_one_on_the_path_is_found(tmp_path: Path) -> None:
    command = tmp_path / "claude"
    command.write_text("")
    command.chmod(0o700)
    assert has_sdk() or find_claude(str(tmp_path)) == command
    assert has_sdk() or find_claude("/nowhere") is None


def test_nothing_of_ours_is_seen() -> None:
    inherited = {
        "ANTHROPIC_API_KEY": "k",
        "CLAUDE_CODE_USE_BEDROCK": "1",
        "CLAUDECODE": "1",
        "PROXY_API_KEY": "p",
        "HOME": "/home/me",
    }
    given = environment(inherited, config_dir=Path("/c"), private=Path("/p"))
    for name in inherited.keys() - {"HOME"}:
        assert given[name] == ""
    assert "HOME" not in given
    assert given["CLAUDE_CONFIG_DIR"] == "/c"
    assert given["CLAUDE_CODE_TMPDIR"] == "/p"
    assert given["DISABLE_AUTOUPDATER"] == "1"
