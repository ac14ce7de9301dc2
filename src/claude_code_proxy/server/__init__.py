"""The HTTP app: routes, the one path of every request, access, telemetry, and the processes that serve.

`assembly` makes a server from settings; nothing else reads them. Translating is the endpoints' part, and speaking to
Anthropic the upstreams'. Start at `app` for routes, at `exchange` for the life of a request.
"""
