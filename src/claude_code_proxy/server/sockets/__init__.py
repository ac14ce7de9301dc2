"""The Responses API over a WebSocket: one exchange for each `response.create`, its events as messages.

`service` takes the upgrade, `lanes` the messages of one connection; `responder` writes what an exchange sends, and
`local_replies` holds what only the connection may continue. Nothing here is imported before the first upgrade but
`service`. Start there.
"""
