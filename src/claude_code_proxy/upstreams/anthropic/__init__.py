"""The Messages API over HTTPS: the transport's bytes, and the requests, retries and headers on top of them."""
