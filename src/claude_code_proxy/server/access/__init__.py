"""Who may call, and how many at once: API keys, web pages (CORS, DNS rebinding), and the limit on running requests.

Everything here judges a request by its head or by counts, before its body is read. Nothing knows an endpoint's fields.
Start at `api_keys`, which every request passes.
"""
