"""What is recorded of an exchange: the access log, counters, and their Prometheus page.

Observers receive a finished `Record` and never see content: no message, no key, no prompt. `counters` are plain
values, so that workers can add them up (`multiprocess`). Start at `access_log` for lines, at `metrics` for counts.
"""
