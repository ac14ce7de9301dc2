"""The memory of a process, by the files of its control group."""

from pathlib import Path

import pytest

from claude_code_proxy.server.process.memory_limit import memory_limit

V1, V2 = "4:memory:/box\n0::/\n", "0::/pod/one\n"
NONE = 9223372036854771712  # as v1 writes "no limit"


@pytest.mark.parametrize(
    ("groups", "files", "limit"),
    [
        (V2, {"memory.max": "2000000", "pod/one/memory.max": "3000000"}, 2_000_000),
        (V2, {"pod/memory.max": "max", "pod/one/memory.max": "3000000"}, 3_000_000),
        ("0::/\n", {"memory.max": "4000000"}, 4_000_000),
        (V1, {"memory/memory.limit_in_bytes": str(NONE), "memory/box/memory.limit_in_bytes": "5000000"}, 5_000_000),
        ("3:cpu,memory:/\n", {"memory/memory.limit_in_bytes": "6000000"}, 6_000_000),
        (V1, {"box/memory.max": "7"}, None),
        (V2, {"pod/one/memory.max": "max"}, None),
        (None, {}, None),
    ],
)
def test_the_least_of_all_limits(tmp_path: Path, groups: str | None, files: dict[str, str], limit: int | None) -> None:
    if groups is not None:
        (tmp_path / "proc/self").mkdir(parents=True)
        (tmp_path / "proc/self/cgroup").write_text(groups)
    for name, text in files.items():
        path = tmp_path / "sys/fs/cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    found = memory_limit(tmp_path)
    assert found == limit if limit is not None else found > 100_000_000
