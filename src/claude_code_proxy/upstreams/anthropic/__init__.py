"""The Messages API over HTTPS: requests, headers and betas on top of `http1/client`.

`messages_api` is the upstream, `event_stream` and `forwarded_reply` read its replies, `rejections` makes errors of its
refusals. Nothing here opens a socket or decides what a refusal means (see `diagnosis`). Start at `messages_api`.
"""
