"""HTTP/1.1 on asyncio and llhttp: `server` answers requests, `client` sends them.

Both are equal rooms and know nothing of what is served or asked: no API, no credential, no settings. Limits and
timeouts are passed in. Start at `server/connection.py` or `client/transport.py`.
"""
