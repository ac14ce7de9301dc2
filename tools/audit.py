"""`make audit`: asks the public databases for known weaknesses of everything the locks install.

Exit code 1 when one is known. Without a network it says so and succeeds: there is nothing it could know.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
PIP_AUDIT = ROOT / ".cache" / "audit" / "bin" / "pip-audit"
LOCKS = ("run", "claude-code", "demo", "dev", "build")
UNREACHABLE = ("ConnectionError", "Max retries exceeded", "NameResolutionError", "ConnectTimeout", "ServiceError",
               "ConnectionRefused", "403 Client Error", "Name or service not known")  # fmt: skip


def main() -> int:
    code = 0
    for lock in LOCKS:
        line = [str(PIP_AUDIT), "--requirement", str(ROOT / "requirements" / f"{lock}.txt"), "--require-hashes",
                "--disable-pip", "--progress-spinner", "off"]  # fmt: skip
        ended = subprocess.run(line, capture_output=True, text=True, check=False)
        if ended.returncode and any(sign in ended.stderr for sign in UNREACHABLE):
            print(f"notice: {lock}.txt was not audited: the database cannot be reached from here")
            continue
        print(f"{lock}.txt: {(ended.stdout + ended.stderr).strip()}")
        code = code or ended.returncode
    return code


if __name__ == "__main__":
    sys.exit(main())
