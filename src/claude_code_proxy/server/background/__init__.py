"""Responses in the background: `exchange` takes a request, `service` makes the response, `responder` collects its
events, and `pages` shows, streams and cancels it."""
