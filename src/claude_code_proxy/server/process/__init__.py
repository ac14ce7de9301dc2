"""The processes that serve: signals, logs, open files, and the supervision of several workers.

`serve` runs one process from its settings to its last reply; `workers` starts and replaces several of them.
Nothing here knows a request. Start at `serve`.
"""
