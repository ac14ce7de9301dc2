"""`python -m claude_code_proxy`: the console script, where it is not installed."""

import sys

from claude_code_proxy.cli.main import main

sys.exit(main())
