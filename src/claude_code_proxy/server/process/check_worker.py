"""A process that checks one answer against its schema within limits of its own, and ends.

It reads a line with the schema's length, then the schema and the text, from standard input, and writes what is wrong,
or nothing. If the check needs more memory than allowed, the process ends with an exit status other than 0.
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
