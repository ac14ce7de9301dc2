"""The one tree of errors: whose fault it is, and what each side may be told.

An error carries the Messages API's own error type (`kind`); an endpoint renders it in its client's words. `message` and
everything else here is for the client; the private cause rides on `__cause__` and goes to the log alone.

    ProxyError
    ├── InvalidRequest        the caller's request cannot be served; `param` or `path` names the field
    ├── Unauthenticated       no caller's API key, or no credential to go upstream with
    ├── UpstreamRejected      the upstream said no: its status, words and request id are kept
    ├── UpstreamUnavailable   the upstream could not be reached, or did not answer in time
    ├── UpstreamBroke         the upstream broke off after it had begun to answer
    ├── Overloaded            this proxy is at one of its own limits
    └── Misconfigured         a setting of ours is wrong; the message says how to mend it
"""


class ProxyError(Exception):
    """`status` applies until headers are sent; `retry_after` is in seconds; `should_retry` is None if unspecified.

    `param` is the client's name of the field at fault. Whoever does not know it gives `path`, the field's place in the
    Messages request, and the exchange asks the endpoint for the client's name.
    """

    status = 500
    kind = "api_error"
    should_retry: bool | None = None

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        path: str | None = None,
        code: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.path = path
        self.code = code
        self.retry_after = retry_after
        self.request_id: str | None = None
        self.attempts = 0  # made upstream before this was given up on


class InvalidRequest(ProxyError):
    status = 400
    kind = "invalid_request_error"
    should_retry = False

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        path: str | None = None,
        code: str | None = None,
        status: int = 400,
    ) -> None:
        super().__init__(message, param=param, path=path, code=code)
        self.status = status


class Unauthenticated(ProxyError):
    status = 401
    kind = "authentication_error"
    should_retry = False


class UpstreamRejected(ProxyError):
    """`status` and `kind` are the upstream's own; `rate_limits` its `anthropic-ratelimit-*` headers, lower-case."""

    def __init__(
        self,
        message: str,
        *,
        status: int,
        kind: str,
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, retry_after=retry_after)
        self.status = status
        self.kind = kind
        self.request_id = request_id
        self.error_code: str | None = None
        self.rate_limits: dict[str, str] = {}


class UpstreamUnavailable(ProxyError):
    status = 503
    kind = "api_error"


class UpstreamTimeout(UpstreamUnavailable):
    status = 504
    kind = "timeout_error"


class UpstreamBroke(ProxyError):
    status = 502
    kind = "api_error"


class Overloaded(ProxyError):
    status = 429
    kind = "rate_limit_error"


class Misconfigured(ProxyError):
    status = 500
    kind = "api_error"
    should_retry = False
