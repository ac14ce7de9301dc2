"""`make audit`: ask the public database for known weaknesses of everything the locks install.

Exit code 1 when one is known. What the database cannot be asked about, for want of a network or behind
a mirror that lacks it, is told, and is no failure.
"""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
PIP_AUDIT = ROOT / ".cache" / "audit" / "bin" / "pip-audit"
LOCKS = ("run", "images", "claude-code", "demo", "dev", "build")


def main() -> int:
    return max(_audit(lock) for lock in LOCKS)


def _audit(lock: str) -> int:
    line = [str(PIP_AUDIT), "--requirement", str(ROOT / "requirements" / f"{lock}.txt"), "--require-hashes",
            "--disable-pip", "--progress-spinner", "off", "--format", "json"]  # fmt: skip
    ended = subprocess.run(line, capture_output=True, text=True, check=False)
    try:
        found = json.loads(ended.stdout)["dependencies"]
    except ValueError:
        reason = (ended.stderr.strip().splitlines() or ["no answer"])[-1]
        print(f"notice: {lock}.txt was not audited: {reason[:200]}")
        return 0
    unknown = [entry["name"] for entry in found if "skip_reason" in entry]
    weak = [entry for entry in found if entry.get("vulns")]
    if unknown:
        print(f"notice: {lock}.txt: {len(unknown)} of {len(found)} could not be asked about from here")
    if len(unknown) < len(found):
        print(f"{lock}.txt: {len(found) - len(unknown)} audited, {len(weak)} with known weaknesses")
    for entry in weak:
        vulnerabilities = (
            f"{one['id']} (mended in {', '.join(one['fix_versions']) or 'none yet'})" for one in entry["vulns"]
        )
        print(f"  {entry['name']} {entry['version']}: {'; '.join(vulnerabilities)}")
    return 1 if weak else 0


if __name__ == "__main__":
    sys.exit(main())
