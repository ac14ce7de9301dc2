"""A process that does one costly check of an answer, within limits of its own, and ends.

It reads the schema's length on a line, the schema and the text from standard input, and writes what is wrong, or
nothing. A check that needs more than the process may use ends it: the exit status is not 0 then.
"""

import resource
import sys

from claude_code_proxy.adaptation.reply.schema_check import judge

MEMORY = 256 * 1024 * 1024


def main() -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    length = int(sys.stdin.buffer.readline())
    schema = sys.stdin.buffer.read(length)
    wrong = judge(schema, sys.stdin.buffer.read())
    sys.stdout.buffer.write((wrong or "").encode(errors="replace"))


if __name__ == "__main__":
    main()
