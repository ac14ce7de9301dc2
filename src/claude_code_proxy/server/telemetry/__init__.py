"""What is recorded of an exchange: the access log, counters, and their Prometheus page. Never any content."""
