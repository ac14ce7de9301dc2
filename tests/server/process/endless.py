"""A program that never ends: it writes its process id into the file that standard input names."""

import os
import sys
import time
from pathlib import Path

Path(sys.stdin.read()).write_text(str(os.getpid()))
time.sleep(600)
