"""The HTTP app: routes, the one path of every request, limits, health and what is recorded."""
