"""The one path of every request: down through the layers once, up once, and recorded, however it ends.

`exchange` runs a request, `upstream_run` asks the upstream (again where it must), `reply/` sends what comes back,
`record` is what remains. Nothing here knows a client's field names or an API's wording. Start at `exchange`.
"""
