"""How long work takes, for tests that compare two amounts of it: a ratio holds on every machine, a time does not."""

import time
from collections.abc import Callable


def shortest(work: Callable[[], object], times: int = 3) -> float:
    """Return the CPU seconds of the quickest of several runs."""
    seconds = []
    for _ in range(times):
        began = time.process_time()
        work()
        seconds.append(time.process_time() - began)
    return min(seconds)
